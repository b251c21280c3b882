"""What classifiers see of a table's rows, each what it is usually given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.modalities.contract import Encoder
from pipeline.modalities.table.columns import (
    GAP,
    UNKNOWN,
    Levels,
    features_of,
    is_ordered,
    numbers_of,
    one_hot,
    side_by_side,
)
from pipeline.params import ClassifierName
from pipeline.samples import Column, Samples

# Of the rows at either end of a column, this share has no say in its scale, and one row at least.
TRIMMED = 0.01
# Numbers farther from the middle than so many standard deviations count as that far away.
FARTHEST = 10.0
# Rarer categories than the first so many share one indicator.
MOST_ONE_HOT = 64
# scikit-learn's boosting takes 255 categories a column at most.
MOST_CODES = 250


class Part(Protocol):
    """What becomes of one column."""

    @property
    def is_categorical(self) -> bool:
        """Whether the part is one column of codes without an order."""
        ...

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n] or [n, d]."""
        ...


@dataclass(frozen=True)
class Parts:
    """An encoder of parts, each of one column. See `pipeline.modalities.contract.Encoder`."""

    parts: Sequence[Part]

    @property
    def categorical(self) -> np.ndarray | None:
        """Which columns are codes of categories, bool [d]; None where none are."""
        found = np.array([part.is_categorical for part in self.parts], bool)
        # A part of several columns is never one of codes.
        return found if found.any() else None

    def columns(self, samples: Samples) -> np.ndarray:
        """float64 [n, d]."""
        return side_by_side([part.of(samples) for part in self.parts], len(samples))


def encoder_for(classifier: ClassifierName, training: Samples) -> Encoder:
    """The encoder of a classifier, fitted on the rows that it trains on.

    Boosting gets codes of categories, and gaps as they are; trees get indicators of categories, and
    gaps of numbers as they are; all others get numbers of mean 0 and deviation 1 without gaps, and
    indicators of categories and gaps.
    """
    part_of = {"boosting": _as_is, "forest": _for_trees, "tree": _for_trees}.get(classifier, _dense)
    return Parts([part_of(training, column) for column in features_of(training.schema)])


def _as_is(training: Samples, column: Column) -> Part:
    if is_ordered(column):
        return Scaled.fit(training, column)
    return Codes(column, Levels.fit(training, column, most=MOST_CODES))


def _for_trees(training: Samples, column: Column) -> Part:
    if is_ordered(column):
        return Scaled.fit(training, column)
    levels = Levels.fit(training, column, most=MOST_ONE_HOT)
    if len(levels.names) > 2:
        return Indicators(column, levels)
    return Codes(column, levels, is_categorical=False)


def _dense(training: Samples, column: Column) -> Part:
    if is_ordered(column):
        return Filled(Scaled.fit(training, column))
    return Indicators(column, Levels.fit(training, column, most=MOST_ONE_HOT))


@dataclass(frozen=True)
class Scaled:
    """A number less its mean, by its standard deviation, both without the last rows at either end.

    Attributes:
        has_gap: Whether any of the rows that it was fitted on has a gap there.
        is_empty: Whether all of them have one.
    """

    column: Column
    mean: float
    deviation: float
    has_gap: bool
    is_empty: bool = False
    is_categorical: bool = False

    @classmethod
    def fit(cls, training: Samples, column: Column) -> "Scaled":
        """The scale of these rows; 1 where the column is constant."""
        numbers = numbers_of(training, column)
        known = np.sort(numbers[~np.isnan(numbers)])
        has_gap = len(known) < len(numbers)
        if not len(known):
            return cls(column, 0.0, 1.0, has_gap, is_empty=True)
        cut = max(1, round(TRIMMED * len(known)))
        middle = known[cut:-cut] if len(known) > 4 * cut else known
        # Where all but the ends are one value, the ends are all that differs.
        chosen = middle if np.ptp(middle) > 0 else known
        scale = float(np.max(np.abs(chosen))) or 1.0
        deviation = float(np.std(chosen / scale)) * scale
        # The rounding of equal numbers is no spread.
        is_constant = deviation <= 1e-12 * scale
        return cls(column, float(np.mean(chosen)), 1.0 if is_constant else deviation, has_gap)

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n]; NaN is a gap."""
        if self.is_empty:
            # Boosting takes no column of nothing but gaps.
            return np.zeros(len(samples))
        scaled = (numbers_of(samples, self.column) - self.mean) / self.deviation
        # Within what the trees' single precision holds.
        return np.clip(scaled, -1e30, 1e30)


@dataclass(frozen=True)
class Filled:
    """A scaled number without gaps, and whether there was one where the fitted rows had some."""

    numbers: Scaled
    is_categorical: bool = False

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n, 1 or 2]."""
        scaled = self.numbers.of(samples)
        is_gap = np.isnan(scaled)
        filled = np.clip(np.where(is_gap, 0.0, scaled), -FARTHEST, FARTHEST)
        return np.column_stack([filled, is_gap] if self.numbers.has_gap else [filled])


@dataclass(frozen=True)
class Codes:
    """Codes of categories; NaN is a gap, and so is what the fitted rows lack.

    Categories that occurred in them and have no code of their own share one.
    """

    column: Column
    levels: Levels
    is_categorical: bool = True

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n]."""
        codes = self.levels.codes(samples, self.column).astype(np.float64)
        others = float(len(self.levels.names)) if self.levels.has_others else np.nan
        return np.where(codes == UNKNOWN, others, np.where(codes == GAP, np.nan, codes))


@dataclass(frozen=True)
class Indicators:
    """One column a category, one for those that have none, and one for gaps, where there are."""

    column: Column
    levels: Levels
    is_categorical: bool = False

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n, d]."""
        codes = self.levels.codes(samples, self.column)
        parts = [one_hot(codes, len(self.levels.names))]
        if self.levels.has_others:
            parts.append((codes == UNKNOWN)[:, None])
        if self.levels.has_gap:
            parts.append((codes == GAP)[:, None])
        return np.concatenate(parts, axis=1)

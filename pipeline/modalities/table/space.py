"""Where distances between rows of a table mean likeness."""

from dataclasses import dataclass

import numpy as np

from pipeline.modalities.table.columns import (
    GAP,
    Levels,
    features_of,
    is_ordered,
    numbers_of,
    one_hot,
    side_by_side,
)
from pipeline.samples import Column, Samples

# The root mean square of the difference between two numbers drawn at random, told by their shares
# of the rows below them: √(1/6). Two categories that differ are as far from each other.
DIFFERENCE = 6**-0.5
# A number beyond all that were seen lies at most this much beyond the last of them.
BEYOND = 0.25
MOST_LEVELS = 256


@dataclass(frozen=True)
class Ranks:
    """A number as the share of the fitted rows that lie below it.

    An outlier of 1e9 is thus no farther from the rest than any other last number.

    Attributes:
        knots: Distinct numbers in order, float64 [k].
        shares: Of the rows below each, half of those equal to it included, float64 [k].
    """

    knots: np.ndarray
    shares: np.ndarray

    @classmethod
    def fit(cls, numbers: np.ndarray) -> "Ranks":
        """Of numbers with gaps, float64 [n]."""
        knots, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        total = max(int(counts.sum()), 1)
        return cls(knots, (np.cumsum(counts) - counts / 2) / total)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Shares, float64 [n], a little beyond [0, 1] for numbers out of range; .5 for gaps."""
        if not len(self.knots):
            return np.full(len(numbers), 0.5)
        known = np.where(np.isnan(numbers), self.knots[0], numbers)
        low, high = float(self.knots[0]), float(self.knots[-1])
        spread = max(high - low, abs(high), 1e-12)
        excess = (np.maximum(known - high, 0.0) - np.maximum(low - known, 0.0)) / spread
        shares = np.interp(known, self.knots, self.shares)
        return np.where(np.isnan(numbers), 0.5, shares + BEYOND * excess / (1.0 + np.abs(excess)))


class TableSpace:
    """Every column on one scale: two different values are about equally far apart in each.

    Numbers are told by their ranks, categories by indicators, and a gap is a category of its own.
    Free text is left out.
    """

    def __init__(self, scales: tuple[tuple[Column, Ranks | Levels], ...], gaps: frozenset[str]):
        self._scales, self._gaps = scales, gaps

    @classmethod
    def fit(cls, real: Samples) -> "TableSpace":
        """Fit on real rows and nothing else."""
        scales: list[tuple[Column, Ranks | Levels]] = []
        gaps = set()
        for column in features_of(real.schema):
            if is_ordered(column):
                numbers = numbers_of(real, column)
                scales.append((column, Ranks.fit(numbers)))
                has_gap = bool(np.isnan(numbers).any())
            else:
                levels = Levels.fit(real, column, most=MOST_LEVELS)
                scales.append((column, levels))
                has_gap = levels.has_gap
            if has_gap or column.has_missing:
                gaps.add(column.name)
        return cls(tuple(scales), frozenset(gaps))

    def columns(self, samples: Samples) -> np.ndarray:
        """float64 [n, d], all finite."""
        parts: list[np.ndarray] = []
        for column, scale in self._scales:
            if isinstance(scale, Ranks):
                numbers = numbers_of(samples, column)
                parts.append(scale.of(numbers))
                is_gap = np.isnan(numbers)
            else:
                codes = scale.codes(samples, column)
                # Two indicators differ where two categories do.
                parts.append(DIFFERENCE / np.sqrt(2) * one_hot(codes, len(scale.names)))
                is_gap = codes == GAP
            if column.name in self._gaps:
                parts.append(DIFFERENCE / np.sqrt(2) * is_gap)
        return side_by_side(parts, len(samples))

"""Columns of a table as shares of rows in bins, real beside synthetic."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of, as_numbers
from pipeline.modalities.column_codes import NUMERIC, by_frequency
from pipeline.samples import Column, Samples

BINS = 12
# Categories named under their bars.
NAMED = 3
# Of the outermost hundredths of the real values the bins know nothing, so that no outlier empties
# all of them.
INNER = (0.01, 0.99)


@dataclass(frozen=True)
class Bars:
    """One column.

    Attributes:
        real, synthetic: Share of rows in each bin, the last being the missing cells; they sum to 1.
        ends: What the first and the last bin hold, in words: numbers, or frequent categories.
    """

    name: str
    real: tuple[float, ...]
    synthetic: tuple[float, ...]
    ends: str


@dataclass(frozen=True)
class ClassBars:
    """One column by class: class name → its bars."""

    name: str
    separation: float
    classes: tuple[tuple[str, Bars], ...]


def bars_of(real: Samples, synthetic: Samples) -> tuple[Bars, ...]:
    """Every column; the real rows are matched to the class mix of the synthetic ones."""
    matched = matched_real(real, synthetic)
    return tuple(
        _bars(column, _binned(column, real.values[column.name]), matched, synthetic)
        for column in _columns(real)
    )


def separating(real: Samples, synthetic: Samples, *, most: int) -> tuple[ClassBars, ...]:
    """The columns whose real values differ most between classes, with the bars of each class.

    Separation is the largest total variation distance, over the same bins, between the real rows of
    one class and all others.
    """
    found = []
    labels = [k for k in range(len(real.schema.classes)) if (real.labels == k).any()]
    for column in _columns(real):
        binned = _binned(column, real.values[column.name])
        shares = {
            k: (
                binned.shares(real.values[column.name][real.labels == k]),
                binned.shares(real.values[column.name][real.labels != k]),
            )
            for k in labels
        }
        apart = max((0.5 * np.abs(own - rest).sum() for own, rest in shares.values()), default=0.0)
        found.append((float(apart), column, binned))
    chosen = sorted(found, key=lambda one: -one[0])[:most]
    return tuple(
        ClassBars(column.name, apart, _of_classes(column, binned, real, synthetic))
        for apart, column, binned in chosen
    )


def matched_real(real: Samples, synthetic: Samples) -> Samples:
    """Real rows with the class mix of the synthetic ones, each class's rows repeated in turn.

    Classes without a real row are left out.
    """
    wanted = np.bincount(synthetic.labels, minlength=len(real.schema.classes))
    rows = [
        np.resize(own, n)
        for label, n in enumerate(wanted)
        if n and len(own := np.flatnonzero(real.labels == label))
    ]
    return real.take(np.concatenate(rows) if rows else np.zeros(0, int))


@dataclass(frozen=True)
class _Binned:
    """Into which bins the cells of a column fall."""

    n_bins: int
    place: Callable[[pd.Series], np.ndarray]
    ends: str

    def shares(self, values: pd.Series) -> np.ndarray:
        """Share of the cells in each bin, and of the missing ones last."""
        places = self.place(values.dropna())
        counts = np.bincount(places, minlength=self.n_bins)
        return np.append(counts, len(values) - len(places)) / max(len(values), 1)


def _columns(samples: Samples) -> list[Column]:
    return [column for column in samples.schema.columns if column.kind != "text"]


def _binned(column: Column, real: pd.Series) -> _Binned:
    return _of_numbers(column, real) if column.kind in NUMERIC else _of_categories(real)


def _of_numbers(column: Column, real: pd.Series) -> _Binned:
    known = as_numbers(real.dropna())
    low, high = np.quantile(known, INNER) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high, BINS + 1)[1:-1]

    def place(values: pd.Series) -> np.ndarray:
        return np.searchsorted(edges, as_numbers(values), side="right")

    return _Binned(BINS, place, f"{_told(column, low)} to {_told(column, high)}")


def _of_categories(real: pd.Series) -> _Binned:
    names = by_frequency(pc.cast(array_of(real), pa.string()))
    shown = pa.array(names[:BINS], pa.string())

    def place(values: pd.Series) -> np.ndarray:
        found = pc.index_in(pc.cast(array_of(values), pa.string()), value_set=shown)
        return np.asarray(pc.fill_null(found, len(shown)).to_numpy(), np.int64)

    further = f" and {len(names) - NAMED} more" * (len(names) > NAMED)
    return _Binned(len(shown) + 1, place, f"{', '.join(names[:NAMED])}{further}")


def _told(column: Column, number: float) -> str:
    if column.kind == "datetime":
        moment = pd.Timestamp(number, unit="s")
        return moment.date().isoformat()
    return f"{number:.4g}"


def _bars(column: Column, binned: _Binned, real: Samples, synthetic: Samples) -> Bars:
    shares = [tuple(binned.shares(each.values[column.name]).tolist()) for each in (real, synthetic)]
    return Bars(column.name, real=shares[0], synthetic=shares[1], ends=binned.ends)


def _of_classes(
    column: Column, binned: _Binned, real: Samples, synthetic: Samples
) -> tuple[tuple[str, Bars], ...]:
    return tuple(
        (
            name,
            _bars(
                column,
                binned,
                real.take(real.labels == label),
                synthetic.take(synthetic.labels == label),
            ),
        )
        for label, name in enumerate(real.schema.classes)
        if (real.labels == label).any() and (synthetic.labels == label).any()
    )

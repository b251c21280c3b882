"""Tables: every column and pair of columns, real against synthetic.

Synthetic rows fill scarce classes only, so the real rows are first matched to their class mix;
otherwise every column that tells classes apart would seem wrong. Similarity is one minus the total
variation distance over bins, with missing values as a bin of their own, which treats numbers and
categories alike (Platzer and Reutterer 2021, "Holdout-based empirical assessment of mixed-type
synthetic data"). Every similarity stands beside the same number between two halves of real rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.column_types import as_numbers
from pipeline.samples import Column, Samples

MOST_ROWS = 20_000
MOST_PAIRED_COLUMNS = 24
BINS = 12
NUMERIC = ("continuous", "integer", "datetime")


@dataclass(frozen=True)
class ColumnComparison:
    """One column.

    Attributes:
        similarity: 1 − total variation distance in [0, 1] between real and synthetic.
        floor: The same between two halves of the real rows; None where a half would be empty.
        real, synthetic: Share of rows in each bin drawn, the last being the missing values; bins of
            equal width show the shape, while similarity rests on bins of equal real counts, which
            no outlier can empty.
    """

    name: str
    kind: str
    similarity: float
    floor: float | None
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


@dataclass(frozen=True)
class PairComparison:
    """Association of two columns in [-1, 1] (numbers) or [0, 1] (else), real and synthetic."""

    first: str
    second: str
    real: float
    synthetic: float

    @property
    def difference(self) -> float:
        return self.synthetic - self.real


@dataclass(frozen=True)
class TableComparison:
    """All columns in the schema's order, and pairs by how much their association differs."""

    columns: tuple[ColumnComparison, ...] = ()
    pairs: tuple[PairComparison, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns)


def compare(real: Samples, synthetic: Samples) -> TableComparison:
    """Compare a table's real and synthetic rows, column by column and pair by pair.

    Args:
        real: Real training rows.
        synthetic: Synthetic rows of the same schema.

    Returns:
        Nothing to show where there are no synthetic rows.
    """
    if not len(synthetic):
        return TableComparison()
    synthetic = _thinned(synthetic)
    matched = matched_real(real, synthetic)
    halves = [matched_real(real.take(slice(start, None, 2)), synthetic) for start in (0, 1)]
    columns = tuple(
        _compare_column(column, matched, synthetic, halves) for column in real.schema.columns
    )
    pairs = sorted(_pairs(matched, synthetic), key=lambda pair: -abs(pair.difference))
    return TableComparison(columns, tuple(pairs))


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


def _thinned(samples: Samples) -> Samples:
    return samples.take(slice(None, None, -(-len(samples) // MOST_ROWS)))


def _compare_column(
    column: Column, real: Samples, synthetic: Samples, halves: list[Samples]
) -> ColumnComparison:
    values = [rows.values[column.name] for rows in (real, synthetic, *halves)]
    equal_counts = _edges(column, values[0])
    judged = [_shares(column, each, equal_counts) for each in values]
    shown = _even_edges(values[0]) if column.kind in NUMERIC else equal_counts
    drawn = [_shares(column, each, shown) for each in values[:2]]
    return ColumnComparison(
        name=column.name,
        kind=column.kind,
        similarity=_similarity(judged[0], judged[1]),
        floor=_similarity(judged[2], judged[3]) if all(map(len, halves)) else None,
        real=tuple(drawn[0].tolist()),
        synthetic=tuple(drawn[1].tolist()),
    )


def _even_edges(values: pd.Series) -> np.ndarray:
    """Inner edges of bins of equal width over all but the outermost hundredths of real values."""
    known = as_numbers(values.dropna())
    low, high = np.quantile(known, [0.01, 0.99]) if len(known) else (0.0, 1.0)
    return np.linspace(low, high, BINS + 1)[1:-1]


def _edges(column: Column, values: pd.Series) -> np.ndarray:
    """Bin edges of equal real counts for numbers; the categories by frequency for the rest."""
    known = values.dropna()
    if column.kind in NUMERIC:
        numbers = as_numbers(known)
        return (
            np.unique(np.quantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1]))
            if len(numbers)
            else np.zeros(0)
        )
    frequent = known.astype(str).value_counts()
    return np.array(sorted(frequent.index, key=lambda name: (-frequent[name], name)), dtype=object)


def _shares(column: Column, values: pd.Series, edges: np.ndarray) -> np.ndarray:
    """Share of rows in each bin, float64; categories beyond the most frequent go together."""
    known = values.dropna()
    if column.kind in NUMERIC:
        places = np.searchsorted(edges, as_numbers(known), side="right")
        n_bins = len(edges) + 1
    else:
        shown = list(edges[:BINS])
        known_places = {name: place for place, name in enumerate(shown)}
        places = np.array([known_places.get(name, len(shown)) for name in known.astype(str)], int)
        n_bins = len(shown) + 1
    counts = np.bincount(places.astype(int), minlength=n_bins)
    return np.append(counts, len(values) - len(known)) / max(len(values), 1)


def _similarity(first: np.ndarray, second: np.ndarray) -> float:
    return float(1 - 0.5 * np.abs(first - second).sum())


def _pairs(real: Samples, synthetic: Samples) -> Iterator[PairComparison]:
    columns = real.schema.columns[:MOST_PAIRED_COLUMNS]
    for first, second in combinations(columns, 2):
        yield PairComparison(
            first.name,
            second.name,
            association(real.values[first.name], real.values[second.name], first, second),
            association(synthetic.values[first.name], synthetic.values[second.name], first, second),
        )


def association(first: pd.Series, second: pd.Series, one: Column, other: Column) -> float:
    """How two columns go together.

    Returns:
        Spearman's rank correlation in [-1, 1] of two numbers; Cramér's V in [0, 1] of two
        categories; the correlation ratio in [0, 1] of one of each; 0 where one is constant.
    """
    numeric = [column.kind in NUMERIC for column in (one, other)]
    known = first.notna() & second.notna()
    first, second = first[known], second[known]
    if first.nunique() < 2 or second.nunique() < 2:
        return 0.0
    if all(numeric):
        one_rank, other_rank = (pd.Series(as_numbers(each)).rank() for each in (first, second))
        return float(np.corrcoef(one_rank, other_rank)[0, 1])
    if any(numeric):
        number, category = (first, second) if numeric[0] else (second, first)
        return _correlation_ratio(as_numbers(number), category.astype(str).to_numpy())
    return _cramers_v(pd.crosstab(first.astype(str), second.astype(str)).to_numpy(dtype=float))


def _correlation_ratio(numbers: np.ndarray, categories: np.ndarray) -> float:
    """Square root of the share of the variance that the categories explain."""
    groups = [numbers[categories == name] for name in np.unique(categories)]
    between = sum(len(group) * (group.mean() - numbers.mean()) ** 2 for group in groups)
    total = ((numbers - numbers.mean()) ** 2).sum()
    return float(np.sqrt(between / total)) if total > 0 else 0.0


def _cramers_v(table: np.ndarray) -> float:
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi_squared = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_squared / (n * (min(table.shape) - 1))))

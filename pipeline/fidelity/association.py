"""How strongly two columns go together, whatever their kinds, for all pairs at once."""

import numpy as np
from scipy.stats import rankdata


def associations(columns: np.ndarray, is_number: np.ndarray) -> np.ndarray:
    """The association of each pair of columns, over the rows in which both are known.

    Numbers go in by their ranks, so that no outlier decides.

    Args:
        columns: float64 [n, d]; NaN is a gap, a category is a whole number from 0.
        is_number: Which columns have an order, bool [d].

    Returns:
        float64 [d, d], symmetric, the diagonal 1: rank correlation in [-1, 1] of two numbers,
        Cramér's V in [0, 1] of two categories, the correlation ratio in [0, 1] of one of each; 0
        where one is constant.
    """
    d = columns.shape[1]
    found = np.eye(d)
    numbers, categories = np.flatnonzero(is_number), np.flatnonzero(~is_number)
    ranks = _ranks(columns[:, numbers])
    found[np.ix_(numbers, numbers)] = rank_correlations(ranks)
    whole = np.nan_to_num(columns, nan=-1)
    codes = {place: whole[:, place].astype(np.int64) for place in categories}
    for order, first in enumerate(categories):
        for place, number in enumerate(numbers):
            value = correlation_ratio(ranks[:, place], codes[first])
            found[first, number] = found[number, first] = value
        for second in categories[order + 1 :]:
            value = cramers_v(codes[first], codes[second])
            found[first, second] = found[second, first] = value
    np.fill_diagonal(found, 1.0)
    return found


def rank_correlations(ranks: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each pair of columns, float64 [n, d] with NaN gaps → [d, d]."""
    known = np.isfinite(ranks).astype(np.float64)
    values = np.nan_to_num(ranks - _means(ranks))
    n = known.T @ known
    sums = values.T @ known
    squares = (values**2).T @ known
    counts = np.maximum(n, 1)
    shared = values.T @ values - sums * sums.T / counts
    spread = np.maximum(squares - sums**2 / counts, 0)
    scale = np.sqrt(spread * spread.T)
    varies = scale > 1e-9 * (1 + squares)
    found: np.ndarray = np.divide(shared, scale, out=np.zeros_like(shared), where=varies)
    return found


def correlation_ratio(numbers: np.ndarray, codes: np.ndarray) -> float:
    """Square root of the share of the numbers' variance that the categories explain, in [0, 1].

    Args:
        numbers: float64 [n], NaN gaps.
        codes: int64 [n], -1 for a gap.
    """
    known = np.isfinite(numbers) & (codes >= 0)
    numbers, codes = numbers[known], codes[known]
    if not len(numbers):
        return 0.0
    centred = numbers - numbers.mean()
    total = float((centred**2).sum())
    counts = np.bincount(codes)
    sums = np.bincount(codes, weights=centred)
    between = float((sums[counts > 0] ** 2 / counts[counts > 0]).sum())
    return float(np.sqrt(min(between / total, 1.0))) if total > 0 else 0.0


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Cramér's V in [0, 1] of two columns of categories, int64 [n] with -1 for a gap."""
    known = (first >= 0) & (second >= 0)
    first, second = first[known], second[known]
    if not len(first):
        return 0.0
    width = int(second.max()) + 1
    counts = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width)
    table = counts.reshape(-1, width).astype(np.float64)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi_squared = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi_squared / (table.sum() * (min(table.shape) - 1))))


def _ranks(columns: np.ndarray) -> np.ndarray:
    if not columns.size:
        return columns
    return np.asarray(rankdata(columns, axis=0, nan_policy="omit"), np.float64)


def _means(ranks: np.ndarray) -> np.ndarray:
    """Of each column its mean, 0 where nothing is known."""
    known = np.isfinite(ranks)
    sums = np.where(known, ranks, 0.0).sum(axis=0)
    return np.asarray(sums / np.maximum(known.sum(axis=0), 1))

"""Which rows are duplicates, or nearly so, and must stay together."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

NEAR_DEVIATIONS = 1e-3
LEAST_VARYING_COLUMNS = 3
SEARCHED_COLUMNS = 6
LARGEST_CLUSTER_SHARE = 0.02
ALWAYS_FINE_CLUSTER_ROWS = 50


def equal_rows(keys: Sequence[str]) -> np.ndarray:
    """One number for each distinct key, int64 [n]."""
    _, inverse = np.unique(np.asarray(keys, dtype=object).astype(str), return_inverse=True)
    return np.asarray(inverse, np.int64)


def joined(n: int, pairs: np.ndarray) -> np.ndarray:
    """Number the connected groups of `n` rows under `pairs`, int64 [n]."""
    links = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, numbers = connected_components(links, directed=False)
    return np.asarray(numbers, np.int64)


def near_rows(content: np.ndarray, discrete: np.ndarray, continuous: np.ndarray) -> np.ndarray:
    """Number the rows of a table that are equal, or equal but for a hair, int64 [n].

    Rows are near where everything that is not continuous is equal and no continuous value differs
    by more than a thousandth of its standard deviation. That says something only where at least
    three columns vary so, and does not chain a crowd together; otherwise only equal rows count.

    Args:
        content: A hash of all cells of each row, uint64 [n].
        discrete: A hash of all cells but the continuous ones, uint64 [n].
        continuous: float64 [n, columns], missing values as NaN.
    """
    _, first, equal = np.unique(content, return_index=True, return_inverse=True)
    varying = continuous[:, np.nanstd(continuous, axis=0) > 0] if continuous.size else continuous
    if varying.shape[1] < LEAST_VARYING_COLUMNS:
        return np.asarray(equal, np.int64)
    codes = np.unique(discrete[first], return_inverse=True)[1]
    shared = np.bincount(codes)[codes] > 1
    rows = first[shared]
    scaled = (varying[rows] - np.nanmean(varying, axis=0)) / np.nanstd(varying, axis=0)
    scaled = np.nan_to_num(scaled, nan=1e3)
    # A coordinate that keeps rows with other discrete cells far apart.
    points = np.column_stack([codes[shared], scaled[:, :SEARCHED_COLUMNS]])
    pairs = cKDTree(points).query_pairs(NEAR_DEVIATIONS, p=np.inf, output_type="ndarray")
    differences = np.abs(scaled[pairs[:, 0]] - scaled[pairs[:, 1]])
    pairs = rows[pairs[(differences <= NEAR_DEVIATIONS).all(axis=1)]]
    equals = np.column_stack([first[equal], np.arange(len(content))])
    numbers = joined(len(content), np.concatenate([pairs, equals]))
    largest = np.bincount(numbers[first]).max()
    if largest > max(ALWAYS_FINE_CLUSTER_ROWS, LARGEST_CLUSTER_SHARE * len(first)):
        return np.asarray(equal, np.int64)
    return numbers

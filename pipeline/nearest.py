"""Copies: equal bytes, and the nearest / second-nearest distance ratio of a memorised sample.

Used where synthetic samples are curated and where they are judged.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

CHUNK_ROWS = 512


@dataclass(frozen=True)
class Nearest:
    """The nearest reference of each query.

    Attributes:
        index: Position of the nearest reference, int64 [n].
        distance: Euclidean distance to it, float64 [n].
        ratio: Distance to the nearest over distance to the second-nearest, float64 [n] in [0, 1];
            1 where both are 0 or there is only one reference.
    """

    index: np.ndarray
    distance: np.ndarray
    ratio: np.ndarray


def nearest(
    queries: np.ndarray,
    references: np.ndarray,
    *,
    views: tuple[Callable[[np.ndarray], np.ndarray], ...] = (),
) -> Nearest:
    """The nearest reference of each query by Euclidean distance.

    A query that copies one reference lies far nearer to it than to any other, so its ratio is
    small; an honest new sample lies between several. Duplicated references are counted once.

    Args:
        queries: float or uint8 [n, …].
        references: The same, [m, …].
        views: Changed looks at the queries, e.g. mirrored; the distance to a reference is the
            smallest over the query itself and all its views.

    Source: the ratio test of Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94, section 7.1.
    """
    columns = _columns(references)
    _, firsts = np.unique(columns, axis=0, return_index=True)
    firsts = np.sort(firsts)
    columns = columns[firsts]
    index, distance, second = np.zeros(len(queries), np.int64), *np.zeros((2, len(queries)))
    for start in range(0, len(queries), CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, len(queries)))
        found = cdist(_columns(queries[rows]), columns)
        for view in views:
            np.minimum(found, cdist(_columns(view(queries[rows])), columns), out=found)
        first, lines = found.argmin(axis=1), np.arange(len(found))
        index[rows], distance[rows] = firsts[first], found[lines, first]
        if len(columns) > 1:
            found[lines, first] = np.inf
        second[rows] = found.min(axis=1)
    ratio = np.divide(distance, second, out=np.ones(len(queries)), where=second > 0)
    return Nearest(index, distance, ratio)


def digests(rows: np.ndarray) -> np.ndarray:
    """SHA-256 of each row's bytes, object [n]; equal rows of equal type have equal digests.

    Rows of a frame have digests of their own, see `pipeline.row_digests`.
    """
    assert isinstance(rows, np.ndarray), "a frame iterates its column names"
    assert rows.dtype != object, "of objects only the pointers would be hashed"
    return np.array(
        [hashlib.sha256(np.ascontiguousarray(row).tobytes()).hexdigest() for row in rows], object
    )


def _columns(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64).reshape(len(values), int(np.prod(values.shape[1:])))

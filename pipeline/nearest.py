"""Copies: equal bytes, and the nearest / second-nearest distance ratio of a memorised sample.

Used where synthetic samples are curated and where they are judged.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

CHUNK_ROWS = 1024


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


def nearest(queries: np.ndarray, references: np.ndarray) -> Nearest:
    """The nearest reference of each query, both float [n, d], by Euclidean distance.

    A query that copies one reference lies far nearer to it than to any other, so its ratio is
    small; an honest new sample lies between several. Duplicated references are counted once.

    Source: the ratio test of Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94, section 7.1.
    """
    references = np.asarray(references, np.float64)
    _, firsts = np.unique(references, axis=0, return_index=True)
    firsts = np.sort(firsts)
    index = np.zeros(len(queries), np.int64)
    distance = np.zeros(len(queries))
    second = np.zeros(len(queries))
    for start in range(0, len(queries), CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, len(queries)))
        found = cdist(np.asarray(queries[rows], np.float64), references[firsts])
        order = np.argsort(found, axis=1, kind="stable")[:, :2]
        lines = np.arange(len(found))
        index[rows] = firsts[order[:, 0]]
        distance[rows] = found[lines, order[:, 0]]
        second[rows] = found[lines, order[:, -1]]
    ratio = np.divide(distance, second, out=np.ones(len(queries)), where=second > 0)
    return Nearest(index, distance, ratio)


def digests(rows: np.ndarray) -> np.ndarray:
    """SHA-256 of each row's bytes, object [n]; equal rows of equal type have equal digests."""
    return np.array(
        [hashlib.sha256(np.ascontiguousarray(row).tobytes()).hexdigest() for row in rows], object
    )

"""The search for near duplicates: few candidates by coarse thumbnails, each judged by likeness.

Every picture is compared with its nearest neighbours only, so that a hundred thousand pictures of
one fixed camera take minutes, not years.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial import cKDTree

from pipeline.sources.likeness import LEAST_SHIFTED_SIDE_PX, are_alike

# Correlation of two 16×16 px grey thumbnails. Measured: the closest pair of different digits has
# 0.9961 (8×8 px), of MNIST 0.9933, of photographs of clothing 0.982; a copy saved again as JPEG of
# quality 75 has at least 0.998 (MNIST, clothing).
NEAR_CORRELATION = 0.997
# The same at 8×8 px for pictures that may be shifted by a pixel: such copies have 0.954 and more.
COARSE_CORRELATION = 0.94
NEIGHBOURS = 8
PROJECTED_DIMENSIONS = 12
LEARNED_FROM_ROWS = 2_000
JUDGED_PAIRS = 256


def near_pairs(
    thumbnails: np.ndarray,
    digests: Sequence[bytes],
    sides_px: np.ndarray,
    likenesses: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Pairs of pictures that show the same, int64 [pairs, 2], the smaller row first, sorted.

    Small changes of brightness and contrast do not matter, nor does a pixel's shift where pictures
    have 40 px and more; pictures of one single value are never near another.

    Args:
        thumbnails: Grey, 16×16 px, uint8 [n, 256].
        digests: Of the likenesses; rows of equal ones are near.
        sides_px: The shortest side of each picture, [n].
        likenesses: Row positions to likenesses, uint8 [rows, likeness.LENGTH].
    """
    seen: dict[bytes, int] = {}
    first = np.array([seen.setdefault(digest, row) for row, digest in enumerate(digests)])
    flat = thumbnails.min(axis=1) == thumbnails.max(axis=1)
    # Rows of one likeness are chained, not all paired: a thousand would give half a million pairs.
    repeats = np.flatnonzero((first != np.arange(len(first))) & ~flat)
    distinct = np.unique(first)
    large = distinct[sides_px[distinct] >= LEAST_SHIFTED_SIDE_PX]
    candidates = np.concatenate(
        [
            distinct[_neighbours(thumbnails[distinct], NEAR_CORRELATION)],
            large[_neighbours(_coarse(thumbnails[large]), COARSE_CORRELATION)],
        ]
    )
    candidates = np.unique(np.sort(candidates, axis=1), axis=0)
    alike = [
        are_alike(likenesses(part[:, 0]), likenesses(part[:, 1]), sides_px[part].min(axis=1))
        for start in range(0, len(candidates), JUDGED_PAIRS)
        for part in (candidates[start : start + JUDGED_PAIRS],)
    ]
    found = candidates[np.concatenate(alike)] if alike else candidates
    chained = np.column_stack([first[repeats], repeats])
    return np.unique(np.concatenate([found, chained]), axis=0)


def _coarse(thumbnails: np.ndarray) -> np.ndarray:
    """8×8 px, float32 [n, 64]."""
    blocks = thumbnails.reshape(-1, 8, 2, 8, 2).astype(np.float32)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(-1, 64))


def _neighbours(thumbnails: np.ndarray, least: float) -> np.ndarray:
    """Pairs of rows that correlate by at least `least`, int64 [pairs, 2]; of a row's the nearest.

    None is missed but where a row has more than `NEIGHBOURS`: a distance in the projection is
    never larger than the distance itself.
    """
    centred = thumbnails.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    rows = np.flatnonzero(norms > 1e-3)
    if len(rows) < 2:
        return np.empty((0, 2), np.int64)
    vectors = centred[rows] / norms[rows, None]
    learned = vectors[:: max(1, len(vectors) // LEARNED_FROM_ROWS)]
    _, _, directions = np.linalg.svd(learned - learned.mean(axis=0), full_matrices=False)
    projected = vectors @ directions[:PROJECTED_DIMENSIONS].T
    radius = float(np.sqrt(2 * (1 - least)))
    _, nearest = cKDTree(projected).query(projected, k=NEIGHBOURS + 1, distance_upper_bound=radius)
    own = np.repeat(np.arange(len(rows)), NEIGHBOURS + 1)
    other = nearest.ravel()
    is_pair = (other < len(rows)) & (other != own)
    pairs = np.column_stack([own, other])[is_pair]
    correlations = [
        np.einsum("nd,nd->n", vectors[part[:, 0]], vectors[part[:, 1]])
        for part in np.array_split(pairs, len(pairs) // 100_000 + 1)
    ]
    return np.asarray(rows[pairs[np.concatenate(correlations) >= least]])

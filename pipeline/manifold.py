"""Nearest-neighbour manifolds: precision, recall, density and coverage of generated samples.

Pure functions on feature arrays, used while a generator trains and when it is judged.

Sources: precision and recall, Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2;
density and coverage, Naeem et al. 2020, arXiv:2002.09797, equations 4 and 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from pipeline.errors import MetricError

CHUNK_ROWS = 1024


@dataclass(frozen=True)
class ManifoldScores:
    """What two sets of features say about each other.

    Attributes:
        precision: Share of fakes inside the real manifold, in [0, 1].
        recall: Share of reals inside the fake manifold, in [0, 1].
        density: How many real balls hold a fake, over the expected number; about 1 when equal,
            may exceed 1.
        coverage: Share of reals whose ball holds at least one fake, in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_scores(real: np.ndarray, fake: np.ndarray, *, neighbours: int = 5) -> ManifoldScores:
    """All four scores in one pass over the distances.

    Args:
        real: Features of real samples, float [n, d].
        fake: Features of generated samples from the same extractor, float [m, d].
        neighbours: k of the k-nearest-neighbour balls; a sample is no neighbour of itself.

    Raises:
        MetricError: a set has no more than `neighbours` rows, so that its balls do not exist, or
            the dimensions differ.
    """
    real, fake = _checked(real, fake)
    real_radii = ball_radii(real, neighbours=neighbours)
    fake_radii = ball_radii(fake, neighbours=neighbours)
    covered = np.zeros(len(real), bool)
    recalled = np.zeros(len(real), bool)
    balls_hit = np.zeros(len(fake), np.int64)
    for rows, distances in _distance_chunks(real, fake):
        inside_real = distances <= real_radii[rows, None]
        covered[rows] = inside_real.any(axis=1)
        balls_hit += inside_real.sum(axis=0)
        recalled[rows] = (distances <= fake_radii[None, :]).any(axis=1)
    return ManifoldScores(
        precision=float((balls_hit > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls_hit.mean() / neighbours),
        coverage=float(covered.mean()),
    )


def coverage(real: np.ndarray, fake: np.ndarray, *, neighbours: int = 5) -> float:
    """Share of real samples with a fake no farther than their k-th real neighbour, in [0, 1].

    The fakes may be fewer than `neighbours`; with none, nothing is covered.

    Raises:
        MetricError: there are no more than `neighbours` reals, or the dimensions differ.
    """
    real, fake = _checked(real, fake)
    if not len(fake):
        return 0.0
    radii = ball_radii(real, neighbours=neighbours)
    return float((nearest_distances(real, fake) <= radii).mean())


def precision(real: np.ndarray, fake: np.ndarray, *, neighbours: int = 5) -> float:
    """Share of fakes within the ball of at least one real, in [0, 1].

    Raises:
        MetricError: there are no more than `neighbours` reals, no fake, or the dimensions differ.
    """
    real, fake = _checked(real, fake)
    if not len(fake):
        raise MetricError("The precision of no generated samples was asked for; draw at least one.")
    radii = ball_radii(real, neighbours=neighbours)
    inside = np.zeros(len(fake), bool)
    for rows, distances in _distance_chunks(real, fake):
        inside |= (distances <= radii[rows, None]).any(axis=0)
    return float(inside.mean())


def ball_radii(features: np.ndarray, *, neighbours: int = 5) -> np.ndarray:
    """Distance of each row to its k-th nearest other row, float64 [n], in feature units.

    Raises:
        MetricError: there are no more than `neighbours` rows.
    """
    if len(features) <= neighbours:
        raise MetricError(
            f"{len(features)} samples have no {neighbours}th neighbour among themselves; "
            f"give at least {neighbours + 1} samples or ask for fewer neighbours."
        )
    features = np.asarray(features, np.float64)
    radii = np.empty(len(features))
    for rows, distances in _distance_chunks(features, features):
        # Position 0 is the row itself at distance 0, so position k is the k-th other row.
        radii[rows] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return radii


def nearest_distances(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Euclidean distance of each query to its nearest reference, float64 [n]."""
    nearest = np.empty(len(queries))
    for rows, distances in _distance_chunks(queries, references):
        nearest[rows] = distances.min(axis=1)
    return nearest


def mean_distance(features: np.ndarray) -> float:
    """Mean Euclidean distance between two different rows, in feature units; 0 for a single one."""
    n = len(features)
    if n < 2:
        return 0.0
    squares = (features**2).sum(axis=1)
    squared = squares[:, None] + squares[None, :] - 2.0 * features @ features.T
    return float(np.sqrt(np.maximum(squared, 0.0)).sum() / (n * (n - 1)))


def _distance_chunks(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for start in range(0, len(first), CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, len(first)))
        yield rows, cdist(first[rows], second)


def _checked(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise MetricError(
            f"Features of shapes {real.shape} and {fake.shape} cannot be compared; both must be "
            "[samples, dimensions] with the same dimensions."
        )
    return real, fake

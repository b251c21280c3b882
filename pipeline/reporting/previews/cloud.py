"""Real and synthetic samples as points of a plane: principal components of their space."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.modalities.registry import modality_of
from pipeline.reporting.previews.sample import sample_of
from pipeline.samples import Samples

MOST_POINTS, FEWEST_POINTS = 300, 40
# Numbers held while the plane is found; very large samples give fewer points.
MOST_NUMBERS = 2 * 10**7


@dataclass(frozen=True)
class Cloud:
    """Points of a plane that was fitted on the real samples alone.

    Attributes:
        real, synthetic: float64 [n, 2] and [m, 2].
        real_labels, synthetic_labels: int64 [n] and [m].
        explained: Share of the real samples' variance that lies in the plane, in [0, 1].
    """

    real: np.ndarray
    synthetic: np.ndarray
    real_labels: np.ndarray
    synthetic_labels: np.ndarray
    explained: float


def gather_cloud(
    prepared: Path, synthetic: Path, chosen: set[str] | None, *, seed: int
) -> Cloud | None:
    """The map of real training samples and chosen synthetic ones; None without either.

    Args:
        chosen: Identifiers of synthetic samples that ship; None for all.
    """
    few = sample_of(prepared, most=FEWEST_POINTS, seed=seed)
    if len(few) < FEWEST_POINTS:
        return cloud_of(few, _chosen(synthetic, chosen, FEWEST_POINTS, seed))
    width = modality_of(few.schema).space(few).columns(few.take(slice(0, 1))).shape[1]
    most = int(np.clip(MOST_NUMBERS // max(width, 1), FEWEST_POINTS, MOST_POINTS))
    real = sample_of(prepared, most=most, seed=seed)
    return cloud_of(real, _chosen(synthetic, chosen, most, seed))


def cloud_of(real: Samples, synthetic: Samples) -> Cloud | None:
    """The map of these samples; None where there are fewer than three real or no synthetic ones.

    The sign of a component is that of its largest weight, so that equal data give equal maps.
    """
    if len(real) < 3 or not len(synthetic):
        return None
    space = modality_of(real.schema).space(real)
    columns = space.columns(real)
    middle = columns.mean(axis=0)
    _, spread, directions = np.linalg.svd(columns - middle, full_matrices=False)
    plane = directions[:2]
    largest = np.take_along_axis(plane, np.abs(plane).argmax(axis=1)[:, None], axis=1)
    plane = plane * np.where(largest < 0, -1.0, 1.0)
    variance = spread**2
    if len(plane) < 2 or not variance[0] > 0:
        return None
    return Cloud(
        real=(columns - middle) @ plane.T,
        synthetic=(space.columns(synthetic) - middle) @ plane.T,
        real_labels=real.labels,
        synthetic_labels=synthetic.labels,
        explained=float(variance[:2].sum() / variance.sum()),
    )


def _chosen(synthetic: Path, chosen: set[str] | None, most: int, seed: int) -> Samples:
    only = None if chosen is None else chosen.__contains__
    return sample_of(synthetic, most=most, seed=seed, only=only)

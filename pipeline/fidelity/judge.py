"""Every fidelity number of a pool, overall and per class, beside its real-against-real floor."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from pipeline.errors import MetricError
from pipeline.fidelity.frechet import frechet_distance
from pipeline.fidelity.kernel import kernel_distance
from pipeline.manifold import manifold_scores, mean_distance
from pipeline.randomness import numpy_stream
from pipeline.results import FidelityRow

Metric = Callable[[np.ndarray, np.ndarray], float]
NEIGHBOURS = 5
# The numbers are means over this many ways to halve the reals, since one half is a draw of luck.
HALVINGS = 4
# On each side. What is measured here takes the square of it in memory.
MOST_SAMPLES = 5000


class Draw(NamedTuple):
    """Rows that are compared, int64 [n] each: equally many of each class.

    Attributes:
        reference: Real rows that the others are compared with.
        other: Other real rows, for the floor.
        drawn: Synthetic rows.
    """

    reference: np.ndarray
    other: np.ndarray
    drawn: np.ndarray


def diversity(_: np.ndarray, fake: np.ndarray) -> float:
    """Mean Euclidean distance between two samples of a set, in feature units; 0 when collapsed."""
    if len(fake) < 2:
        raise MetricError("The diversity of one sample is not defined; give at least 2.")
    return mean_distance(fake)


METRICS: dict[str, Metric] = {
    "fid": frechet_distance,
    "kid": kernel_distance,
    "precision": lambda r, f: manifold_scores(r, f, neighbours=NEIGHBOURS).precision,
    "recall": lambda r, f: manifold_scores(r, f, neighbours=NEIGHBOURS).recall,
    "density": lambda r, f: manifold_scores(r, f, neighbours=NEIGHBOURS).density,
    "coverage": lambda r, f: manifold_scores(r, f, neighbours=NEIGHBOURS).coverage,
    "diversity": diversity,
}


def judge(
    real: np.ndarray,
    real_labels: np.ndarray,
    fake: np.ndarray,
    fake_labels: np.ndarray,
    *,
    classes: tuple[str, ...],
    features: str,
    seed: int,
    metrics: tuple[str, ...] = tuple(METRICS),
) -> tuple[FidelityRow, ...]:
    """Each metric for all classes together and for each class that was drawn.

    Both sides get the same number of samples of each class, so that a pool that holds only scarce
    classes is compared with the same classes. The reals are halved: one half is what the fakes are
    compared with, the other, compared with the first, gives the floor at equal n.

    Args:
        real: Features of real samples that neither generator nor network saw, float64 [n, d].
        fake: Features of generated samples, float64 [m, d].
        features: Name of the feature network, for the reader.
        metrics: Which of `METRICS`.
    """
    if not len(fake_labels):
        return ()
    scopes: list[int | None] = [None, *map(int, np.unique(fake_labels))]
    rows = []
    for scope in scopes:
        draws = list(equal_draws(real_labels, fake_labels, scope, seed))
        for name in metrics:
            metric = METRICS[name]
            value, floor, note = _mean_of(metric, real, fake, draws)
            rows.append(
                FidelityRow(
                    metric=name,
                    class_name=None if scope is None else classes[scope],
                    value=value,
                    floor=floor,
                    n_samples=len(draws[0].drawn),
                    features=features,
                    note=note,
                )
            )
    return tuple(rows)


def _mean_of(
    metric: Metric,
    real: np.ndarray,
    fake: np.ndarray,
    draws: list[Draw],
) -> tuple[float | None, float | None, str]:
    try:
        values = [metric(real[reference], fake[drawn]) for reference, _, drawn in draws]
        floors = [metric(real[reference], real[other]) for reference, other, _ in draws]
    except MetricError as error:
        return None, None, str(error)
    return float(np.mean(values)), float(np.mean(floors)), ""


def equal_draws(
    real_labels: np.ndarray,
    fake_labels: np.ndarray,
    scope: int | None,
    seed: int,
    *,
    other_labels: np.ndarray | None = None,
) -> Iterator[Draw]:
    """Rows to compare, one draw a halving of the reals.

    Where there are other reals, nothing has to be halved, and twice as many are compared.

    Args:
        real_labels: Of real samples that neither generator nor network saw, int64 [n].
        fake_labels: Of synthetic samples, int64 [m].
        scope: The class; None for all that were drawn.
        other_labels: Of other real samples, into which `Draw.other` then points, int64 [k].
    """
    labels = np.unique(fake_labels) if scope is None else np.array([scope])
    for halving in range(HALVINGS):
        stream = numpy_stream(seed, "fidelity", -1 if scope is None else scope, halving)
        parts: list[list[np.ndarray]] = [[], [], []]
        for label in labels:
            reals = stream.permutation(np.flatnonzero(real_labels == label))
            fakes = stream.permutation(np.flatnonzero(fake_labels == label))
            if other_labels is None:
                reals, others = reals[: len(reals) // 2], reals[len(reals) // 2 :]
            else:
                others = stream.permutation(np.flatnonzero(other_labels == label))
            most = -(-MOST_SAMPLES // len(labels))
            count = min(len(reals), len(others), len(fakes), most)
            for part, rows in zip(parts, (reals, others, fakes), strict=True):
                part.append(rows[:count])
        yield Draw(*(np.concatenate(part) for part in parts))

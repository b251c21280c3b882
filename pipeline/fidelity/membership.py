"""Can one tell from the synthetic samples who was in the training set? An attack, calibrated."""

import numpy as np

from pipeline.errors import MetricError
from pipeline.manifold import nearest_distances
from pipeline.randomness import numpy_stream
from pipeline.results import Interval

RESAMPLES = 400
FEWEST = 2


def membership_attack(
    members: np.ndarray,
    member_labels: np.ndarray,
    outsiders: np.ndarray,
    outsider_labels: np.ndarray,
    synthetic: np.ndarray,
    synthetic_labels: np.ndarray,
    *,
    seed: int,
    level: float = 0.95,
) -> tuple[float, Interval]:
    """Area under the curve of an attack that calls real samples near a synthetic one members.

    The attacker's score of a real sample is its distance to the nearest synthetic sample of its
    class. Members and outsiders are compared within a class only, since classes differ in spread
    and in how often they were trained on; the areas are averaged over classes by their pairs.

    Args:
        members: Features of the generator's training samples, float [n, d].
        outsiders: Features of real samples it did not see, float [m, d].
        synthetic: Features of synthetic samples, float [k, d].

    Returns:
        The area (0.5: the attacker guesses; 1: everybody is found) and its bootstrap interval.

    Raises:
        MetricError: no class has 2 members, 2 outsiders and a synthetic sample.

    Source: the distance attack of Chen et al. 2020, arXiv:1909.03935, section 4.2.
    """
    scores = []
    for label in np.unique(synthetic_labels):
        own = synthetic[synthetic_labels == label]
        inside, outside = members[member_labels == label], outsiders[outsider_labels == label]
        if min(len(inside), len(outside)) >= FEWEST:
            scores.append((-nearest_distances(inside, own), -nearest_distances(outside, own)))
    if not scores:
        raise MetricError(
            "A membership attack needs a class with 2 training samples, 2 held-out samples and a "
            "synthetic one; there is none."
        )
    stream = numpy_stream(seed, "membership")
    areas = [
        _mean_area([(_resampled(a, stream), _resampled(b, stream)) for a, b in scores])
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(areas, [(1 - level) / 2, (1 + level) / 2])
    return _mean_area(scores), Interval(low=float(low), high=float(high), level=level)


def _mean_area(scores: list[tuple[np.ndarray, np.ndarray]]) -> float:
    areas, pairs = [], []
    for inside, outside in scores:
        areas.append(_area(inside, outside))
        pairs.append(len(inside) * len(outside))
    return float(np.average(areas, weights=pairs))


def _area(inside: np.ndarray, outside: np.ndarray) -> float:
    """Share of pairs in which the member scores higher, ties counting half (Mann and Whitney 1947).

    The area under the curve written as a count of pairs, a hundred times faster than drawing the
    curve: the bootstrap asks for thousands.
    """
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, side="left")
    not_above = np.searchsorted(ordered, inside, side="right")
    return float((below + not_above).mean() / (2 * len(outside)))


def _resampled(values: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    return stream.choice(values, len(values))

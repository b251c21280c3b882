import numpy as np
import pytest

from pipeline import manifold
from pipeline.errors import MetricError


def cloud(seed: int, n: int, *, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 4)) + shift


def by_hand(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float, float, float]:
    """The equations of the two papers, written as loops."""

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - points[j]) for j in range(len(points)) if j != i)[
            k - 1
        ]

    real_radius = [radius(real, i) for i in range(len(real))]
    fake_radius = [radius(fake, j) for j in range(len(fake))]
    distance = [[np.linalg.norm(r - f) for f in fake] for r in real]
    pairs = [(i, j) for i in range(len(real)) for j in range(len(fake))]
    inside = {(i, j) for i, j in pairs if distance[i][j] <= real_radius[i]}
    precision = len({j for _, j in inside}) / len(fake)
    coverage = len({i for i, _ in inside}) / len(real)
    density = len(inside) / (k * len(fake))
    recall = len({i for i, j in pairs if distance[i][j] <= fake_radius[j]}) / len(real)
    return precision, recall, density, coverage


def test_the_scores_equal_the_published_equations_written_as_loops():
    real, fake = cloud(1, 30), cloud(2, 25, shift=0.7)
    scores = manifold.manifold_scores(real, fake, neighbours=3)
    found = (scores.precision, scores.recall, scores.density, scores.coverage)
    assert found == pytest.approx(by_hand(real, fake, 3))


def test_chunks_do_not_change_the_scores(monkeypatch):
    real, fake = cloud(1, 50), cloud(2, 40, shift=0.5)
    whole = manifold.manifold_scores(real, fake)
    monkeypatch.setattr(manifold, "CHUNK_ROWS", 7)
    assert manifold.manifold_scores(real, fake) == whole


def test_the_single_functions_agree_with_the_pass_over_all():
    real, fake = cloud(1, 60), cloud(2, 40, shift=0.5)
    scores = manifold.manifold_scores(real, fake)
    assert manifold.coverage(real, fake) == scores.coverage
    assert manifold.precision(real, fake) == scores.precision


def test_a_collapsed_generator_keeps_precision_and_loses_recall_and_coverage():
    real = cloud(1, 200)
    collapsed = np.repeat(real[:1], 200, axis=0) + cloud(3, 200) * 1e-3
    scores = manifold.manifold_scores(real, collapsed)
    assert scores.precision == 1.0
    assert scores.recall < 0.1
    assert scores.coverage < 0.1


def test_far_away_samples_cover_nothing():
    scores = manifold.manifold_scores(cloud(1, 50), cloud(2, 50, shift=100.0))
    assert (scores.precision, scores.recall, scores.coverage) == (0.0, 0.0, 0.0)


def test_no_generated_samples_cover_nothing():
    assert manifold.coverage(cloud(1, 20), cloud(2, 20)[:0]) == 0.0


def test_too_few_samples_are_refused_with_the_number_needed():
    with pytest.raises(MetricError, match="at least 6 samples"):
        manifold.coverage(cloud(1, 5), cloud(2, 20))


def test_other_dimensions_are_refused():
    with pytest.raises(MetricError, match="same dimensions"):
        manifold.coverage(cloud(1, 20), cloud(2, 20)[:, :2])


def test_the_mean_distance_is_the_mean_over_all_pairs():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0]])
    assert manifold.mean_distance(points) == pytest.approx((5 + 8 + 5) / 3)

import numpy as np
import pytest
from scipy import linalg

from pipeline.errors import MetricError
from pipeline.fidelity.frechet import frechet_distance
from pipeline.fidelity.kernel import kernel_distance

STREAM = np.random.default_rng(8)
REAL = STREAM.normal(size=(120, 16))
FAKE = STREAM.normal(0.3, 1.4, size=(120, 16))


def test_the_frechet_distance_equals_the_formula_with_a_matrix_square_root():
    covariances = [np.cov(each, rowvar=False) for each in (REAL, FAKE)]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    squared = np.sum((REAL.mean(0) - FAKE.mean(0)) ** 2)
    expected = squared + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(REAL, FAKE) == pytest.approx(expected, rel=1e-5)


def test_the_kernel_distance_equals_the_unbiased_estimate_written_out():
    def kernel(first, second):
        return (first @ second.T / first.shape[1] + 1) ** 3

    n = len(REAL)
    inner = [kernel(each, each) for each in (REAL, FAKE)]
    expected = sum((k.sum() - np.trace(k)) / (n * (n - 1)) for k in inner)
    expected -= 2 * kernel(REAL, FAKE).mean()
    assert kernel_distance(REAL, FAKE) == pytest.approx(expected, rel=1e-5)


def test_identical_sets_have_no_frechet_distance():
    assert frechet_distance(REAL, REAL) == pytest.approx(0.0, abs=1e-6)


def test_too_few_samples_for_a_covariance_are_refused():
    with pytest.raises(MetricError, match="16 samples cannot give the covariance of 16 features"):
        frechet_distance(REAL[:16], FAKE)


def test_the_caller_s_random_stream_does_not_move():
    import torch

    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    kernel_distance(REAL, FAKE)
    assert torch.rand(1) == expected


def test_sets_sorted_by_class_are_compared_class_with_class():
    classes = np.repeat([0.0, 9.0], 60)[:, None]
    twice_as_many = np.repeat(REAL + classes, 2, axis=0)
    assert kernel_distance(REAL + classes, twice_as_many) == pytest.approx(
        kernel_distance(REAL + classes, REAL + classes), abs=1e-6
    )

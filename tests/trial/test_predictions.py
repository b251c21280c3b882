import numpy as np
import pytest

from pipeline.trial.predictions import kept, prediction, restored


def test_probabilities_are_kept_to_three_digits_and_sum_to_one():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([0.3] * 5, 200)
    found = restored(kept(shares), 200)
    assert found.shape == shares.shape
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert np.max(np.abs(found - shares)) < 1e-3


def test_what_is_nearly_impossible_keeps_its_order():
    rare = np.geomspace(1e-6, 1e-3, 50)
    found = restored(kept(np.stack([1 - rare, rare], axis=1)), 50)
    assert (np.diff(found[:, 1]) > 0).all()


def test_nothing_predicted_is_kept_too():
    assert restored(kept(np.empty((0, 3))), 0).size == 0


def test_labels_without_probabilities_are_a_prediction():
    found = prediction({"test": [0, 1]}, "test")
    assert found.guess.tolist() == [0, 1]
    assert found.probabilities is None

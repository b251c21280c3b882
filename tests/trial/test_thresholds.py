"""The rule of whoever tunes a threshold: best on the rows it is tuned on, modest among equals."""

import numpy as np
import pytest

from pipeline.trial.scores import score
from pipeline.trial.thresholds import best_cuts, tuned_offsets


def shares_of(odds):
    own = 1 / (1 + np.exp(-odds))
    return np.stack([1 - own, own], axis=1)


def guessed(shares, offsets):
    return (np.log(shares) + offsets).argmax(axis=1)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "accuracy", "macro_f1"])
def test_no_other_threshold_does_better_on_the_rows_it_is_tuned_on(metric):
    rng = np.random.default_rng(0)
    truth = (rng.random(60) < 0.2).astype(int)
    odds = np.round(rng.normal(size=60) + 1.5 * truth - 2, 1)
    offsets = tuned_offsets(truth, shares_of(odds), np.array([80, 20]))[metric]
    found = score(truth, guessed(shares_of(odds), offsets))[metric]
    others = [score(truth, (odds > cut).astype(int))[metric] for cut in np.arange(-6, 6, 0.05)]
    assert found == pytest.approx(max(others))


def test_where_the_usual_threshold_is_as_good_as_any_it_lies_in_the_stretch_that_is_kept():
    truth, odds = np.array([0, 0, 1, 1]), np.array([-3.0, -1.0, 1.0, 3.0])
    assert best_cuts(truth, odds)["balanced_accuracy"] == pytest.approx(0.0)


def test_rows_that_tell_nothing_move_no_threshold_of_many_classes():
    truth = np.repeat([0, 1, 2], 5)
    shares = np.eye(3)[truth] * 0.97 + 0.01
    offsets = tuned_offsets(truth, shares, np.array([50, 10, 5]))["balanced_accuracy"]
    assert (guessed(shares, offsets) == truth).all()


def test_the_rare_of_many_classes_is_guessed_more_often_for_balanced_accuracy():
    rng = np.random.default_rng(1)
    counts = np.array([300, 60, 15])
    truth = np.repeat([0, 1, 2], counts)
    scores = rng.normal(size=(len(truth), 3)) + 1.5 * np.eye(3)[truth] + np.log(counts / 375)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    offsets = tuned_offsets(truth, shares, counts)["balanced_accuracy"]
    assert offsets[2] > offsets[0]
    plain, tuned = (
        score(truth, guessed(shares, o))["balanced_accuracy"] for o in (np.zeros(3), offsets)
    )
    assert tuned > plain + 0.05


def test_rows_of_one_class_are_tuned_on_too():
    truth = np.zeros(4, int)
    offsets = tuned_offsets(truth, shares_of(np.array([-1.0, 0.5, 1, 2])), np.array([9, 3]))
    assert (guessed(shares_of(np.array([1.5])), offsets["accuracy"]) == 0).all()

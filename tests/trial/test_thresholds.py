"""The rule of whoever tunes a threshold: nearly the best on the rows it is tuned on, and modest."""

import numpy as np
import pytest

from pipeline.trial.scores import score
from pipeline.trial.thresholds import chosen_cuts, standard_error, tuned_offsets

PRIOR = np.log(20 / 80)


def shares_of(odds):
    own = 1 / (1 + np.exp(-odds))
    return np.stack([1 - own, own], axis=1)


def guessed(shares, offsets):
    return (np.log(shares) + offsets).argmax(axis=1)


def rows(n, *, seed=0, shift=-2.0, rare=0.2):
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < rare).astype(int)
    return truth, np.round(rng.normal(size=n) + 1.5 * truth + shift, 1)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "accuracy", "macro_f1"])
def test_no_other_threshold_is_better_by_more_than_its_error(metric):
    truth, odds = rows(60)
    offsets = tuned_offsets(truth, shares_of(odds), np.array([80, 20]))[metric]
    found = score(truth, guessed(shares_of(odds), offsets))[metric]
    guesses = [(odds > cut).astype(int) for cut in np.arange(-6, 6, 0.05)]
    best = max(guesses, key=lambda guess: score(truth, guess)[metric])
    assert found >= score(truth, best)[metric] - standard_error(metric, truth, best)


def test_where_the_usual_threshold_is_as_good_as_any_it_is_kept():
    truth, odds = np.array([0, 0, 1, 1]), np.array([-3.0, -1.0, 1.0, 3.0])
    assert chosen_cuts(truth, odds)["balanced_accuracy"] == 0.0


def test_few_rows_choose_between_the_usual_thresholds():
    truth, odds = rows(40, seed=3, shift=PRIOR)
    assert chosen_cuts(truth, odds, usual=(0.0, PRIOR))["balanced_accuracy"] in (0.0, PRIOR)


def test_many_rows_find_a_threshold_that_is_no_usual_one():
    truth, odds = rows(4000, seed=1, shift=-5.0)
    cut = chosen_cuts(truth, odds, usual=(0.0, PRIOR))["balanced_accuracy"]
    assert cut == pytest.approx(-5.0 + 0.75, abs=0.4)


def test_a_modest_threshold_does_better_on_other_rows_than_the_best_of_few():
    gained = []
    for seed in range(200):
        truth, odds = rows(50, seed=seed, shift=PRIOR - 0.75)
        modest = chosen_cuts(truth, odds, usual=(0.0, PRIOR))["balanced_accuracy"]
        cuts = np.unique(odds) - 0.05
        best = max(cuts, key=lambda c: score(truth, (odds > c).astype(int))["balanced_accuracy"])
        others, of_others = rows(4000, seed=9999 + seed, shift=PRIOR - 0.75)
        scores = [
            score(others, (of_others > cut).astype(int))["balanced_accuracy"]
            for cut in (modest, best)
        ]
        gained.append(scores[0] - scores[1])
    assert np.mean(gained) > 0.005


def test_rows_that_are_all_right_move_no_threshold_of_many_classes():
    truth = np.repeat([0, 1, 2], 5)
    shares = np.eye(3)[truth] * 0.97 + 0.01
    offsets = tuned_offsets(truth, shares, np.array([50, 10, 5]))["balanced_accuracy"]
    assert np.allclose(offsets, 0.0)


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

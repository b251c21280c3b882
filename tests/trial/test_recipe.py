import numpy as np
import pytest

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from tests.trial.stand_ins import digits

REAL = digits([30, 10, 4])
SYNTHETIC = digits([0, 20, 40], skip=50)


def class_totals(training, sampling):
    return np.bincount(training.labels, weights=training.draw_probabilities(sampling))


def test_sampling_runs_from_as_they_come_to_equally_often():
    training = TrainingSet(REAL)
    assert class_totals(training, 0.0) == pytest.approx([30 / 44, 10 / 44, 4 / 44])
    assert class_totals(training, 1.0) == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_a_share_of_a_class_draws_comes_from_the_extra_rows():
    share = np.array([0.0, 0.25, 0.5])
    training = TrainingSet(REAL, (Extra("gan", SYNTHETIC, share),))
    probabilities = training.draw_probabilities(1.0)
    synthetic = probabilities[len(REAL) :]
    totals = np.bincount(SYNTHETIC.labels, weights=synthetic, minlength=3)
    assert totals == pytest.approx(share / 3)
    assert class_totals(training, 1.0) == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_a_class_without_extra_rows_gives_its_share_back_to_the_real_ones():
    training = TrainingSet(REAL, (Extra("gan", SYNTHETIC, np.full(3, 0.5)),))
    assert class_totals(training, 1.0)[0] == pytest.approx(1 / 3)


def test_a_recipe_tells_itself_in_words():
    assert Recipe().words() == "plain training"
    words = Recipe(sampling=1, augmentation=1, logit_tau=0.5).words()
    assert words == (
        "classes sampled equally often, logit adjustment of strength 0.5, "
        "classical augmentation of strength 1"
    )

from dataclasses import replace

import numpy as np
import pytest

from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.trial.curation import curate
from pipeline.trial.learners import fit
from pipeline.trial.scores import score
from tests.trial.stand_ins import digits, renamed

SCARCE = digits([60, 60, 60, 8, 8, 8])
UNSEEN = digits([40] * 6, skip=60)


def balanced_accuracy(recipe):
    fitted = fit("svm", TrainingSet(SCARCE), recipe, steps=1, seed=0)
    guess = fitted.probabilities(UNSEEN).argmax(axis=1)
    return score(UNSEEN.labels, guess)["balanced_accuracy"]


def test_logit_adjustment_of_an_svm_is_an_honest_rival():
    """Margins taken for log-odds lost 25 points on digits and were no baseline at all."""
    assert balanced_accuracy(Recipe(logit_tau=1.0)) >= balanced_accuracy(Recipe()) - 0.01


def test_undersampling_keeps_as_many_of_each_class_as_the_smallest_has():
    halves = (TrainingSet(SCARCE).undersampled(level, seed=3).real for level in (1.0, 0.5, 0.0))
    full, half, none = (list(one.counts().values()) for one in halves)
    assert full == [8] * 6
    assert half == [22] * 3 + [8] * 3
    assert none == [60] * 3 + [8] * 3


def test_rows_that_are_left_out_by_undersampling_are_drawn_by_the_seed():
    first, again, other = (TrainingSet(SCARCE).undersampled(1.0, seed=s).real for s in (1, 1, 2))
    assert list(first.ids) == list(again.ids)
    assert set(first.ids) != set(other.ids)


def test_undersampling_is_a_way_to_train_that_finds_more_of_the_rare_classes():
    guesses = [
        fit("logistic", TrainingSet(SCARCE), recipe, steps=1, seed=0)
        .probabilities(UNSEEN)
        .argmax(axis=1)
        for recipe in (Recipe(), Recipe(undersampling=1.0))
    ]
    plain, balanced = (np.mean(guess >= 3) for guess in guesses)
    assert balanced > plain


def in_one_group(samples, label):
    """The same, the rows of one class being of one patient."""
    names = np.where(samples.labels == label, "patient", None)
    return replace(samples, provenance=samples.provenance.assign(group=names))


# Two rows to fit on, of which one fold or the other then has one or none.
SCARCEST = [digits([12, 12, 2]), in_one_group(digits([12, 12, 2]), 2)]
ONE_OF_TWO = in_one_group(digits([12, 3]), 1)


@pytest.mark.parametrize("training", [*SCARCEST, ONE_OF_TWO])
def test_logit_adjustment_of_an_svm_needs_no_class_in_every_fold(training):
    fitted = fit("svm", TrainingSet(training), Recipe(logit_tau=1.0), steps=1, seed=0)
    found = fitted.probabilities(digits([20] * len(training.schema.classes), skip=60))
    assert np.isfinite(found).all()
    assert found.shape[1] == len(training.schema.classes)


@pytest.mark.parametrize("confirmer", ["svm", "logistic"])
@pytest.mark.parametrize("real", [*SCARCEST, ONE_OF_TWO])
def test_curation_confirms_by_classifiers_that_never_saw_a_class(real, confirmer):
    sizes = [6] * len(real.schema.classes)
    pool = renamed(digits(sizes, skip=100), "drawn")
    judged = curate(pool, real, confirmer=confirmer, steps=1, seed=5)
    assert judged["score"].between(0, 1).all()
    common = judged["label"] == 0
    assert judged.loc[common, "accepted"].mean() > 0.5


@pytest.mark.parametrize("name", ["svm", "logistic", "forest"])
def test_a_class_that_no_row_shows_has_its_own_column_all_the_same(name):
    # Class 1 is the one that is missing, so that later columns would move up.
    training = SCARCE.take(np.flatnonzero(SCARCE.labels != 1))
    fitted = fit(name, TrainingSet(training), Recipe(), steps=1, seed=0)
    found = fitted.probabilities(UNSEEN)
    assert found.shape == (len(UNSEEN), 6)
    assert found[:, 1].max() < 0.01
    assert (found.argmax(axis=1) == UNSEEN.labels)[UNSEEN.labels == 2].mean() > 0.9

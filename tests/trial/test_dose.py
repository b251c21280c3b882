import numpy as np

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.trial.dose import Choice, Dose, choose_mix, choose_share
from pipeline.trial.rows import add_static_rows
from tests.trial.stand_ins import digits, noisy

LABELS = np.repeat([0, 1, 2], 30)
NOISE = np.random.default_rng(5).normal(0, 0.05, (3, 30))
# Without a mean, so that noise alone helps no class.
NOISE = (NOISE - NOISE.mean(axis=1, keepdims=True)).ravel()
EVERYWHERE = np.ones(3, bool)


def losses_of(gain):
    """Losses by dose where an origin's share of a class lowers that class's loss by its gain."""

    def try_dose(shares):
        lowered = sum((gain[origin] * share for origin, share in shares.items()), np.zeros(3))
        wobble = NOISE * sum(float(share.sum()) for share in shares.values())
        return 1.0 - lowered[LABELS] + wobble

    return try_dose


def choice(gain, *, per_class=True, available=None):
    available = available or dict.fromkeys(gain, EVERYWHERE)
    return Choice(losses_of(gain), LABELS, (0.25, 0.5), available, per_class)


NONE = Dose(np.ones(len(LABELS)))
HELPS_ONE = {"gan": np.array([0.4, -0.1, 0.0]), "classical": np.array([-0.2, 0.5, -0.1])}


def test_every_origin_of_the_mix_gets_a_dose_class_by_class():
    mix = choose_mix(choice(HELPS_ONE), NONE, origins=("classical", "gan"))
    assert mix.shares["gan"][0] > 0
    assert mix.shares["gan"][1] == 0
    assert mix.shares["classical"][1] > 0
    assert mix.shares["classical"][0] == 0


def test_what_serves_no_class_gets_no_place():
    useless = {"gan": np.array([-0.1, -0.2, -0.1]), "classical": np.zeros(3)}
    assert choose_mix(choice(useless), NONE, origins=("classical", "gan")).shares == {}


def test_class_by_class_choosing_costs_one_fit_more_a_round():
    counted = []
    whole = choice(HELPS_ONE)
    spying = Choice(
        lambda shares: counted.append(1) or whole.try_dose(shares),
        whole.labels,
        whole.grid,
        whole.available,
        per_class=True,
    )
    choose_mix(spying, NONE, origins=("classical", "gan"))
    # Two origins at two shares and one composed; then the other origin's two and its composed one.
    assert len(counted) <= (2 * 2 + 1) + (2 + 1)


def test_classes_of_which_an_origin_has_no_rows_get_no_dose_of_it():
    only_last = {"gan": np.array([False, False, True])}
    helpful = {"gan": np.array([0.4, 0.4, 0.4])}
    dose = choose_share(choice(helpful, available=only_last), NONE, origin="gan")
    assert dose.shares["gan"].tolist() == [0.0, 0.0, 0.5]
    nothing = choice(helpful, available={"gan": np.zeros(3, bool)})
    assert choose_share(nothing, NONE, origin="gan").shares == {}


def test_a_dose_of_rows_that_do_not_exist_changes_nothing_for_static_copies():
    real = digits([12, 12, 5])
    empty = Extra("gan", noisy(real, 0).take(slice(0, 0)), np.full(3, 0.5))
    recipe = Recipe(augmentation=1.0)
    with_empty = add_static_rows(TrainingSet(real, (empty,)), recipe, seed=1)
    without = add_static_rows(TrainingSet(real), recipe, seed=1)
    assert np.array_equal(with_empty.draw_probabilities(1.0), without.draw_probabilities(1.0))

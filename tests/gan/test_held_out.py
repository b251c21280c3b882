import numpy as np

from pipeline import synthesis
from pipeline.gan.held_out import held_out_rows
from pipeline.params import GanParams

from .conftest import digits_of

LABELS = np.array([0] * 80 + [1] * 65 + [2] * 10)


def test_large_classes_give_a_fraction_and_rare_ones_nothing():
    rows = held_out_rows(LABELS, fraction=0.1, seed=1)
    assert np.bincount(LABELS[rows], minlength=3).tolist() == [8, 6, 0]


def test_a_class_that_could_give_too_few_to_say_something_gives_none():
    labels = np.array([0] * 80 + [1] * 59)
    assert set(labels[held_out_rows(labels, fraction=0.1, seed=1)]) == {0}


def test_rows_that_stay_together_are_held_out_all_or_none():
    bonds = np.array([f"pair {n // 2}" for n in range(len(LABELS))], object)
    rows = held_out_rows(LABELS, fraction=0.1, seed=1, bonds=bonds)
    assert np.bincount(LABELS[rows], minlength=3).tolist() == [8, 6, 0]
    assert not set(bonds[rows]) & set(np.delete(bonds, rows))


def test_a_large_class_takes_no_row_of_a_rare_one_with_it():
    # Every row of the rare class has a twin in the first.
    bonds = np.array([f"row {n % 145}" for n in range(len(LABELS))], object)
    rows = held_out_rows(LABELS, fraction=0.5, seed=1, bonds=bonds)
    assert np.bincount(LABELS[rows], minlength=3).tolist() == [40, 32, 0]


def test_nothing_is_held_out_when_nothing_is_asked_for():
    assert len(held_out_rows(LABELS, fraction=0.0, seed=1)) == 0


def test_the_training_says_what_it_held_out_and_what_it_saw():
    params = GanParams(steps=2, batch_samples=6, held_out_fraction=0.2)
    config = synthesis.train_generator(digits_of({0: 50, 3: 12}), params, seed=1).config
    assert config["held_out_samples"] == {"0": 10, "3": 0}
    assert config["training_samples"] == {"0": 40, "3": 12}


def test_a_validation_split_takes_the_place_of_held_out_samples():
    params = GanParams(steps=2, batch_samples=6, held_out_fraction=0.2)
    validation = digits_of({0: 9, 3: 9}, skip=60)
    fitted = synthesis.train_generator(
        digits_of({0: 50, 3: 12}), params, seed=1, validation=validation
    )
    assert fitted.config["training_samples"] == {"0": 50, "3": 12}
    assert fitted.config["held_out_samples"] == {"0": 9, "3": 9}
    assert "accuracy_held_out" in fitted.history[-1]

import copy

import pytest
import torch

from pipeline import synthesis
from pipeline.errors import ParamsError
from pipeline.gan.history import Meter
from pipeline.params import GanParams

from .conftest import digits_of

TINY = GanParams(steps=12, batch_samples=12)


def test_equal_arguments_give_equal_weights_bit_for_bit(few_digits, barely_trained):
    again = synthesis.train_generator(few_digits, TINY, seed=5)
    assert again.hash == barely_trained.hash
    assert again.history == barely_trained.history


def test_another_seed_gives_another_generator(few_digits, barely_trained):
    assert synthesis.train_generator(few_digits, TINY, seed=6).hash != barely_trained.hash


def test_training_neither_reads_nor_moves_the_global_random_state(few_digits, barely_trained):
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    assert synthesis.train_generator(few_digits, TINY, seed=5).hash == barely_trained.hash
    assert (torch.random.get_rng_state() == before).all()


def test_training_leaves_its_samples_unchanged():
    samples = digits_of({0: 10, 1: 10})
    values, labels = copy.deepcopy((samples.values, samples.labels))
    synthesis.train_generator(samples, TINY, seed=1)
    assert (samples.values == values).all()
    assert (samples.labels == labels).all()


def test_the_history_tells_both_losses_and_the_discriminators_accuracy(well_trained):
    rows = well_trained.history
    assert [row["step"] for row in rows] == list(range(25, 301, 25))
    assert set(rows[0]) >= {
        "generator_loss",
        "discriminator_loss",
        "accuracy_real",
        "accuracy_fake",
    }
    assert all(0 <= row["accuracy_real"] <= 1 for row in rows)


def test_a_class_without_samples_is_refused_by_name():
    samples = digits_of({0: 5, 1: 5, 2: 0})
    with pytest.raises(ParamsError, match="class '2' has none"):
        synthesis.train_generator(samples, TINY, seed=1)


def test_the_meter_takes_the_mean_of_a_scalar_that_moves_in_place():
    meter, strength = Meter(), torch.zeros(())
    for _ in range(3):
        meter.add(strength=strength.add_(1.0))
    assert meter.read(lambda sums: sums) == {"strength": 2.0}

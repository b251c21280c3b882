"""The first steps of a training, in which a generator may die."""

import numpy as np
import pytest
import torch

from pipeline import synthesis
from pipeline.gan.warmup import share_at
from pipeline.modalities.image_convolutional import LEAST_SLOPE, Bounded
from pipeline.params import GanParams
from pipeline.samples import Samples

from .conftest import digits_of


def test_the_learning_rate_rises_in_equal_parts_and_then_stays():
    shares = [share_at(step, warmup_steps=4) for step in range(6)]
    assert shares == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_without_a_warm_up_the_first_step_has_the_whole_rate():
    assert share_at(0, warmup_steps=0) == 1.0


def test_bounded_values_are_those_of_tanh():
    values = torch.linspace(-30, 30, 61)
    assert torch.equal(Bounded.apply(values), torch.tanh(values))


def test_a_pixel_at_the_end_of_its_range_can_be_told_to_come_back_and_not_to_go_further():
    values = torch.tensor([-30.0, -30.0, 0.0, 0.0, 30.0, 30.0], requires_grad=True)
    # A descent along a gradient below 0 makes the value larger.
    Bounded.apply(values).backward(torch.tensor([-1.0, 1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad.tolist() == pytest.approx([-LEAST_SLOPE, 0, -1, 1, LEAST_SLOPE, 0])


def thin_strokes() -> Samples:
    """Digits of which only the darkest strokes are left, small in the middle of a black picture."""
    samples = digits_of(dict.fromkeys(range(10), 20))
    strokes = np.where(samples.values > 200, samples.values, 0).astype(np.uint8)
    strokes = strokes.repeat(2, axis=1).repeat(2, axis=2)
    strokes = np.pad(strokes, ((0, 0), (6, 6), (6, 6), (0, 0)))
    schema = samples.schema.model_copy(update={"image_shape": strokes.shape[1:]})
    return Samples(schema, strokes, samples.labels, samples.provenance)


def test_pictures_that_are_nearly_black_do_not_leave_the_generator_black():
    samples = thin_strokes()
    fitted = synthesis.train_generator(
        samples, GanParams(steps=60, batch_samples=32, width=16), seed=0
    )
    drawn = synthesis.draw(fitted, dict.fromkeys(samples.schema.classes, 4))
    spread, of_reals = (part.values.std(axis=0).mean() for part in (drawn, samples))
    assert spread > 0.1 * of_reals

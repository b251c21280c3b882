"""The first steps of a training, in which a generator may die."""

import numpy as np

from pipeline import synthesis
from pipeline.gan.warmup import share_at
from pipeline.params import GanParams
from pipeline.samples import Samples

from .conftest import digits_of


def test_the_learning_rate_rises_in_equal_parts_and_then_stays():
    shares = [share_at(step, warmup_steps=4) for step in range(6)]
    assert shares == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_without_a_warm_up_the_first_step_has_the_whole_rate():
    assert share_at(0, warmup_steps=0) == 1.0


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

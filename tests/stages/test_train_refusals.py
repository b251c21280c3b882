from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ParamsError, TrainingError
from pipeline.params import GanParams
from pipeline.samples import Samples, Schema
from pipeline.stages.train import refuse_dead, refuse_large_batch
from pipeline.synthesis import plan_of
from tests.trial.stand_ins import digits


def test_a_batch_larger_than_the_dataset_is_refused():
    with pytest.raises(ParamsError, match=r"`gan.batch_samples` is 64, .* has 30 samples"):
        refuse_large_batch(64, 30)


def test_a_batch_as_large_as_the_dataset_is_fine():
    refuse_large_batch(30, 30)


def test_a_dataset_smaller_than_the_presets_batch_is_trained_in_batches_of_its_size():
    refuse_large_batch(None, 30)
    small, large = (plan_of(digits([n, n]), GanParams())[0] for n in (15, 60))
    assert (small.batch_samples, large.batch_samples) == (30, 64)


def many_classes(*, rows):
    stream = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), rows)
    return Samples(
        Schema(
            modality="image", classes=tuple(f"class {k}" for k in range(60)), image_shape=(8, 8, 1)
        ),
        stream.integers(0, 256, (len(labels), 8, 8, 1)).astype(np.uint8),
        labels.astype(np.int64),
        pd.DataFrame({"id": [f"row-{n}" for n in range(len(labels))]}),
    )


@pytest.mark.parametrize("rows", [1, 40])
def test_with_many_classes_a_batch_still_shows_two_samples_of_each(rows):
    recipe, _ = plan_of(many_classes(rows=rows), GanParams())
    assert recipe.batch_samples == 120


def test_a_batch_that_was_asked_for_and_shows_no_class_twice_is_taken_with_a_warning(caplog):
    recipe, _ = plan_of(many_classes(rows=2), GanParams(batch_samples=64))
    assert recipe.batch_samples == 64
    assert "120 or more are advised" in caplog.text


@pytest.mark.parametrize(
    ("preset", "told"),
    [("cvae", {"gamma_real": 0.1}), ("dcgan", {"deviation": True})],
)
def test_a_part_that_a_preset_does_not_have_is_refused_and_not_passed_over(preset, told):
    with pytest.raises(ParamsError, match=f"`gan.{next(iter(told))}`: leave it out"):
        plan_of(digits([15, 15]), GanParams(preset=preset, **told))


@pytest.mark.parametrize(("diversity", "is_refused"), [(0.0, True), (0.4, False)])
def test_a_generator_that_died_is_not_released(diversity, is_refused):
    ending = {"reason": "collapse", "kept_step": 200, "message": "It is dead."}
    history = [{"step": 200, "diversity": [diversity, None]}]
    dead = SimpleNamespace(config={"ending": ending}, history=history)
    if is_refused:
        with pytest.raises(TrainingError, match=r"It is dead\. Take another `seed`"):
            refuse_dead(dead)
    else:
        refuse_dead(dead)

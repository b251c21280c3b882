"""Alarms, plateau, time, and which generator is kept."""

import logging
import math

import pytest
import torch

from pipeline import synthesis
from pipeline.errors import TrainingError
from pipeline.gan import alarm, stopping, training
from pipeline.gan.adversarial import AdversarialMethod
from pipeline.params import GanParams

CLASSES = ("cat", "dog")


STEPS = 1000


def watched(*diversities, scores=None):
    scores = scores or [0.5] * len(diversities)
    return [
        {"step": 125 * (i + 1), "diversity": list(diversity), "score": score}
        for i, (diversity, score) in enumerate(zip(diversities, scores, strict=True))
    ]


def test_a_healthy_training_raises_no_alarm():
    assert alarm.collapse(watched(*[(0.9, 0.7)] * 8), CLASSES, steps=STEPS) is None


def test_a_class_that_became_one_picture_raises_the_alarm_by_name():
    rows = watched(*[(0.9, 0.7)] * 4, (0.9, 0.1), (0.9, 0.1))
    assert "'dog'" in alarm.collapse(rows, CLASSES, steps=STEPS)
    assert "'cat'" not in alarm.collapse(rows, CLASSES, steps=STEPS)


def test_one_bad_look_is_not_yet_a_collapse():
    assert alarm.collapse(watched(*[(0.9, 0.7)] * 5, (0.9, 0.1)), CLASSES, steps=STEPS) is None


def test_the_first_looks_at_a_generator_that_is_still_alike_are_forgiven():
    assert alarm.collapse(watched(*[(0.1, 0.1)] * 3), CLASSES, steps=STEPS) is None
    assert alarm.collapse(watched(*[(0.0, 0.1)] * 3), CLASSES, steps=STEPS) is None


def test_a_training_of_four_looks_can_still_raise_the_alarm():
    rows = [{**row, "step": 2 * row["step"]} for row in watched(*[(0.9, 0.1)] * 4)]
    assert alarm.collapse(rows[:2], CLASSES, steps=STEPS) is None
    assert "'dog'" in alarm.collapse(rows[:3], CLASSES, steps=STEPS)


def test_a_class_whose_reals_are_one_picture_has_no_variety_to_lose():
    rows = watched(*[(0.9, None)] * 8)
    assert alarm.collapse(rows, CLASSES, steps=STEPS) is None
    assert "dead" in alarm.collapse(watched((0.0, None), (0.0, None)), CLASSES, steps=STEPS)


def test_a_generator_that_draws_one_picture_for_everything_is_not_waited_for():
    assert alarm.collapse(watched((0.0, 0.0)), CLASSES, steps=STEPS) is None
    assert "dead" in alarm.collapse(watched((0.0, 0.0), (0.01, 0.0)), CLASSES, steps=STEPS)


def test_before_its_first_hundred_steps_no_generator_is_dead():
    rows = [
        {**row, "step": step} for row, step in zip(watched(*[(0, 0)] * 2), (50, 99), strict=True)
    ]
    assert alarm.collapse(rows, CLASSES, steps=STEPS) is None


def test_a_finite_loss_beyond_any_game_is_a_divergence():
    assert "9.8e+06" in alarm.divergence({"step": 7, "discriminator_loss": 9.8e6})
    assert alarm.divergence({"step": 7, "discriminator_loss": 3.0}) is None


def test_a_reconstruction_cost_may_be_large():
    assert alarm.divergence({"step": 7, "generator_loss": 3e4, "reconstruction": 3e4}) is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_a_divergence(value):
    assert "`generator_loss`" in alarm.divergence({"step": 7, "generator_loss": value})


def test_a_plateau_is_patience_without_anything_better():
    rows = watched(*[(1, 1)] * 5, scores=[0.2, 0.6, 0.5, 0.6, 0.4])
    assert stopping.has_plateaued(rows, patience_watches=3)
    assert not stopping.has_plateaued(rows, patience_watches=4)
    assert not stopping.has_plateaued(rows, patience_watches=0)


def test_a_later_generator_is_kept_unless_it_is_clearly_worse():
    assert stopping.is_better(0.1, None)
    assert stopping.is_better(0.48, 0.5)
    assert not stopping.is_better(0.4, 0.5)


def test_no_generator_with_more_collapsed_classes_replaces_one_with_fewer():
    assert not stopping.is_better(0.9, 0.5, lost=1, best_lost=0)
    assert stopping.is_better(0.1, 0.9, lost=0, best_lost=1)


def test_the_time_bounds_a_training_and_the_result_says_so(few_digits, caplog):
    params = GanParams(steps=10_000_000, batch_samples=12, max_seconds=0.001)
    with caplog.at_level(logging.WARNING):
        fitted = synthesis.train_generator(few_digits, params, seed=1)
    ending = fitted.config["ending"]
    assert (ending["reason"], ending["stopped_at_step"]) == ("time", 25)
    assert "on a faster or slower machine" in caplog.text


def test_a_training_that_takes_all_its_steps_says_nothing_of_time(barely_trained):
    assert barely_trained.config["ending"]["reason"] == "steps"
    assert barely_trained.config["ending"]["message"] == ""


def spoil_from(step, monkeypatch):
    """Make the generator's weights infinite at a step, as a divergence would."""
    honest = AdversarialMethod.take_step

    def take_step(method, given, meter):
        honest(method, given, meter)
        if given.step >= step:
            with torch.no_grad():
                method.generator.last.weight.fill_(math.nan)

    monkeypatch.setattr(AdversarialMethod, "take_step", take_step)


def test_a_divergence_ends_with_the_last_good_generator(few_digits, monkeypatch, caplog):
    params = GanParams(steps=200, batch_samples=12, watch_every_steps=25)
    spoil_from(60, monkeypatch)
    fitted = synthesis.train_generator(few_digits, params, seed=1)
    assert fitted.config["ending"]["reason"] == "divergence"
    assert fitted.config["ending"]["kept_step"] == 50
    assert "The generator of step 50 is kept" in caplog.text
    assert synthesis.draw(fitted, {"0": 3}).counts()["0"] == 3


@pytest.mark.parametrize("step", [60, 74], ids=["between readings", "in a look's own step"])
def test_a_generator_kept_from_a_divergence_can_be_written_and_read(
    step, few_digits, monkeypatch, tmp_path
):
    params = GanParams(steps=200, batch_samples=12, watch_every_steps=25)
    spoil_from(step, monkeypatch)
    fitted = synthesis.train_generator(few_digits, params, seed=1, directory=tmp_path / "state")
    assert (fitted.config["ending"]["reason"], fitted.config["ending"]["kept_step"]) == (
        "divergence",
        50,
    )
    synthesis.save_generator(tmp_path, fitted)
    assert synthesis.load_generator(tmp_path).history == fitted.history


def test_a_divergence_before_anything_is_worth_keeping_is_an_error(few_digits, monkeypatch):
    params = GanParams(steps=200, batch_samples=12, watch_every_steps=0)
    spoil_from(5, monkeypatch)
    with pytest.raises(TrainingError, match="gradient penalty"):
        synthesis.train_generator(few_digits, params, seed=1)


def test_a_collapse_ends_early_with_the_best_generator(few_digits, monkeypatch):
    params = GanParams(steps=10_000, batch_samples=12, watch_every_steps=25)
    honest = training.Watch.look

    def look(watch, generator, discriminator, *, step):
        row = honest(watch, generator, discriminator, step=step)
        lost = step >= 150
        return row | {"diversity": [0.01 if lost else 0.9] * 3, "score": 0.1 if lost else 0.6}

    monkeypatch.setattr(training.Watch, "look", look)
    ending = synthesis.train_generator(few_digits, params, seed=1).config["ending"]
    assert (ending["reason"], ending["stopped_at_step"]) == ("collapse", 175)
    assert ending["kept_step"] == 125

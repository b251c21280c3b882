import pytest

from pipeline.params import TrialParams
from pipeline.trial.arms import CHEAP_ARMS, arms_for


def test_every_arm_that_has_settings_gets_the_same_number_of_tries():
    tries = {arm.name: len(arm.candidates) for arm in CHEAP_ARMS}
    assert tries.pop("real") == 1
    assert set(tries.values()) == {3}


def test_no_two_tries_of_an_arm_are_the_same():
    for arm in CHEAP_ARMS:
        assert len(set(arm.candidates)) == len(arm.candidates)


@pytest.mark.parametrize("preset", ["light", "full"])
def test_current_practice_is_always_among_the_arms(preset):
    params = TrialParams(preset=preset, current_practice="classical_half")
    assert "classical_half" in {arm.name for arm in arms_for("cnn", params)}


def test_mixup_is_left_to_what_is_trained_in_steps():
    params = TrialParams(preset="full")
    assert "classical_mixup" in {arm.name for arm in arms_for("cnn", params)}
    assert "classical_mixup" not in {arm.name for arm in arms_for("svm", params)}

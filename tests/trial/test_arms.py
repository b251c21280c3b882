from typing import get_args

import pytest
from pydantic import ValidationError

from pipeline.params import ArmName, ClassifierName, TrialParams
from pipeline.trial.arms import CHEAP_ARMS, arms_for
from pipeline.trial.learners import applies


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


@pytest.mark.parametrize("practice", get_args(ArmName))
@pytest.mark.parametrize("classifier", get_args(ClassifierName))
def test_a_practice_that_a_classifier_cannot_be_trained_by_is_refused_before_any_work(
    practice, classifier
):
    told = {
        "classifiers": (classifier,),
        "primary_classifier": classifier,
        "current_practice": practice,
    }
    can = any(arm.name == practice and applies(classifier, arm.candidates[0]) for arm in CHEAP_ARMS)
    if can:
        params = TrialParams(**told)
        assert practice in {arm.name for arm in arms_for(classifier, params)}
    else:
        with pytest.raises(ValidationError, match=f"which {classifier} of `trial.classifiers`"):
            TrialParams(**told)


def test_mixup_is_left_to_what_is_trained_in_steps():
    params = TrialParams(preset="full")
    assert "classical_mixup" in {arm.name for arm in arms_for("cnn", params)}
    assert "classical_mixup" not in {arm.name for arm in arms_for("svm", params)}

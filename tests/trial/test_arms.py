import pytest

from pipeline.modalities.registry import MODALITIES
from pipeline.params import ADVISABLE, TrialParams
from pipeline.trial.arms import ARMS, arms_for


def test_every_way_to_train_that_has_settings_gets_the_same_number_of_tries():
    tries = {arm.name: len(arm.candidates) for arm in ARMS}
    assert tries.pop("plain") == 1
    assert set(tries.values()) == {3}


def test_no_two_tries_of_a_way_to_train_are_the_same():
    for arm in ARMS:
        assert len(set(arm.candidates)) == len(arm.candidates)


@pytest.mark.parametrize("modality", MODALITIES.values(), ids=list(MODALITIES))
def test_plain_training_is_always_among_the_ways_to_train(modality):
    for name in set(ADVISABLE) & set(modality.classifiers):
        for preset in ("light", "full"):
            arms = arms_for(name, TrialParams(preset=preset), modality)
            assert "plain" in {arm.name for arm in arms}


def test_mixup_is_left_to_what_is_trained_in_steps():
    params, images = TrialParams(preset="full"), MODALITIES["image"]
    assert "classical_mixup" in {arm.name for arm in arms_for("cnn", params, images)}
    assert "classical_mixup" not in {arm.name for arm in arms_for("svm", params, images)}


def test_every_baseline_of_tables_is_a_way_to_train_of_each_preset():
    wanted = {"plain", "balanced", "undersampled", "class_weights", "logit_adjustment"}
    for preset in ("light", "full"):
        arms = arms_for("boosting", TrialParams(preset=preset), MODALITIES["table"])
        assert {arm.name for arm in arms} >= wanted


def test_rows_of_a_table_are_never_augmented():
    for name in MODALITIES["table"].classifiers:
        for arm in arms_for(name, TrialParams(preset="full"), MODALITIES["table"]):
            assert not any(recipe.augmentation for recipe in arm.candidates)

from pipeline.params import ADVISABLE, TrialParams
from pipeline.trial.arms import ARMS, arms_for


def test_every_way_to_train_that_has_settings_gets_the_same_number_of_tries():
    tries = {arm.name: len(arm.candidates) for arm in ARMS}
    assert tries.pop("plain") == 1
    assert set(tries.values()) == {3}


def test_no_two_tries_of_a_way_to_train_are_the_same():
    for arm in ARMS:
        assert len(set(arm.candidates)) == len(arm.candidates)


def test_plain_training_is_always_among_the_ways_to_train():
    for name in ADVISABLE:
        for preset in ("light", "full"):
            assert "plain" in {arm.name for arm in arms_for(name, TrialParams(preset=preset))}


def test_mixup_is_left_to_what_is_trained_in_steps():
    params = TrialParams(preset="full")
    assert "classical_mixup" in {arm.name for arm in arms_for("cnn", params)}
    assert "classical_mixup" not in {arm.name for arm in arms_for("svm", params)}

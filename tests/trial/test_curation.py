import numpy as np
import pandas as pd
import pytest

from pipeline.samples import Samples, concatenate
from pipeline.trial.curation import choose_exactly, curate, summarise
from tests.trial.stand_ins import digits, renamed

REAL = digits([60, 60, 20, 20])
HONEST = renamed(digits([20, 20, 20, 20], skip=100), "honest")


def judge(pool):
    return curate(pool, REAL, confirmer="logistic", steps=1, seed=5)


def test_unseen_real_samples_mostly_pass():
    assert judge(HONEST)["accepted"].mean() > 0.75


def test_a_copy_of_a_training_sample_is_named_with_its_original():
    copied = renamed(REAL.take([3, 70]), "copy")
    judged = judge(concatenate([HONEST, copied])).tail(2)
    assert list(judged["reason"]) == ["copy of a training sample"] * 2
    assert list(judged["nearest_real_id"]) == [REAL.ids[3], REAL.ids[70]]
    assert list(judged["nearest_distance"]) == [0.0, 0.0]


def test_the_second_of_two_equal_samples_is_turned_away():
    twice = concatenate([HONEST.take([0]), renamed(HONEST.take([0]), "twin")])
    judged = judge(twice)
    assert judged["reason"].iloc[0] != "duplicate of another synthetic sample"
    assert judged["reason"].iloc[1] == "duplicate of another synthetic sample"


def test_wrong_labels_are_not_confirmed():
    wrong = Samples(HONEST.schema, HONEST.values, (HONEST.labels + 1) % 4, HONEST.provenance)
    judged = judge(wrong)
    assert (judged["reason"] == "label not confirmed").mean() > 0.8
    assert judged["score"].mean() < 0.2


def test_a_class_that_is_mostly_mislabelled_loses_all_its_samples():
    pool = HONEST.take(slice(0, 30))
    assert list(np.bincount(pool.labels)) == [20, 10]
    judged = judge(Samples(pool.schema, pool.values, np.ones(30, np.int64), pool.provenance))
    assert not judged["accepted"].any()


def test_pictures_like_none_of_the_class_are_off_its_manifold():
    noise = np.random.default_rng(0).integers(0, 256, HONEST.values.shape).astype(np.uint8)
    judged = judge(Samples(HONEST.schema, noise, HONEST.labels, HONEST.provenance))
    assert not judged["accepted"].any()


def test_every_rejected_sample_has_one_reason_and_every_accepted_none():
    judged = judge(HONEST)
    assert ((judged["reason"] == "") == judged["accepted"]).all()
    for row in summarise(judged, REAL.schema.classes):
        assert row.drawn == row.accepted + sum(row.rejected.values())


def test_judging_changes_no_input():
    values, labels = HONEST.values.copy(), REAL.labels.copy()
    judge(HONEST)
    assert (HONEST.values == values).all()
    assert (REAL.labels == labels).all()


@pytest.fixture
def judged():
    return pd.DataFrame(
        {
            "label": [0, 0, 0, 0, 1],
            "accepted": [False, True, False, True, True],
            "reason": ["label not confirmed", "", "copy of a training sample", "", ""],
            "score": [0.3, 0.9, 0.9, 0.8, 0.9],
        }
    )


def test_the_first_accepted_rows_make_up_the_exact_count(judged):
    assert list(choose_exactly(judged, ("a", "b"), {"a": 1})) == [False, True, False, False, False]


def test_a_shortage_is_made_up_by_rejected_rows_but_never_by_copies(judged):
    chosen = choose_exactly(judged, ("a", "b"), {"a": 4, "b": 1})
    assert list(chosen) == [True, True, False, True, True]

"""The rows that a trial parts are the prepared ones, and can be judged without their pictures."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ParamsError
from pipeline.params import Params
from pipeline.storage import read_rows, read_split, write_schema, write_split
from pipeline.trial.development import read_development, refuse_unpartable
from tests.trial.stand_ins import digits

TRAIN, VALIDATION = digits([20, 12]), digits([8, 3], skip=20)


@pytest.fixture
def prepared(tmp_path):
    """A function that writes splits as the prepare stage does."""

    def write(**splits):
        write_schema(tmp_path, TRAIN.schema)
        for name, samples in splits.items():
            write_split(tmp_path, name, samples)
        return tmp_path

    return write


def test_rows_without_values_are_the_same_rows(prepared):
    groups = TRAIN.provenance.assign(group=["a", None] * 16)
    folder = prepared(train=replace(TRAIN, provenance=groups))
    rows, whole = read_rows(folder, "train"), read_split(folder, "train")
    assert rows.provenance.equals(whole.provenance)
    assert np.array_equal(rows.labels, whole.labels)
    assert np.array_equal(rows.bonds, whole.bonds)


def test_validation_rows_belong_to_what_is_parted_and_training_keeps_its_counts(prepared):
    _, development, counts = read_development(prepared(train=TRAIN, validation=VALIDATION))
    assert development.counts() == {"0": 28, "1": 15}
    assert counts.tolist() == [20, 12]


def test_data_that_the_trial_could_not_part_are_refused_ahead_of_it(prepared):
    patients = [f"patient {n % 3}" for n in range(12)]
    names = [f"patient {n}" for n in range(3, 23)] + patients
    folder = prepared(train=replace(TRAIN, provenance=TRAIN.provenance.assign(group=names)))
    with pytest.raises(ParamsError, match=r"Class '1' has 12 development samples in 3 groups"):
        refuse_unpartable(folder, Params())
    refuse_unpartable(folder, Params.model_validate({"trial": {"folds": 3}}))


def test_data_that_the_trial_can_part_pass(prepared):
    params = Params.model_validate({"trial": {"thin_further": 0.5}})
    refuse_unpartable(prepared(train=TRAIN), params)
    refuse_unpartable(prepared(train=TRAIN, validation=VALIDATION), params)

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.samples import concatenate
from pipeline.trial.curation import curate
from tests.trial.table_stand_ins import mixed, table_of

REAL = mixed([200, 40])
COPY = "copy of a training sample"


def drawn(samples, prefix="drawn"):
    """The same rows as if a generator had drawn them."""
    names = [f"{prefix}-{n}" for n in range(len(samples))]
    return replace(samples, provenance=pd.DataFrame({"id": names}))


UNSEEN = drawn(mixed([60, 60], seed=1))


def judge(pool, *, real=REAL, confirmer="logistic"):
    return curate(pool, real, confirmer=confirmer, steps=100, seed=5)


@pytest.mark.parametrize("confirmer", ["logistic", "mlp"])
def test_unseen_real_rows_mostly_pass_though_classes_overlap(confirmer):
    """Of them one in four is likelier to be of the other class."""
    judged = judge(drawn(mixed([150, 150], seed=1)), confirmer=confirmer)
    assert judged["accepted"].mean() > 0.85


def test_a_copy_of_a_training_row_is_named_with_its_original():
    judged = judge(concatenate([UNSEEN, drawn(REAL.take([3, 70]), "copy")])).tail(2)
    assert list(judged["reason"]) == [COPY] * 2
    assert list(judged["nearest_real_id"]) == [REAL.ids[3], REAL.ids[70]]


def test_wrong_labels_of_classes_that_lie_apart_are_not_confirmed():
    real, pool = mixed([150, 50], apart=4), drawn(mixed([60, 60], seed=1, apart=4))
    wrong = replace(pool, labels=1 - pool.labels)
    assert judge(wrong, real=real)["accepted"].mean() < 0.1
    assert judge(pool, real=real)["accepted"].mean() > 0.85


def few_values(rows, seed):
    """Rows of two columns with a dozen values in all, as a table of codes may have."""
    stream = np.random.default_rng(seed)
    return table_of(
        np.arange(rows) % 2,
        a=("categorical", stream.choice(list("abcd"), rows)),
        b=("integer", stream.integers(0, 3, rows)),
    )


def test_where_equal_rows_are_usual_an_equal_one_is_no_copy():
    judged = judge(drawn(few_values(60, 1)), real=few_values(100, 0))
    assert COPY not in set(judged["reason"])
    assert judged["accepted"].mean() > 0.8


def test_rows_with_gaps_and_new_categories_are_judged_like_others():
    pool = drawn(UNSEEN.take(slice(0, 8)))
    pool = replace(pool, values=pool.values.assign(city=None).astype(pool.values.dtypes.to_dict()))
    judged = judge(pool)
    assert np.isfinite(judged[["score", "nearest_ratio", "nearest_distance"]]).all().all()

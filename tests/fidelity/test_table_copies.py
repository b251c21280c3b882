"""Copies among rows of a table, where equal rows may be chance."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipeline.fidelity.copies import search_copies
from pipeline.fidelity.safety import judge_safety
from pipeline.modalities.registry import modality_of
from pipeline.samples import concatenate
from tests.small_tables import table, with_column


def named(samples, prefix):
    ids = pd.DataFrame({"id": [f"{prefix}-{n}" for n in range(len(samples))]})
    return dataclasses.replace(samples, provenance=ids)


TRAINING = table(300, seed=0)
HOLDOUT = table(200, seed=1)
HONEST = named(table(150, seed=2), "made")
# Every row has many equals: two columns of few values.
COARSE = {"age": 30, "income": 100.0, "since": pd.Timestamp("2020-01-01")}


def coarse(samples):
    for name, value in COARSE.items():
        samples = with_column(samples, name, pd.Series([value] * len(samples)))
    return samples


def judged(synthetic, training=TRAINING, holdout=HOLDOUT):
    space = modality_of(training.schema).space(training)
    features = tuple(space.columns(part) for part in (synthetic, training, holdout))
    return judge_safety(synthetic, training, holdout, features=features, seed=2)


def test_honest_rows_are_rarely_flagged():
    found = search_copies(HONEST, TRAINING, HOLDOUT)
    assert found.exact.sum() == 0
    assert found.suspected.mean() <= 0.04
    assert found.is_chance


def test_a_copied_row_is_found_and_named():
    found = search_copies(concatenate([HONEST, named(TRAINING.take([7]), "c")]), TRAINING, HOLDOUT)
    assert found.exact[-1]
    assert found.exact.sum() == 1
    assert found.nearest_id[-1] == TRAINING.ids[7]


def test_a_generator_that_repeats_its_training_rows_is_told_from_chance():
    found = judged(named(TRAINING.take(slice(0, 100)), "copied"))
    assert (found.exact, found.exact_is_chance) == (100, False)
    assert found.membership_auc > 0.6


def test_equal_rows_are_no_copies_where_unseen_real_rows_equal_as_many():
    """A table of few columns has many equal rows, whoever made them."""
    made, training, holdout = (
        concatenate([coarse(each), named(table(40, seed=seed), f"fine {seed}")])
        for seed, each in ((5, HONEST), (6, TRAINING), (7, HOLDOUT))
    )
    found = search_copies(made, training, holdout)
    assert found.exact.mean() > 0.6
    assert found.expected == pytest.approx(found.exact.sum(), rel=0.2)
    assert found.is_chance


def test_equal_rows_above_the_base_rate_are_told_in_words():
    words = judged(named(concatenate([TRAINING, named(HOLDOUT.take([0]), "z")]), "c")).wording
    assert "more than chance" not in words
    assert "300 equal one" in words
    mixed = concatenate([HOLDOUT.take(slice(0, 190)), named(TRAINING.take([0, 1]), "again")])
    told = judged(named(TRAINING.take(slice(0, 90)), "c"), holdout=mixed).wording
    assert "more than chance explains" in told


def test_where_all_held_out_rows_equal_training_rows_the_search_says_that_it_cannot_tell():
    found = judged(HONEST, holdout=named(TRAINING.take(slice(0, 60)), "same"))
    assert found.tested == 0
    assert "equal no training row" in found.wording


def test_words_for_tables_know_no_pictures():
    words = judged(HONEST).wording
    assert "in all columns together" in words
    for wrong in ("pixel", "picture", "shift", "mirror", "moved"):
        assert wrong not in words


def test_a_category_of_few_training_rows_is_named_where_it_is_generated():
    jobs = TRAINING.values["job"].astype(object).where(np.arange(300) >= 3, "the only dean")
    training = with_column(TRAINING, "job", jobs)
    shown = with_column(HONEST, "job", ["the only dean"] * 2 + list(HONEST.values["job"][2:]))
    (rare,) = judged(shown, training=training).rare
    assert (rare.column, rare.value, rare.n_training, rare.n_synthetic) == (
        "job", "the only dean", 3, 2,
    )  # fmt: skip
    assert "may name a person" in judged(shown, training=training).wording
    assert judged(HONEST, training=training).rare == ()


def test_of_a_random_choice_equality_is_still_looked_for_among_all_training_rows():
    pool = named(TRAINING.take(slice(200, 300)), "copied")
    part, few = pool.take(slice(0, 50)), TRAINING.take(slice(0, 150))
    space = modality_of(TRAINING.schema).space(TRAINING)
    features = tuple(space.columns(each) for each in (part, few, HOLDOUT))
    found = judge_safety(part, few, HOLDOUT, features=features, seed=2, whole=(pool, TRAINING))
    assert found.exact == found.tested == 50
    assert (
        "Each of 50 synthetic rows, a random choice of 100, was compared with all 300 training "
        "samples for equality, and with 150 of them, chosen at random, in all columns together"
    ) in found.wording

import warnings

import numpy as np
import pyarrow as pa
import pytest

from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.registry import MODALITIES
from pipeline.modalities.table.encoders import encoder_for
from pipeline.trial.learners import fit
from tests.trial.table_stand_ins import mixed, table_of

TABLE = MODALITIES["table"]
REAL, UNSEEN = mixed([120, 30]), mixed([80, 80], seed=1)
FILLED = ("logistic", "svm", "knn", "mlp")


@pytest.mark.parametrize("name", TABLE.classifiers)
@pytest.mark.parametrize(
    "recipe", [Recipe(), Recipe(sampling=1.0), Recipe(logit_tau=1.0), Recipe(smote=True)],
    ids=lambda recipe: recipe.words(),
)  # fmt: skip
def test_every_classifier_learns_a_table_of_mixed_columns(name, recipe):
    if not TABLE.applies(name, recipe):
        return
    fitted = fit(name, TrainingSet(REAL), recipe, steps=100, seed=0)
    found = fitted.probabilities(UNSEEN)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(UNSEEN)))
    assert (found.argmax(axis=1) == UNSEEN.labels).mean() > 0.65


@pytest.mark.parametrize("name", TABLE.classifiers)
def test_the_same_seed_gives_the_same_classifier(name):
    both = [
        fit(name, TrainingSet(REAL), Recipe(), steps=20, seed=5).probabilities(UNSEEN)
        for _ in range(2)
    ]
    assert np.array_equal(*both)


def test_who_takes_no_gaps_gets_none_and_the_others_get_them_as_they_are():
    for name in TABLE.classifiers:
        has_gap = np.isnan(encoder_for(name, REAL).columns(REAL)).any()
        assert has_gap != (name in FILLED)


def test_nothing_but_the_rows_trained_on_sets_the_scale():
    alone = encoder_for("logistic", REAL).columns(REAL)
    encoder = encoder_for("logistic", REAL)
    encoder.columns(UNSEEN)
    assert np.array_equal(encoder.columns(REAL), alone)


def test_an_outlier_does_not_flatten_a_column():
    numbers = np.append(np.random.default_rng(0).normal(5, 2, 99), 1e9)
    rows = table_of(np.zeros(100), a=("continuous", numbers))
    for name in TABLE.classifiers:
        column = encoder_for(name, rows).columns(rows)[:-1, 0]
        assert column.std() == pytest.approx(1, abs=0.3)


def test_boosting_is_told_which_columns_are_codes():
    encoder = encoder_for("boosting", REAL)
    names = [column.name for column in REAL.schema.columns]
    told = dict(zip(names, encoder.categorical, strict=True))
    assert [name for name, is_code in told.items() if is_code] == ["city", "member"]
    numbers = table_of([0, 1], a=("integer", [1, 2]))
    assert encoder_for("boosting", numbers).categorical is None


@pytest.mark.parametrize("name", TABLE.classifiers)
def test_a_category_of_the_test_rows_alone_and_a_gap_that_training_had_not_are_taken(name):
    stream = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    seen = table_of(
        labels, a=("categorical", stream.permutation(["a", "b"] * 20)), b=("integer", labels * 3)
    )
    unseen = table_of(
        [0, 1, 0], a=("categorical", ["new", None, "a"]), b=("integer", pa.array([0, 3, None]))
    )
    found = fit(name, TrainingSet(seen), Recipe(), steps=50, seed=0).probabilities(unseen)
    assert np.isfinite(found).all()
    assert found[:2].argmax(axis=1).tolist() == [0, 1]


ODD = {
    "all categorical": {"a": ("categorical", list("ababcbabacab")), "b": ("boolean", [True] * 12)},
    "all numeric": {"a": ("continuous", np.arange(12) * 1.5), "b": ("integer", np.arange(12))},
    "constant": {"a": ("continuous", [0.1] * 12), "b": ("categorical", ["x"] * 12)},
    "all gaps": {
        "a": ("continuous", pa.array([None] * 12, pa.float64())),
        "b": ("categorical", pa.array([None] * 12, pa.string())),
        "c": ("datetime", pa.array([None] * 12, pa.date32())),
    },
    "300 categories, one each": {"a": ("categorical", [f"v{n}" for n in range(300)])},
    "enormous": {"a": ("continuous", [1e308, -1e308] * 6), "b": ("integer", [2**62, 1] * 6)},
    "text alone": {"a": ("text", list("abcdefghijkl"))},
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", TABLE.classifiers)
def test_odd_columns_are_fitted_without_a_warning(name, kind):
    n = len(next(iter(ODD[kind].values()))[1])
    rows = table_of(np.arange(n) % 3 == 0, **ODD[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit(name, TrainingSet(rows), Recipe(), steps=10, seed=0).probabilities(rows)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", TABLE.classifiers)
def test_a_class_of_fewer_rows_than_columns_is_fitted(name):
    stream = np.random.default_rng(0)
    wide = {f"c{n}": ("continuous", stream.normal(0, 1, 11)) for n in range(25)}
    rows = table_of([0] * 9 + [1] * 2, **wide)
    found = fit(name, TrainingSet(rows), Recipe(), steps=10, seed=0).probabilities(rows)
    assert np.isfinite(found).all()

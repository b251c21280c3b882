"""Rows made from a table's rows without a generator are valid, and no copies."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.column_types import frame_to_arrow
from pipeline.modalities.registry import MODALITIES
from pipeline.row_digests import row_names, value_digests
from pipeline.samples import concatenate
from tests.trial.table_stand_ins import mixed, table_of

TABLE = MODALITIES["table"]
REAL = mixed([60, 12, 5])
WANTED, MORE = np.array([20, 50, 100]), np.array([0, 300, 7])
MAKERS = pytest.mark.parametrize("make", [TABLE.makers[o] for o in ("munge", "smote")],
                                 ids=["munge", "smote"])  # fmt: skip


@MAKERS
def test_rows_are_valid_by_construction(make):
    made = make(REAL, WANTED, seed=1)
    assert made.values.dtypes.equals(REAL.values.dtypes)
    assert list(made.values.columns) == list(REAL.values.columns)
    for column in REAL.schema.columns:
        new, old = made.values[column.name].dropna(), REAL.values[column.name].dropna()
        if column.kind in ("categorical", "boolean", "datetime"):
            assert set(new) <= set(old)
        else:
            assert old.min() <= new.min() <= new.max() <= old.max()
    assert (made.values["amount"].round(2) == made.values["amount"]).all()
    assert made.values["amount"].nunique() > REAL.values["amount"].nunique()


@MAKERS
def test_as_many_of_each_class_as_are_wanted_with_names_of_their_own(make):
    made = make(REAL, WANTED, seed=1)
    assert np.bincount(made.labels).tolist() == WANTED.tolist()
    assert len(set(made.ids)) == len(made)


@MAKERS
def test_rows_are_no_copies_of_real_ones(make):
    made = make(REAL, WANTED, seed=1)
    assert not np.isin(value_digests(made), value_digests(REAL)).any()


@MAKERS
def test_asking_for_more_of_a_class_changes_no_row_that_was_there(make):
    some, more = make(REAL, WANTED, seed=1), make(REAL, WANTED + MORE, seed=1)
    for label in range(3):
        first, others = (row_names(one.take(one.labels == label)) for one in (some, more))
        assert others[: len(first)] == first


@MAKERS
def test_the_same_seed_gives_the_same_rows(make):
    first, again, other = (row_names(make(REAL, WANTED, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_gaps_of_munge_rows_stay_where_they_belong():
    """The score is missing exactly where the city is Jena."""
    real = mixed([200, 60])
    made = TABLE.makers["munge"](real, np.array([100, 200]), seed=1).values
    is_gap = made["score"].isna()
    assert 0.02 < is_gap.mean() < 0.4
    assert is_gap[made["city"] == "Jena"].mean() > 0.7
    assert is_gap[made["city"] != "Jena"].mean() < 0.1


@MAKERS
def test_steps_ranges_and_types_of_the_source_are_kept(make):
    n, stream = 40, np.random.default_rng(0)
    real = table_of(
        np.arange(n) % 2,
        tens=("integer", 10 * stream.integers(1, 9, n) + 3, "int8"),
        huge=("integer", 2**62 + stream.integers(0, 1000, n)),
        nullable=("integer", pa.array([None if k % 3 == 2 else k % 3 for k in range(n)])),
        price=("continuous", stream.integers(0, 40, n) / 4),
        single=("continuous", np.round(stream.normal(0, 1, n), 1).astype(np.float32), "float"),
        moment=(
            "datetime",
            pa.array(stream.integers(0, 99, n) * 3_600_000, pa.timestamp("ms", "Europe/Berlin")),
            "timestamp[ms, tz=Europe/Berlin]",
        ),
        flag=("boolean", stream.random(n) < 0.5),
    )
    made = make(real, np.array([50, 50]), seed=1)
    arrow = frame_to_arrow(made.values, real.schema.columns)
    assert arrow.schema.types == frame_to_arrow(real.values, real.schema.columns).schema.types
    assert set(made.values["tens"].to_numpy() % 10) == {3}
    assert made.values["huge"].min() >= 2**62
    assert set(made.values["nullable"].dropna()) <= {0, 1}
    assert set(made.values["price"].to_numpy() % 0.25) == {0}
    told = {f"{value:.6g}" for value in made.values["single"]}
    assert all(len(text.partition(".")[2]) <= 1 for text in told)


@MAKERS
def test_no_category_of_fewer_than_five_rows_is_given_to_a_new_row(make):
    city = ["Ulm"] * 20 + ["Bonn"] * 15 + ["Rome"] * 4 + ["Oslo"]
    real = table_of(np.arange(40) % 2, city=("categorical", city), a=("integer", np.arange(40)))
    made = make(real, np.array([60, 60]), seed=1)
    assert set(made.values["city"]) == {"Ulm", "Bonn"}


@MAKERS
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_class_of_few_rows_can_be_filled(make, rows):
    real = mixed([40, rows])
    made = make(real, np.array([0, 30]), seed=1)
    assert np.bincount(made.labels).tolist() == [0, 30]


@MAKERS
def test_free_text_of_a_person_is_given_to_nobody(make):
    real = table_of([0] * 8, a=("integer", np.arange(8)), note=("text", list("abcdefgh")))
    assert make(real, np.array([9]), seed=1).values["note"].isna().all()


@MAKERS
def test_real_rows_stay_as_they_were(make):
    before = row_names(REAL)
    made = make(REAL, WANTED, seed=1)
    assert row_names(REAL) == before
    assert len(concatenate([REAL.take([0]), made])) == len(made) + 1


def test_rows_of_noise_and_no_rows_have_the_columns_of_the_schema():
    types = frame_to_arrow(REAL.values, REAL.schema.columns).schema.types
    noise = TABLE.noise(REAL.schema, [3, 0, 2])
    assert noise.labels.tolist() == [0, 0, 0, 2, 2]
    for frame in (noise.values, TABLE.empty(REAL.schema)):
        assert frame_to_arrow(frame, REAL.schema.columns).schema.types == types


def test_a_sheet_runs_no_formula():
    real = table_of([0, 0], **{"=name": ("categorical", ["=1+1", "@x"]), "a": ("integer", [1, -2])})
    (content,) = TABLE.sheets(real.schema.classes, {"real": real}).values()
    assert content.decode().splitlines() == [
        "kind,'=name,a",
        "class 0,'=1+1,1",
        "class 0,'@x,-2",
    ]

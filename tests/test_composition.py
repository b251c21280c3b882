import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.composition import FILLS, Composition, first_rows, oversampled, put_together
from tests.trial.stand_ins import digits, renamed

REAL = np.array([80, 40, 10, 0])
PLENTY = {origin: np.full(4, 1000) for origin in ("gan", "classical", "deformed")}


@pytest.mark.parametrize(
    ("fill", "added"),
    [
        ("nothing", [0, 0, 0, 0]),
        ("half", [0, 20, 35, 0]),
        ("largest", [0, 40, 70, 0]),
        ("four times", [240, 280, 310, 0]),
    ],
)
def test_classes_are_filled_to_their_level_and_a_class_without_real_rows_is_not(fill, added):
    assert Composition(fill, ("gan",)).counts(REAL, PLENTY)["gan"].tolist() == added


def test_sources_give_equal_parts_and_the_first_ones_what_is_left_over():
    counts = Composition("largest", ("gan", "classical", "deformed")).counts(REAL, PLENTY)
    assert [counts[origin][2] for origin in ("gan", "classical", "deformed")] == [24, 23, 23]


def test_what_one_source_lacks_the_others_give():
    available = {**PLENTY, "gan": np.array([0, 5, 0, 0])}
    counts = Composition("largest", ("gan", "classical")).counts(REAL, available)
    assert counts["gan"].tolist() == [0, 5, 0, 0]
    assert counts["classical"].tolist() == [0, 35, 70, 0]


@given(
    fill=st.sampled_from(sorted(FILLS)),
    real=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    rows=st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=2, max_size=2),
)
def test_no_class_gets_more_than_it_lacks_or_than_there_is(fill, real, rows):
    counts = np.array(real)
    available = {
        origin: np.array(each[: len(real)])
        for origin, each in zip(("gan", "smote"), rows, strict=True)
    }
    composition = Composition(fill, ("gan", "smote"))
    given_rows = composition.counts(counts, available)
    total = sum(given_rows.values())
    there = sum(available.values())
    assert all((given_rows[origin] <= available[origin]).all() for origin in available)
    assert (total == np.minimum(composition.missing(counts), there)).all()


def test_a_set_is_the_real_rows_and_then_the_first_rows_of_each_source():
    real, other = digits([4, 2]), renamed(digits([3, 5], skip=20), "drawn")
    together = put_together(real, {"gan": other}, {"gan": np.array([0, 2])})
    assert together.counts() == {"0": 4, "1": 4}
    assert list(together.ids[6:]) == list(other.ids[other.labels == 1][:2])


def test_the_first_rows_of_a_class_keep_their_order():
    labels = np.array([1, 0, 1, 1, 0])
    assert first_rows(labels, np.array([1, 2])).tolist() == [0, 1, 2]


def test_oversampling_repeats_the_rows_of_smaller_classes_until_all_are_equally_many():
    real = digits([5, 2])
    repeated = oversampled(real)
    assert repeated.counts() == {"0": 5, "1": 5}
    assert set(repeated.ids) == set(real.ids)

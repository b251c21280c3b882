import numpy as np
import pyarrow as pa
import pytest

from pipeline.modalities.table.space import TableSpace
from tests.trial.table_stand_ins import mixed, table_of

REAL = mixed([40, 20])


def distances(space, samples):
    """Squared distance of every pair, without a row and itself."""
    columns = space.columns(samples)
    squares = ((columns[:, None] - columns[None]) ** 2).sum(axis=2)
    return squares[~np.eye(len(columns), dtype=bool)]


def test_numbers_and_categories_of_a_column_are_about_equally_far_apart():
    stream = np.random.default_rng(0)
    numbers = table_of(np.zeros(400), a=("continuous", stream.normal(0, 1e6, 400)))
    texts = table_of(np.zeros(400), a=("categorical", stream.permutation(["a", "b"] * 200)))
    of_numbers = distances(TableSpace.fit(numbers), numbers).mean()
    of_texts = distances(TableSpace.fit(texts), texts)
    assert of_texts[of_texts > 1e-9] == pytest.approx(of_numbers, rel=0.02)


def test_an_outlier_moves_no_other_row():
    plain = np.arange(50.0)
    wild = np.append(plain[:-1], 1e9)
    fitted = [table_of(np.zeros(50), a=("continuous", one)) for one in (plain, wild)]
    queries = table_of(np.zeros(40), a=("continuous", plain[:40]))
    assert np.array_equal(*(TableSpace.fit(one).columns(queries) for one in fitted))


def test_what_was_never_seen_has_a_place_of_its_own_and_none_is_infinite():
    space = TableSpace.fit(REAL)
    strange = table_of(
        [0, 0, 0],
        amount=("continuous", [1e300, -1e300, float(REAL.values["amount"].max()) + 1]),
        visits=("integer", [2**31 - 1, -5, 3], "int32"),
        city=("categorical", ["Atlantis", None, "Ulm"]),
        member=("boolean", [None, True, False]),
        since=("datetime", pa.array([None, 0, 100_000], pa.date32())),
        score=("continuous", pa.array([None, 0.0, 0.0])),
    )
    columns = space.columns(strange)
    assert columns.shape == (3, space.columns(REAL).shape[1])
    assert np.isfinite(columns).all()
    assert np.abs(columns).max() < 1.3
    assert len(np.unique(columns[:, 0])) == 3


def test_a_gap_is_like_a_gap_and_unlike_every_number():
    cells = pa.array([*range(20), None, None])
    gaps = table_of(np.zeros(22), a=("integer", cells))
    columns = TableSpace.fit(gaps).columns(gaps)
    from_gap = np.linalg.norm(columns[:-2] - columns[-1], axis=1)
    assert np.array_equal(columns[-1], columns[-2])
    assert from_gap.min() > 0.25


def test_free_text_has_no_say():
    rows = table_of([0, 0], a=("integer", [1, 2]), note=("text", ["one", "two"]))
    other = table_of([0, 0], a=("integer", [1, 2]), note=("text", ["three", None]))
    assert np.array_equal(*(TableSpace.fit(one).columns(one) for one in (rows, other)))


@pytest.mark.parametrize(
    "column",
    [
        ("integer", [7, 7, 7]),
        ("continuous", pa.array([None, None, None], pa.float64())),
        ("categorical", pa.array([None, None, None], pa.string())),
        ("boolean", [True, True, True]),
        ("text", ["a", "b", "c"]),
    ],
    ids=["constant", "all gaps", "no category", "one truth", "text alone"],
)
def test_a_column_that_says_nothing_does_no_harm(column):
    rows = table_of([0, 0, 1], a=column)
    columns = TableSpace.fit(rows).columns(rows)
    assert columns.shape[1] >= 1
    assert np.array_equal(columns[0], columns[1])

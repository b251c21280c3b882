"""Whether a classifier tells synthetic rows from real ones."""

import numpy as np

from pipeline.fidelity.detection import judge_detection
from pipeline.modalities.column_codes import code_columns
from tests.small_tables import shuffled, table, with_column


def detected(real, synthetic):
    codes = code_columns((real, synthetic))
    rows = judge_detection(
        codes.parts[0],
        real.labels,
        codes.parts[1],
        synthetic.labels,
        categorical=~codes.is_number,
        classes=real.schema.classes,
        features="columns",
        seed=1,
    )
    return {row.class_name: row for row in rows}


REAL = table(400, seed=0)
SAME = detected(REAL, table(200, seed=1))


def test_rows_of_the_same_kind_cannot_be_told_from_real_ones():
    row = SAME[None]
    assert abs(row.value - 0.5) < 0.12
    assert abs(row.floor - 0.5) < 0.12


def test_rows_whose_columns_do_not_go_together_are_found_though_each_column_is_right():
    row = detected(REAL, shuffled(table(200, seed=1), "age"))[None]
    assert row.value > 0.7
    assert row.value > row.floor + 0.2


def test_a_right_row_in_the_wrong_class_is_found():
    wrong = table(200, seed=1)
    wrong = type(wrong)(wrong.schema, wrong.values, 1 - wrong.labels, wrong.provenance)
    assert detected(REAL, wrong)[None].value > 0.62


def test_each_class_has_a_number_and_its_n():
    found = SAME
    assert set(found) == {None, "no", "yes"}
    assert found["no"].n_samples + found["yes"].n_samples == found[None].n_samples


def test_too_few_rows_are_said_and_no_number_is_made_up():
    row = detected(table(12, seed=0), table(6, seed=1))[None]
    assert row.value is None
    assert "too few" in row.note


def test_the_same_seed_gives_the_same_number():
    assert detected(REAL, table(200, seed=1)) == SAME


def test_with_other_real_rows_nothing_is_halved():
    codes = code_columns((REAL, table(200, seed=1), table(400, seed=2)))
    (row, *_) = judge_detection(
        codes.parts[0],
        REAL.labels,
        codes.parts[1],
        table(200, seed=1).labels,
        categorical=~codes.is_number,
        classes=REAL.schema.classes,
        features="columns",
        seed=1,
        others=(codes.parts[2], table(400, seed=2).labels),
    )
    assert row.n_samples == 200
    assert abs(row.floor - 0.5) < 0.12


def test_a_dozen_rows_are_enough_to_find_a_column_that_holds_one_value():
    labels = np.repeat([0, 1], 13)
    pool = with_column(table(26, seed=1, labels=labels), "income", [1.0] * 26)
    row = detected(table(52, seed=0, labels=np.tile(labels, 2)), pool)[None]
    assert row.value > 0.8
    assert abs(row.floor - 0.5) < 0.2

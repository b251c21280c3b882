"""A column is of the kind that most of its cells are; the rest is told and asked about."""

import pytest

from tests.raw_data import csv_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import kinds, looked_at, notices, plain, said, values


def with_odd(column, odd, n=8):
    data = plain().astype({column: object})
    data.loc[range(n), column] = odd if isinstance(odd, list) else [odd] * n
    return data


CASES = [
    ("age", "None"),
    ("height", "unknown"),
    ("since", "unknown"),
    ("age", "<5"),
    ("age", "3/4"),
]


@pytest.mark.parametrize(("column", "odd"), CASES)
def test_a_fifth_of_odd_cells_is_told_with_count_and_both_readings_work(path, column, odd):
    file = csv_file(path, with_odd(column, odd))
    message = refusal_of(file)
    assert f"The column '{column}' holds" in message
    assert f"{odd!r} in line 2 (8 such cells: {odd!r} 8×)" in message
    outcomes = each_remedy(file)
    assert [key for key, _, _ in outcomes] == ["table.odd_cells", "table.kinds"]
    assert [said for _, _, said in outcomes] == [None, None]


@pytest.mark.parametrize(("column", "odd"), CASES)
def test_odd_cells_become_missing_where_declared_and_are_counted(path, column, odd):
    file = csv_file(path, with_odd(column, odd))
    kind = kinds(looked_at(csv_file(path.with_name("whole.csv"), plain()))[1])[column]
    source, survey = looked_at(file, table={"odd_cells": {column: "missing"}})
    assert kinds(survey)[column] == kind
    read = values(source, survey)[column]
    assert read.isna().sum() == 8
    told = [(notice.kind, notice.message) for notice in survey.notices]
    assert said(told, "converted", f"'{column}' 8 cells became missing: {odd!r} 8×")


def test_the_three_commonest_odd_values_are_shown(path):
    odd = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"]
    message = refusal_of(csv_file(path, with_odd("age", odd, n=13)))
    assert "(13 such cells: 'a' 5×, 'b' 4×, 'c' 3×)" in message


@pytest.mark.parametrize("n", [1, 19])
def test_the_kind_is_that_of_more_than_half(path, n):
    assert "holds numbers, but 'x'" in refusal_of(csv_file(path, with_odd("age", "x", n)))


def test_a_column_that_is_half_text_is_categories(path):
    survey = looked_at(csv_file(path, with_odd("age", "x", 20)))[1]
    assert kinds(survey)["age"] == "categorical"


def test_true_and_false_with_a_third_value_are_categories_and_told(path):
    data = with_odd("member", "unknown")
    told = notices(path, data)
    assert said(told, "warning", "'member' holds false and true, and 8 such cells: 'unknown' 8×")
    source, survey = looked_at(path)
    assert values(source, survey)["member"][0] == "unknown"
    source, survey = looked_at(path, table={"odd_cells": {"member": "missing"}})
    assert kinds(survey)["member"] == "boolean"
    assert values(source, survey)["member"].isna().sum() == 8


def test_rows_whose_odd_cells_became_missing_can_be_dropped(path):
    table = {"odd_cells": {"age": "missing"}, "missing": "drop"}
    survey = looked_at(csv_file(path, with_odd("age", "None")), table=table)[1]
    assert len(survey.rows) == 32


def test_a_declared_boolean_is_never_guessed(path):
    message = refusal_of(csv_file(path, plain()), table={"kinds": {"town": "boolean"}})
    assert "'town' was taken as boolean, but" in message


def test_odd_cells_of_a_column_that_does_not_exist_are_told(path):
    message = refusal_of(csv_file(path, plain()), table={"odd_cells": {"ages": "missing"}})
    assert "`source.table.odd_cells.ages` names the column 'ages'" in message

"""Decimal marks, thousands and the signs around numbers: read as meant, told, or asked about."""

import pytest

from tests.raw_data import text_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import kinds, looked_at, said, values

ROWS = 40


def table_of(path, *cells, other=None):
    """A semicolon table with one column under test, over and over."""
    lines = ["x;y;income"]
    for k in range(ROWS):
        second = other[k % len(other)] if other else f"{k}.25"
        lines.append(f"{cells[k % len(cells)]};{second};{'ab'[k % 2]}")
    return text_file(path, "\n".join(lines) + "\n")


def read(path, *cells, **settings):
    source, survey = looked_at(table_of(path, *cells), **settings)
    told = [(notice.kind, notice.message) for notice in survey.notices]
    return values(source, survey)["x"][: len(cells)].tolist(), kinds(survey)["x"], told


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("500,50", "1.019,50"), [500.5, 1019.5]),
        (("1.019,5", "2"), [1019.5, 2]),
        (("1,5", "2"), [1.5, 2]),
        (("1,037.5", "12"), [1037.5, 12]),
        (("1,037,000", "12"), [1037000, 12]),
        (("1.037.000", "12"), [1037000, 12]),
        (("12,34,567", "1"), [1234567, 1]),
        (("1 037", "12"), [1037, 12]),
        (("1\u00a0037,5", "12"), [1037.5, 12]),
        (("1\u202f037", "12"), [1037, 12]),
        (("1'037.5", "12"), [1037.5, 12]),
        (("1\u2019037", "12"), [1037, 12]),
        (("-1.019,50", "+1,5"), [-1019.5, 1.5]),
        (("0,123", "1,037"), [0.123, 1.037]),
        (("1e3", "2,5"), [1000, 2.5]),
    ],
)
def test_numbers_that_can_be_read_in_one_way_only_are_read_so_and_told(path, cells, numbers):
    found, kind, told = read(path, *cells)
    assert found == numbers
    assert kind in ("continuous", "integer")
    assert said(told, "converted", "The column 'x' was read as numbers written like")


def test_whole_numbers_with_thousands_are_integers(path):
    assert read(path, "1,037,000", "12")[1] == "integer"


@pytest.mark.parametrize(
    ("cells", "readings"),
    [(("1,037", "12"), {1.037, 1037.0}), (("1,037", "2,500"), {1.037, 1037.0})],
)
def test_numbers_that_can_be_read_in_two_ways_are_asked_about_and_every_answer_works(
    path, cells, readings
):
    file = table_of(path, *cells)
    message = refusal_of(file)
    assert "numbers like '1,037', whose comma may stand before thousands or decimals" in message
    outcomes = each_remedy(file)
    assert [said for _, _, said in outcomes] == [None] * 4
    found = set()
    for key, value, _ in outcomes:
        setting = {key.split(".")[1]: value}
        source, survey = looked_at(file, table=setting)
        found.add(float(values(source, survey)["x"][0]))
    assert found == readings


@pytest.mark.parametrize(
    ("setting", "number"),
    [({"thousands": ","}, 1037), ({"decimal": ","}, 1.037), ({"decimal": "."}, 1037)],
)
def test_what_is_declared_decides(path, setting, number):
    assert read(path, "1,037", "12", table=setting)[0][0] == number


def test_a_point_that_may_part_thousands_is_asked_about_where_another_column_has_commas(path):
    file = table_of(path, "1.037", "12", other=["3,5", "4,25"])
    outcomes = each_remedy(file)
    assert "'x' has numbers such as 1.234" in refusal_of(file)
    assert [said for _, _, said in outcomes] == [None, None]


def test_a_point_is_a_decimal_mark_where_nothing_says_otherwise(path):
    assert read(path, "1.037", "12")[0] == [1.037, 12]


def test_columns_of_two_conventions_are_each_read_in_their_own(path):
    source, survey = looked_at(table_of(path, "500,50", "1.019,50", other=["1,000.5", "2"]))
    first = values(source, survey).iloc[0]
    assert (first["x"], first["y"]) == (500.5, 1000.5)


def test_a_column_that_is_plainly_written_otherwise_is_read_so_and_told(path):
    found, _, told = read(path, "12.5", "3.25", table={"decimal": ","})
    assert found == [12.5, 3.25]
    assert said(told, "warning", "'x' has numbers written like 1234.56, though `source.table` says")


def test_a_format_that_is_declared_wrongly_is_told_with_a_line_that_works(path):
    file = table_of(path, "12.5", "3.25")
    (key, _, message), *_ = each_remedy(file, table={"numbers": {"x": "1.234,56"}})
    assert (key, message) == ("table.numbers", None)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("$5", "$1,000.50"), [5, 1000.5]),
        (("5 €", "7,5 €"), [5, 7.5]),
        (("(1.5)", "2"), [-1.5, 2]),
        (("12.5 %", "3%"), [12.5, 3]),
        (("-$5", "$6"), [-5, 6]),
        (("5-", "6"), [-5, 6]),
        (("\u22125", "6"), [-5, 6]),
        (("USD 5", "USD 6"), [5, 6]),
        (("($1,234.50)", "$3"), [-1234.5, 3]),
    ],
)
def test_signs_around_numbers_are_taken_away_and_told(path, cells, numbers):
    found, _, told = read(path, *cells)
    assert found == numbers
    assert said(told, "converted", "without the signs around them")


@pytest.mark.parametrize("cells", [("$5", "€5"), ("5%", "5"), ("12.5 %", "0.125")])
def test_numbers_of_several_units_are_asked_about(path, cells):
    file = table_of(path, *cells)
    assert "The column 'x' mixes" in refusal_of(file)
    assert [said for _, _, said in each_remedy(file)] == [None]


@pytest.mark.parametrize(
    "cells", [("079 123", "12"), ("10.0.0.1", "10.0.0.2"), ("1,2,3", "4,5,6"), ("12:30", "13:45")]
)
def test_what_is_no_number_in_any_convention_is_not_made_one(path, cells):
    found, kind, _ = (
        read(path, *cells) if cells[0] != "079 123" else (list(cells), "categorical", 0)
    )
    assert (found, kind) == (list(cells), "categorical")

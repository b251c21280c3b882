"""Quotes that are never closed, cells over several lines, and the lines that messages name."""

import pytest

from tests.raw_data import text_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import looked_at, values

HEADER = "note,age,income"


def lines(n=60):
    return [f"n{k % 9},{k % 7},{'ab'[k % 2]}" for k in range(n)]


def file_of(path, rows, end="\n"):
    return text_file(path, end.join([HEADER, *rows]) + end)


def test_a_quote_that_is_never_closed_is_told_with_its_line(path):
    rows = lines()
    rows[40] = '"n4,5,a'
    assert "has a quote in line 42 that is never closed" in refusal_of(file_of(path, rows))


def test_rows_that_two_open_quotes_swallow_are_told_with_their_lines_and_the_remedy_works(path):
    rows = lines()
    rows[10], rows[29] = '"n1,3,a', 'n2",2,b'
    file = file_of(path, rows)
    message = refusal_of(file)
    assert (
        "has a quoted cell from line 12 to line 31, most lines of which look like rows" in message
    )
    assert [said for _, _, said in each_remedy(file)] == [None]
    assert len(looked_at(file, table={"quoted_newlines": "allow"})[1].rows) == 41


def test_text_after_a_closing_quote_is_told_with_its_line(path):
    rows = lines()
    rows[5] = '"n" x,5,a'
    assert "cannot be read as CSV from line 7 on" in refusal_of(file_of(path, rows))


def test_quotes_inside_a_cell_without_quotes_are_text(path):
    rows = lines()
    rows[5] = 'a 5" pipe,5,a'
    source, survey = looked_at(file_of(path, rows))
    assert values(source, survey)["note"][5] == 'a 5" pipe'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_over_several_lines_are_kept_and_later_lines_keep_their_numbers(path, end):
    rows = lines()
    rows[3] = f'"first{end}second{end}third",5,a'
    rows[40] = "n1,old,a"
    message = refusal_of(file_of(path, rows, end))
    assert "'old' in line 44" in message
    rows[40] = "n1,5,a"
    source, survey = looked_at(file_of(path, rows, end))
    assert values(source, survey)["note"][3] == f"first{end}second{end}third"
    assert any("begins in line 5 and takes 3 lines" in n.message for n in survey.notices)


def test_ragged_rows_are_told_with_their_physical_lines(path):
    rows = lines()
    rows[3] = '"first\nsecond",5,a'
    rows[40] = "n1,5"
    rows[50] = ""
    rows[52] = "n1,5,a,b"
    message = refusal_of(file_of(path, rows))
    assert "has 2 cells in line 43" in message
    assert "has 4 cells in line 55" in message


def test_missing_labels_are_told_with_their_physical_line(path):
    rows = lines()
    rows[3], rows[20], rows[30] = '"first\nsecond",5,a', "", "n,5,"
    assert "the first in line 33" in refusal_of(file_of(path, rows))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(path, end):
    assert len(looked_at(file_of(path, lines(), end))[1].rows) == 60

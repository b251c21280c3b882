"""Every bad or odd text of a table, one test each, by the sentence that a user reads."""

import pytest

from tests.raw_data import text_file
from tests.sources.table_file import kinds, looked_at, plain, values


def test_an_empty_file_is_refused(table_refusal):
    assert "raw.csv is empty (0 bytes)" in table_refusal("")


def test_a_header_without_rows_is_refused(table_refusal):
    assert "has a header line but no rows" in table_refusal("a,income\n")


def test_repeated_column_names_are_refused(table_refusal):
    assert "has the column name 'a' more than once" in table_refusal("a,a,income\n1,2,x\n")


def test_a_column_without_a_name_is_refused(table_refusal):
    assert "has no name for column 1 in its header" in table_refusal(",income\n1,x\n")


def test_a_ragged_row_is_refused_with_its_line(table_refusal):
    message = table_refusal("a,income\n1,x\n2,y,z\n3\n")
    assert "has 3 cells in line 3 where its header has 2" in message
    assert "has 1 cells in line 4 where its header has 2" in message


def test_utf16_is_refused_where_another_encoding_is_declared(table_refusal):
    content = plain().to_csv(index=False).encode("utf-16")
    message = table_refusal(content, table={"encoding": "utf-8"})
    assert "is UTF-16 text; set `source.table.encoding: utf-16`" in message


def test_utf16_is_read_where_declared(path):
    text_file(path, plain().to_csv(index=False).encode("utf-16"))
    assert len(looked_at(path, table={"encoding": "utf-16"})[1].rows) == 40


def test_a_nul_byte_is_refused_with_its_place(table_refusal):
    assert "has a NUL byte at byte 10 (line 2)" in table_refusal("a,income\n1\x00,x\n")


def test_latin_1_is_refused_and_the_option_named(table_refusal):
    message = table_refusal("a,income\n1,é\n".encode("latin-1"))
    assert "is not UTF-8 text (byte 11, line 2)" in message
    assert "`source.table.encoding: latin-1`" in message


def test_latin_1_is_read_where_declared(path):
    data = plain().assign(town="Zürich")
    text_file(path, data.to_csv(index=False).encode("latin-1"))
    source, survey = looked_at(path, table={"encoding": "latin-1"})
    assert (values(source, survey)["town"] == "Zürich").all()


def test_a_byte_order_mark_is_no_part_of_the_first_name(path):
    text_file(path, plain().to_csv(index=False).encode("utf-8-sig"))
    assert "age" in kinds(looked_at(path)[1])


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolon"), ("\t", "tab")])
def test_a_delimiter_that_is_declared_wrongly_is_refused_and_the_option_named(
    table_refusal, mark, name
):
    content = plain().to_csv(index=False, sep=mark)
    message = table_refusal(content, table={"delimiter": ","})
    assert f"its header holds {name}s; set `source.table.delimiter: {mark!r}`" in message


def test_tabs_are_read_in_a_tsv_file(tmp_path):
    path = text_file(tmp_path / "raw.tsv", plain().to_csv(index=False, sep="\t"))
    assert len(looked_at(path)[1].rows) == 40


def test_a_decimal_comma_that_may_part_thousands_is_refused_and_the_option_named(table_refusal):
    content = plain().assign(height="1,037").to_csv(index=False, sep=";", decimal=",")
    message = table_refusal(content, table={"delimiter": ";"})
    assert "The column 'height' has numbers like '1,037'" in message
    assert '`source.table.decimal: ","`' in message


def test_a_decimal_comma_is_read_where_declared(path):
    data = plain()
    text_file(path, data.to_csv(index=False, sep=";", decimal=","))
    source, survey = looked_at(path, table={"delimiter": ";", "decimal": ","})
    assert (values(source, survey)["height"] == data["height"]).all()


def test_a_hundred_thousand_columns_are_refused(table_refusal):
    names = ",".join(f"c{n}" for n in range(100_000))
    assert "has 100,000 columns; at most 2,000 are read" in table_refusal(f"{names}\n")


def test_a_huge_cell_is_refused(table_refusal):
    assert "has over 1,048,576 bytes in line 2" in table_refusal(
        "a,income\n" + "x" * 5_000_000 + ",y\n"
    )


def test_a_quote_left_open_is_refused(table_refusal):
    rows = "".join(f"{n},x\n" for n in range(400_000))
    assert "is a quote left open?" in table_refusal('a,income\n1,"x\n' + rows)


def test_blank_lines_at_the_end_are_nothing(path):
    text_file(path, plain().to_csv(index=False) + "\n\n")
    assert len(looked_at(path)[1].rows) == 40

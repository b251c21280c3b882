"""Encodings, first lines, delimiters and headers of text tables: found and told, or asked about."""

import pytest

from tests.raw_data import text_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import kinds, looked_at, plain, said, values


def told_of(path, content, **settings):
    source, survey = looked_at(text_file(path, content), **settings)
    return values(source, survey), kinds(survey), [(n.kind, n.message) for n in survey.notices]


def towns(*names):
    return plain().assign(town=[names[k % len(names)] for k in range(40)]).to_csv(index=False)


@pytest.mark.parametrize(
    "encoding",
    ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig", "utf-8"],
)
def test_unicode_is_read_whichever_way_it_is_written(path, encoding):
    frame, _, told = told_of(path, towns("Zürich", "Łódź").encode(encoding))
    assert frame["town"][:2].tolist() == ["Zürich", "Łódź"]
    assert said(told, "converted", "The text was read as") == (encoding[:5] != "utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_text_is_read_and_told_with_a_word_of_it(path, encoding):
    frame, _, told = told_of(path, towns("Zürich", "Genève", "Bern").encode(encoding))
    assert frame["town"][:2].tolist() == ["Zürich", "Genève"]
    assert said(told, "converted", "was read as cp1252, with words such as 'Zürich'")


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1251", ("Москва", "Киев")),
        ("cp1250", ("Łódź", "Kraków")),
        ("mac-roman", ("café", "crème")),
        ("cp437", ("café", "Zürich")),
        ("shift-jis", ("東京", "大阪")),
        ("koi8-r", ("Москва", "Киев")),
        ("cp1254", ("Ağrı", "Muş")),
    ],
)
def test_text_of_other_code_pages_is_asked_about_and_read_where_declared(path, encoding, names):
    content = towns(*names).encode(encoding)
    message = refusal_of(text_file(path, content))
    assert "its encoding is not certain" in message
    assert "`source.table.encoding: " in message
    frame, _, _ = told_of(path, content, table={"encoding": encoding})
    assert frame["town"][:2].tolist() == list(names)


def test_a_declared_encoding_that_does_not_fit_is_told(path):
    content = towns("東京").encode("shift-jis")
    message = refusal_of(text_file(path, content), table={"encoding": "euc-kr"})
    assert message is None or "is not euc-kr text near line" in message


CSV = plain().to_csv(index=False)
SEMICOLONS = plain().to_csv(index=False, sep=";")


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("sep=;\n", SEMICOLONS),
        ('"sep=;"\r\n', SEMICOLONS),
        ("\n\n", CSV),
        ("# made by a machine\n# on a day\n", CSV),
        ("% made by a machine\n", CSV),
        ("# a, b\n\n", CSV),
        (",,,,,,\n", CSV),
    ],
)
def test_lines_before_the_header_that_say_nothing_are_left_out_and_told(path, first, rest):
    frame, found, told = told_of(path, first + rest)
    assert len(frame) == 40
    assert next(iter(found)) == "age"
    assert said(told, "converted", "lines") or said(told, "converted", "The first 1 lines")


def test_lines_before_the_header_count_in_what_messages_name(path):
    content = "# one\n# two\n" + CSV.replace("\n3", "\nx3", 1)
    row = next(k for k, line in enumerate(content.splitlines(), start=1) if line.startswith("x3"))
    assert f"in line {row} " in refusal_of(text_file(path, content))


def test_a_title_is_asked_about_and_the_remedy_works(path):
    file = text_file(path, "Patients of 2024\n" + CSV)
    assert [said for _, _, said in each_remedy(file)] == [None]
    assert len(looked_at(file, table={"skip_lines": 1})[1].rows) == 40


def test_a_header_that_begins_like_a_comment_is_asked_about_and_both_readings_work(path):
    body = "".join(f"{k % 5},{k % 3},{'ab'[k % 2]}\n" for k in range(40))
    file = text_file(path, "#id,age,income\n" + body)
    message = refusal_of(file)
    assert "begins like a comment and has as many cells" in message
    assert refusal_of(file, table={"skip_lines": 0}) is None
    settings = {"table": {"skip_lines": 1, "header": False}, "label": "column_3"}
    assert refusal_of(file, **settings) is None


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_found_and_told(path, mark):
    frame, _, told = told_of(path, plain().to_csv(index=False, sep=mark))
    assert len(frame.columns) == 6
    assert said(told, "converted", "The cells are separated by")


def test_another_delimiter_is_found_beside_a_comma_in_a_quoted_name(path):
    data = plain().rename(columns={"town": "town, country"})
    _, found, _ = told_of(path, data.to_csv(index=False, sep=";"))
    assert "town, country" in found
    content = data.to_csv(index=False, sep=";").replace("town, country", '"town, country"')
    assert "town, country" in told_of(path, content)[1]


def test_two_delimiters_that_both_fit_are_asked_about(path):
    content = "a,b;income\n" + "".join(f"{k % 3},{k % 2};{'xy'[k % 2]}\n" for k in range(40))
    file = text_file(path, content)
    message = refusal_of(file)
    assert "can be read in more than one way" in message
    assert refusal_of(file, table={"delimiter": ";"}) is None


def test_decimal_commas_are_no_delimiters(path):
    content = "a;b;income\n" + "".join(f"{k % 3},5;{k % 2},25;{'xy'[k % 2]}\n" for k in range(40))
    frame, _, _ = told_of(path, content)
    assert frame["a"][:3].tolist() == [0.5, 1.5, 2.5]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_column_name_becomes_a_space_and_is_told(path, end):
    content = CSV.replace("town", f'"town{end}of birth"', 1).replace("\n", end)
    _, found, told = told_of(path, content.encode())
    assert "town of birth" in found
    assert said(told, "converted", "Column names hold line breaks")


def test_a_delimiter_at_the_end_of_every_line_is_nothing_and_told(path):
    frame, found, told = told_of(path, CSV.replace("\n", ",\n"))
    assert len(frame) == 40
    assert "" not in found
    assert said(told, "converted", "Every line ends with a delimiter")


def test_a_table_without_a_header_keeps_its_first_row_and_tells(path):
    content = CSV.split("\n", 1)[1]
    frame, _, told = told_of(path, content, label="column_7")
    assert len(frame) == 40
    assert frame["column_1"][0] == plain()["age"][0]
    assert said(told, "converted", "The file has no header line")
    message = refusal_of(path)
    assert "names the column 'income'" in message
    assert "has no header line" in message


def test_a_first_line_that_may_be_either_is_asked_about_and_both_readings_work(path):
    body = "".join(f"{2000 + k % 5},{k % 3},{'ab'[k % 2]}\n" for k in range(40))
    file = text_file(path, "2019,2020,kind\n" + body)
    assert "may be a header or a row" in refusal_of(file, label="kind")
    assert refusal_of(file, label="kind", table={"header": True}) is None
    assert refusal_of(file, label="column_3", table={"header": False}) is None
    assert len(looked_at(file, label="kind", table={"header": True})[1].rows) == 40


def test_numbers_as_column_names_are_a_header_where_one_name_is_none(path):
    body = "".join(f"{k % 5},{k % 3},{k % 2}\n" for k in range(40))
    assert len(told_of(path, "0,1,label\n" + body, label="label")[0]) == 40


def test_names_of_categories_only_are_a_header(path):
    body = "".join(f"{'uvw'[k % 3]},{'ab'[k % 2]}\n" for k in range(40))
    assert len(told_of(path, "letter,income\n" + body)[0]) == 40

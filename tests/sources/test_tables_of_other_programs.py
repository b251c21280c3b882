"""Neighbours of the faults that tables showed: each cell as meant, told, or refused with a way."""

import gzip
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.raw_data import csv_file, text_file
from tests.sources.remedies import each_remedy, refusal_of, settings_in, with_setting
from tests.sources.table_file import kinds, looked_at, plain, values

PARQUET_AND_CSV = pytest.mark.parametrize("suffix", [".parquet", ".csv"])


def column(path, cells, **settings):
    """Kind, values and notices of a column of these texts."""
    data = plain().assign(x=[cells[k % len(cells)] for k in range(40)])
    source, survey = looked_at(csv_file(path, data), **settings)
    return kinds(survey)["x"], values(source, survey)["x"], survey.notices


def told(found, words):
    return any(words in notice.message for notice in found)


def folder(root, names):
    root.mkdir()
    for number, name in enumerate(names):
        table = plain().assign(height=np.arange(40) + number / 10)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".csv"):
            csv_file(root / name, table)
        else:
            pq.write_table(pa.Table.from_pandas(table), root / name)
    return root


@PARQUET_AND_CSV
@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("adult_train", "adult_test"),
        ("adult.train", "adult.test"),
        ("trainset", "testset"),
        ("train1", "test1"),
        ("adult-train-00000-of-00001", "adult-test-00000-of-00001"),
        ("data/my_train", "data/my_test"),
        ("Train (1)", "Test (1)"),
    ],
)
def test_a_split_in_a_file_name_is_used_wherever_the_word_stands(tmp_path, suffix, train, test):
    found = folder(tmp_path / "raw", [train + suffix, test + suffix])
    rows = looked_at(found)[1].rows
    assert {split: set(paths) for split, paths in of_files(rows)} == {
        "train": {train + suffix},
        "test": {test + suffix},
    }


def of_files(rows):
    files = rows["source_path"].str.rsplit(":", n=1).str[0]
    return files.groupby(rows["split"])


@PARQUET_AND_CSV
@pytest.mark.parametrize("name", ["holdout", "adult_eval", "held_out", "submission"])
def test_rows_that_are_held_out_are_not_merged_with_the_others(tmp_path, suffix, name):
    found = folder(tmp_path / "raw", ["adult" + suffix, name + suffix])
    assert name in refusal_of(found)


def test_a_word_inside_a_name_or_in_all_names_is_no_split(tmp_path):
    found = folder(tmp_path / "raw", ["crash_test_1.parquet", "crash_test_2.parquet"])
    assert looked_at(found)[1].rows["split"].isna().all()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_label_that_the_folders_give_is_not_said_to_be_no_feature(tmp_path, suffix):
    found = folder(tmp_path / "raw", [f"group=a/0{suffix}", f"group=b/0{suffix}"])
    survey = looked_at(found, label="group")[1]
    assert survey.schema.classes == ("a", "b")
    assert told(survey.notices, "neither the label nor a feature")


@pytest.mark.parametrize("cells", [["1.5", "2,5"], ["1.234,5", "1,234.5", "x"]])
def test_numbers_written_in_two_ways_are_refused_and_each_remedy_works(path, cells):
    data = plain().assign(x=[cells[k % len(cells)] for k in range(40)])
    for key, value, message in each_remedy(csv_file(path, data)):
        assert message is None, (key, value)


def test_files_of_two_countries_are_not_made_categories(tmp_path):
    (tmp_path / "raw").mkdir()
    text_file(tmp_path / "raw" / "train.csv", "x;income\n" + "1,5;a\n2,5;b\n" * 10)
    text_file(tmp_path / "raw" / "test.csv", "x,income\n" + "1.5,a\n2.5,b\n" * 10)
    assert "not all written in one way" in refusal_of(tmp_path / "raw")


def test_numbers_that_are_fewer_than_half_are_told_and_the_line_reads_them(path):
    cells = ["1.5", "2.5", "tall", "short", "wide"]
    kind, read, found = column(path, cells)
    assert kind == "categorical"
    assert list(read[:5]) == cells
    message = next(notice.message for notice in found if "numbers in 40%" in notice.message)
    settings = {}
    for key, value in settings_in(message):
        settings = with_setting(settings, key, value)
    kind, read, _ = column(path, cells, **settings)
    assert kind == "continuous"
    assert read[:2].tolist() == [1.5, 2.5]
    assert np.isnan(read[2:5]).all()


@pytest.mark.parametrize(
    "cells",
    [
        ["05-01-2024", "06-02-2024"],
        ["2024-1-5", "2024-2-6"],
        ["5 Jan 2024", "6 Feb 2024"],
        ["Jan 5, 2024", "February 6, 2024"],
        ["05-Jan-24", "06-Feb-24"],
        ["2024-01-05 10:00 PM", "2024-01-05 11:00 AM"],
        ["2024-1-5", "2024-2-6", "unknown"],
    ],
)
def test_dates_of_any_order_are_kept_as_text_and_told(path, cells):
    kind, read, found = column(path, cells)
    assert (kind, list(read[:2])) == ("categorical", cells[:2])
    assert told(found, "has dates like")


@pytest.mark.parametrize("cells", [["5 rooms 2024", "6 rooms 2024"], ["a-1-2", "b-3-4"]])
def test_what_is_no_date_is_not_told_as_one(path, cells):
    assert not told(column(path, cells)[2], "has dates like")


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("123456789012345678.5", 123456789012345680.0),
        ("0.1234567890123456789", 0.12345678901234568),
        ("1e-400", 0.0),
        ("-0.0e5", None),
        ("123456.75", None),
        ("0.000000000000000000001", None),
        ("10000000000000000000.0", None),
    ],
)
def test_digits_that_a_number_cannot_hold_are_told(path, cell, read):
    kind, numbers, found = column(path, [cell, "1.5"])
    assert kind == "continuous"
    assert numbers[0] == (float(cell) if read is None else read)
    assert told(found, "more digits") == (read is not None)


def test_a_rounded_number_is_kept_whole_by_the_line_that_is_named(path):
    cells = ["123456789012345678.5", "1.5"]
    message = next(n.message for n in column(path, cells)[2] if "more digits" in n.message)
    (key, value) = settings_in(message)[0]
    assert list(column(path, cells, **with_setting({}, key, value))[1][:2]) == cells


@pytest.mark.parametrize("precision", [18, 38])
def test_whole_decimals_of_a_database_stay_whole(tmp_path, precision):
    cells = [Decimal(k % 7 - 3) if k else None for k in range(40)]
    table = pa.Table.from_pandas(plain()).append_column(
        "x", pa.array(cells, pa.decimal128(precision, 0))
    )
    pq.write_table(table, tmp_path / "raw.parquet")
    source, survey = looked_at(tmp_path / "raw.parquet")
    assert kinds(survey)["x"] == "integer"
    found = values(source, survey)["x"]
    assert found.isna().tolist() == [cell is None for cell in cells]
    assert found.dropna().tolist() == [int(cell) for cell in cells if cell is not None]


def test_a_whole_decimal_beyond_a_double_s_whole_numbers_is_no_traceback(tmp_path):
    table = pa.Table.from_pandas(plain()).append_column(
        "x", pa.array([Decimal(10**22), Decimal(1)] * 20, pa.decimal128(38, 0))
    )
    pq.write_table(table, tmp_path / "raw.parquet")
    source, survey = looked_at(tmp_path / "raw.parquet")
    assert values(source, survey)["x"][:2].tolist() == [1e22, 1.0]


def test_damaged_utf8_is_told_with_its_line_and_no_other_encoding_is_advised(path):
    content = plain().assign(town="Zürich").to_csv(index=False).encode()
    at = content.index("Zürich".encode(), 200)
    text_file(path, content[:at] + b"Z\xfcrich" + content[at + 7 :])
    message = refusal_of(path)
    line = content[:at].count(b"\n") + 1
    assert f"is UTF-8 text in 39 lines, but not in 1, the first at byte {at + 1} (line {line})" in (
        message
    )
    assert not settings_in(message)


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp1250", "cp1251"])
def test_of_an_encoding_that_is_not_certain_each_reading_is_shown(path, encoding):
    word = {"cp1250": "Łódź", "cp1251": "Москва"}.get(encoding, "Müller")
    text_file(path, plain().assign(town=word).to_csv(index=False).encode(encoding))
    message = refusal_of(path)
    assert f"{word!r} by `source.table.encoding: {encoding}`" in message
    source, survey = looked_at(path, table={"encoding": encoding})
    assert (values(source, survey)["town"] == word).all()


@pytest.mark.parametrize(
    "word", ["Müller", "Köln", "schön", "Fuß", "España", "fête", "Bär", "é", "Señor", "Zoë"]
)
def test_a_macintosh_word_is_never_read_as_another_word(path, word):
    text_file(path, plain().assign(town=word).to_csv(index=False).encode("mac-roman"))
    assert f"{word!r} by `source.table.encoding: mac-roman`" in refusal_of(path)


@pytest.mark.parametrize(
    "word", ["Müller", "Köln", "it’s", "Paris–Lyon", "nur 5 €", "siehe § 3", "Ægir"]
)
def test_a_western_word_is_read_and_told(path, word):
    text_file(path, plain().assign(town=word).to_csv(index=False).encode("cp1252"))
    source, survey = looked_at(path)
    assert (values(source, survey)["town"] == word).all()
    assert told(survey.notices, "read as cp1252")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"a,income\n1,x\n"), "is gzip-compressed, not text; unpack it"),
        (b"PK\x03\x04" + bytes(50), "a ZIP archive or an Excel workbook, not text"),
        (b"\xd0\xcf\x11\xe0" + bytes(50), "is an old Excel workbook"),
        (b"PAR1" + bytes(50), "is a Parquet file, not text; rename it to .parquet"),
    ],
    # What gzip writes holds the time, and a test's name must not.
    ids=["gzip", "ZIP", "old Excel", "Parquet"],
)
def test_what_is_no_text_is_called_by_its_name(path, content, words):
    text_file(path, content)
    message = refusal_of(path)
    assert words in message
    assert "encoding" not in message


def test_a_title_that_a_spreadsheet_pads_with_delimiters_is_left_out_by_the_line_named(path):
    lines = plain().to_csv(index=False)
    text_file(path, "Report 2024" + "," * lines.split("\n")[0].count(",") + "\n" + lines)
    assert each_remedy(path)[-1] == ("table.skip_lines", 1, None)

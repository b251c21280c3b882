"""Parquet keeps its types and its values: what is said to be text, number or moment is that."""

import datetime as dt
import decimal
import json
import uuid

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import kinds, looked_at, said, values

ROWS = 40
LABELS = [["EU", "NA"][k % 2] for k in range(ROWS)]


def parquet(path, column, *, label=None, **more):
    """A table of one column under test, one plain column and a label."""
    columns = {"x": column, "y": pa.array([k / 7 for k in range(ROWS)])}
    table = pa.table(columns | more | {"income": label or pa.array(LABELS)})
    pq.write_table(table, path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def read(path, column, **settings):
    source, survey = looked_at(parquet(path, column), **settings)
    told = [(notice.kind, notice.message) for notice in survey.notices]
    return values(source, survey)["x"].tolist(), kinds(survey).get("x"), told


def of(*cells, kind=None):
    """The cells over and over, so that no column is unique per row."""
    return pa.array([cells[k % len(cells)] for k in range(ROWS)], kind or pa.string())


@pytest.mark.parametrize(
    "cells",
    [
        ("NA", "x"),
        ("100", "1e3"),
        ("1,037", "2"),
        ("Inf", "x"),
        (" a", "a"),
        ("", "x"),
        ("007", "1"),
        ("null", "?"),
        ("2024-01-31", "2024-02-30"),
        ("true", "no"),
        ("a\nb", "\u00a0c"),
    ],
)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts_stay_the_texts_that_they_are(path, cells, kind):
    read_cells, read_kind, _ = read(path, of(*cells, kind=kind))
    assert read_cells[:2] == list(cells)
    assert read_kind == "categorical"


def test_texts_of_numbers_are_told_and_can_be_read_as_numbers(path):
    column = of("100", "1e3")
    cells, _, told = read(path, column)
    assert said(told, "warning", "'x' is text in the file, though every cell is written like a")
    cells, kind, _ = read(path, column, table={"kinds": {"x": "continuous"}})
    assert (cells[:2], kind) == ([100.0, 1000.0], "continuous")


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64()]
)
def test_whole_numbers_keep_their_type_with_gaps(path, kind):
    source, survey = looked_at(parquet(path, of(5, None, 7, kind=kind)))
    column = survey.schema.columns[0]
    assert (column.kind, column.type, column.has_missing) == ("integer", str(kind), True)
    assert values(source, survey)["x"][:3].tolist() == [5, pd.NA, 7]


def test_doubles_stay_doubles_though_they_are_whole(path):
    cells, kind, _ = read(path, of(1.0, 2.0, None, kind=pa.float64()))
    assert (cells[:2], kind) == ([1.0, 2.0], "continuous")
    assert isinstance(cells[0], float)


def test_whole_and_distinct_doubles_are_no_identifiers(path):
    cells, kind, _ = read(path, pa.array([float(k) for k in range(ROWS)]))
    assert (cells[7], kind) == (7.0, "continuous")


def test_nan_is_missing_and_told(path):
    cells, _, told = read(path, of(float("nan"), 1.5, kind=pa.float32()))
    assert pd.isna(cells[0])
    assert cells[1] == 1.5
    assert said(told, "converted", "20 cells of 'x' (NaN) were read as missing")


def test_infinite_doubles_follow_the_declared_rule(path):
    column = of(float("-inf"), 1.5, kind=pa.float64())
    ((_, value, message),) = each_remedy(parquet(path, column))
    assert (value, message) == ("missing", None)


def test_booleans_have_gaps(path):
    cells, kind, _ = read(path, of(True, None, False, kind=pa.bool_()))
    assert (cells[:3], kind) == ([True, pd.NA, False], "boolean")


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        (pa.date32(), dt.date(2024, 2, 29)),
        (pa.timestamp("ms"), pd.Timestamp("2024-02-29 12:00:00.123")),
        (pa.timestamp("us"), pd.Timestamp("2024-02-29 12:00:00.000001")),
        (pa.timestamp("ns"), pd.Timestamp("2024-02-29 12:00:00.000000001")),
        (pa.timestamp("us", "Europe/Zurich"), pd.Timestamp("2024-02-29 12:00", tz="Europe/Zurich")),
    ],
)
def test_moments_keep_every_digit_and_their_zone(path, kind, cell):
    source, survey = looked_at(parquet(path, pa.array([cell, None] * 20, kind)))
    column = survey.schema.columns[0]
    assert (column.kind, column.type) == ("datetime", str(kind))
    assert values(source, survey)["x"][0] == cell


def test_dates_of_64_bits_are_the_same_days(path):
    assert read(path, of(dt.date(2024, 2, 29), kind=pa.date64()))[0][0] == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("kind", "cell", "number", "unit"),
    [
        (pa.duration("ns"), pd.Timedelta(3, "ns"), 3, "whole nanoseconds"),
        (pa.duration("s"), pd.Timedelta(3, "s"), 3, "whole seconds"),
        (pa.time32("ms"), dt.time(0, 0, 1), 1000, "whole milliseconds since midnight"),
        (pa.time64("us"), dt.time(0, 0, 1), 10**6, "whole microseconds since midnight"),
    ],
)
def test_spans_and_times_of_day_are_whole_counts_and_told(path, kind, cell, number, unit):
    cells, read_kind, told = read(path, pa.array([cell, None] * 20, kind))
    assert (cells[0], read_kind) == (number, "integer")
    assert said(told, "converted", unit)


def test_spans_may_differ_in_every_row(path):
    column = pa.array([pd.Timedelta(k, "ms") for k in range(ROWS)], pa.duration("ms"))
    assert read(path, column)[1] == "integer"


@pytest.mark.parametrize(
    ("kind", "cell", "number", "read_kind"),
    [
        (pa.decimal128(10, 2), decimal.Decimal("0.10"), 0.1, "continuous"),
        (pa.decimal128(38, 2), decimal.Decimal("12345.67"), 12345.67, "continuous"),
        (pa.decimal256(50, 3), decimal.Decimal("1.125"), 1.125, "continuous"),
        (pa.decimal128(9, 0), decimal.Decimal(42), 42, "integer"),
    ],
)
def test_decimals_that_a_double_holds_are_read_and_told(path, kind, cell, number, read_kind):
    cells, kind_read, told = read(path, pa.array([cell, None] * 20, kind))
    assert (cells[0], kind_read) == (number, read_kind)
    assert said(told, "converted", str(kind))


def test_decimals_with_more_digits_are_refused_with_remedies_that_work(path):
    cell = decimal.Decimal("12345678901234567890.123456789")
    column = pa.array([cell, cell + 1] * 20, pa.decimal128(38, 9))
    outcomes = each_remedy(parquet(path, column))
    assert [message for _, _, message in outcomes] == [None, None]
    cells, kind, _ = read(path, column, table={"kinds": {"x": "categorical"}})
    assert (cells[0], kind) == ("12345678901234567890.123456789", "categorical")


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63 - 1])
def test_whole_numbers_beyond_a_double_are_refused_with_remedies_that_work(path, number):
    column = of(number, 1, kind=pa.int64())
    outcomes = each_remedy(parquet(path, column))
    assert [message for _, _, message in outcomes] == [None, None]
    cells, _, _ = read(path, column, table={"kinds": {"x": "categorical"}})
    assert cells[0] == str(number)


def test_the_largest_unsigned_numbers_are_refused_too(path):
    assert "beyond 2^53" in refusal_of(parquet(path, of(2**64 - 1, 1, kind=pa.uint64())))


def test_half_precision_is_widened_exactly(path):
    cells, kind, _ = read(path, of(0.5, 1.5, kind=pa.float16()))
    assert (cells[:2], kind) == ([0.5, 1.5], "continuous")


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_bytes_that_are_text_are_read_as_text_and_told(path, kind):
    cells, read_kind, told = read(path, of("Zürich".encode(), b"NA", kind=kind))
    assert (cells[:2], read_kind) == (["Zürich", "NA"], "categorical")
    assert said(told, "converted", "has bytes")


@pytest.mark.parametrize(
    "column",
    [
        of(b"\xff\x00", b"\xfe", kind=pa.binary()),
        of([1, 2], [], kind=pa.list_(pa.int64())),
        of([1, 2], [], kind=pa.large_list(pa.int64())),
        of([1, 2], [3, 4], kind=pa.list_(pa.int64(), 2)),
        of({"a": 1}, None, kind=pa.struct({"a": pa.int64()})),
        of([("k", 1)], [], kind=pa.map_(pa.string(), pa.int64())),
    ],
    ids=lambda column: str(column.type),
)
def test_what_is_no_plain_cell_is_refused_in_one_sentence_whose_remedy_works(path, column):
    file = parquet(path, column)
    message = refusal_of(file)
    assert "'x'" in message
    assert message.count("\n  - ") == 1
    assert [said for _, _, said in each_remedy(file)] == [None]


def test_dictionaries_are_the_values_that_they_stand_for(path):
    cells, kind, _ = read(path, of("b", None, "a").dictionary_encode())
    assert (cells[:3], kind) == (["b", pd.NA, "a"], "categorical")


def test_the_order_of_categories_is_kept_in_the_schema_and_told(path):
    grades = pa.DictionaryArray.from_arrays(
        pa.array([k % 3 for k in range(ROWS)], pa.int8()), ["low", "high", "best"], ordered=True
    )
    survey = looked_at(parquet(path, grades))[1]
    assert survey.schema.columns[0].categories == ("low", "high", "best")
    assert any("have an order in the file" in notice.message for notice in survey.notices)


def test_a_column_of_nothing_is_left_out_and_told(path):
    survey = looked_at(parquet(path, pa.nulls(ROWS)))[1]
    assert "x" not in kinds(survey)
    assert any("'x' is empty and was left out" in notice.message for notice in survey.notices)


def test_identifiers_as_uuid_are_texts(path):
    column = pa.array([uuid.UUID(int=k % 3).bytes for k in range(ROWS)], pa.uuid())
    cells, _, told = read(path, column)
    assert cells[1] == str(uuid.UUID(int=1))
    assert said(told, "converted", "identifiers (uuid)")


def test_json_is_the_text_that_it_is(path):
    cells, _, _ = read(path, pa.array(['{"a": 1}', None] * 20, pa.json_()))
    assert cells[0] == '{"a": 1}'


@pytest.mark.parametrize("name", ["a.b", "a b", "ü", "=x", 'q"uote', "line\nbreak"])
def test_columns_may_have_any_name(path, name):
    table = pa.table({name: of("u", "v"), "income": pa.array(LABELS)})
    pq.write_table(table, path.with_suffix(".parquet"))
    assert kinds(looked_at(path.with_suffix(".parquet"))[1]) == {name: "categorical"}


def test_a_label_that_is_called_na_is_a_class(path):
    assert looked_at(parquet(path, of(1, 2, kind=pa.int8())))[1].schema.classes == ("EU", "NA")


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        (of(" a", "a"), (" a", "a")),
        (of(0, 1, kind=pa.int8()), ("0", "1")),
        (of(0.0, 1.0, kind=pa.float64()), ("0", "1")),
        (of(True, False, kind=pa.bool_()), ("false", "true")),
        (of("x", "y").dictionary_encode(), ("x", "y")),
        (
            of(dt.date(2024, 1, 1), dt.date(2025, 1, 1), kind=pa.date32()),
            ("2024-01-01", "2025-01-01"),
        ),
    ],
    ids=str,
)
def test_labels_of_every_type_name_their_classes(path, label, classes):
    assert (
        looked_at(parquet(path, of(1, 2, kind=pa.int8()), label=label))[1].schema.classes == classes
    )


def test_the_names_of_classes_in_the_metadata_are_used(path):
    file = parquet(path, of(1, 2, kind=pa.int8()), label=of(0, 1, kind=pa.int64()))
    features = {"income": {"names": ["low", "high"], "_type": "ClassLabel"}}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(pq.read_table(file).replace_schema_metadata(meta), file)
    survey = looked_at(file)[1]
    assert survey.schema.classes == ("high", "low")
    assert survey.rows["label"][:2].tolist() == [1, 0]
    pq.write_table(pq.read_table(file).slice(0, 1).replace_schema_metadata(meta), file)
    broken = parquet(path, of(1, 2, kind=pa.int8()), label=of(0, 7, kind=pa.int64()))
    pq.write_table(pq.read_table(broken).replace_schema_metadata(meta), broken)
    assert "has 7 in data row 2, which is none of the 2 classes" in refusal_of(broken)


def test_a_label_of_lists_is_refused(path):
    label = of([1], [2], kind=pa.list_(pa.int64()))
    assert "nested column 'income'" in refusal_of(
        parquet(path, of(1, 2, kind=pa.int8()), label=label)
    )


def test_parts_of_two_types_are_refused(path):
    folder = path.parent / "raw"
    folder.mkdir()
    for k, kind in enumerate((pa.int64(), pa.float64())):
        file = parquet(folder / f"part-{k}", of(1, 2, kind=kind))
        assert file.exists()
    assert "('x' is double, not int64)" in refusal_of(folder)

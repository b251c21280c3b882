"""Rows of tables travel exactly: written, read, joined and named by value, whatever the dtype."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.column_types import KIND_TYPES, PLAIN_TYPES, array_of, arrow_to_frame
from pipeline.row_digests import content_digest, frame_digest, row_digests, value_digests
from pipeline.samples import Column, Samples, Schema, concatenate
from pipeline.storage import read_split, write_schema, write_split

MOMENTS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
WHOLE = {
    name: st.integers(
        *((0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    )
    for bits in (8, 16, 32, 64)
    for name in (f"int{bits}", f"uint{bits}")
}
CELLS = WHOLE | {
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "string": st.text(st.characters(codec="utf-8"), max_size=8),
    "date32[day]": st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)),
    "timestamp[us]": MOMENTS,
    "timestamp[ns]": MOMENTS,
    "timestamp[us, tz=UTC]": MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC)),
}


def kind_of(name):
    if name.startswith(("int", "uint")):
        return "integer"
    return {"float": "continuous", "double": "continuous", "bool": "boolean", "string": "text"}.get(
        name, "datetime"
    )


SCHEMA = Schema(
    modality="table",
    classes=("a", "b"),
    columns=tuple(Column(name=name, kind=kind_of(name), type=name) for name in CELLS),
    label_column="label",
)


@st.composite
def tables(draw):
    n = draw(st.integers(1, 6))
    columns = {}
    for column in SCHEMA.columns:
        cells = draw(st.lists(st.none() | CELLS[column.type], min_size=n, max_size=n))
        columns[column.name] = pa.array(cells, type_of(column.type))
    return pa.table(columns)


def type_of(name):
    return PLAIN_TYPES.get(name) or pa.timestamp(name[10:12], "UTC" if "tz" in name else None)


def samples_of(table, schema=SCHEMA):
    n = table.num_rows
    return Samples(
        schema=schema,
        values=arrow_to_frame(table, schema.columns),
        labels=np.arange(n) % 2,
        provenance=pd.DataFrame({"id": [f"r{k}" for k in range(n)]}),
    )


def test_every_plain_type_is_tried():
    assert set(PLAIN_TYPES) <= set(CELLS)
    assert set(KIND_TYPES) >= {column.kind for column in SCHEMA.columns}


@given(tables(), st.integers(0, 6))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_written_read_and_joined_rows_have_the_digests_they_had(tmp_path_factory, table, cut):
    folder = tmp_path_factory.mktemp("rows")
    samples = samples_of(table)
    write_schema(folder, SCHEMA)
    for name, part in (
        ("first", samples.take(slice(0, cut))),
        ("second", samples.take(slice(cut, None))),
    ):
        write_split(folder, name, part)
    again = concatenate([read_split(folder, "first"), read_split(folder, "second")])
    assert row_digests(again) == row_digests(samples)
    assert content_digest(again) == content_digest(samples)
    frame = again.values
    assert pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata() == table


@given(tables())
@settings(max_examples=15)
def test_chunks_dictionaries_and_dtypes_do_not_matter(table):
    rows = row_digests(samples_of(table))
    halves = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert row_digests(samples_of(halves)) == rows
    coded = pa.table({name: table[name].dictionary_encode() for name in table.column_names})
    assert row_digests(samples_of(coded)) == rows
    plain = samples_of(table)
    objects = pd.DataFrame(
        {name: pd.Series(table[name].to_pylist(), dtype=object) for name in CELLS}
    )
    held = Samples(SCHEMA, objects, plain.labels, plain.provenance)
    assert row_digests(held) == rows


@given(tables(), tables())
@settings(max_examples=20)
def test_two_different_tables_have_two_digests(one, other):
    digests = [content_digest(samples_of(table)) for table in (one, other)]
    # -0.0 and 0.0 are equal to Arrow, and two values here.
    assert digests[0] != digests[1] or one.equals(other)


INTEGER = Schema(
    modality="table", classes=("a", "b"), columns=(Column(name="n", kind="integer", type="int64"),)
)


def of_frame(frame, schema=INTEGER):
    labels = np.zeros(len(frame), np.int64)
    return Samples(
        schema, frame, labels, pd.DataFrame({"id": [f"r{k}" for k in range(len(frame))]})
    )


def test_an_integer_column_with_gaps_stays_one_when_it_is_written_and_joined(tmp_path):
    whole = of_frame(pd.DataFrame({"n": [1, 2]}))
    gaps = of_frame(pd.DataFrame({"n": [2**53 + 1, None]}, dtype="Int64"))
    write_schema(tmp_path, INTEGER)
    write_split(tmp_path, "train", concatenate([whole, gaps]))
    read = read_split(tmp_path, "train").values["n"]
    assert read.dtype == pd.ArrowDtype(pa.int64())
    assert read.tolist() == [1, 2, 2**53 + 1, pd.NA]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"n": [1.0, np.nan, 3.0]}),
        pd.DataFrame({"n": [1, None, 3]}, dtype=object),
        pd.DataFrame({"n": pd.array([1, None, 3], "Int64")}),
        pd.DataFrame({"n": pd.array([1, None, 3], pd.ArrowDtype(pa.int8()))}),
        pd.DataFrame({"n": pd.Series([1.0, np.nan, 3.0], dtype=">f8")}),
        pd.DataFrame({"n": pd.Categorical([1, None, 3])}),
    ],
)
def test_the_same_whole_numbers_have_the_same_digests_in_every_dtype(frame):
    expected = row_digests(of_frame(pd.DataFrame({"n": pd.array([1, None, 3], "Int64")})))
    assert row_digests(of_frame(frame)) == expected
    assert len(set(value_digests(of_frame(frame)))) == 3


def test_rows_of_a_frame_have_a_digest_each_and_not_its_column_names():
    assert len(value_digests(of_frame(pd.DataFrame({"n": range(5)})))) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0.12345678901, 1.0], [0.12345678902, 1.0]),
        (["1", "x"], [1, "x"]),
        ([None, "x"], ["None", "x"]),
        ([b"x", None], ["x", None]),
        ([True, 1], [1, True]),
        ([1.0, None], [0.0, None]),
        ([pd.Timestamp("2024-01-01"), None], [pd.Timestamp("2024-01-01 00:00:00.000001"), None]),
    ],
)
def test_two_frames_that_differ_anywhere_have_two_digests(one, other):
    assert frame_digest(pd.DataFrame({"c": one})) != frame_digest(pd.DataFrame({"c": other}))
    assert frame_digest(pd.DataFrame({"c": one})) == frame_digest(pd.DataFrame({"c": list(one)}))


def test_the_names_of_the_columns_belong_to_a_frame():
    assert frame_digest(pd.DataFrame({"a": [1]})) != frame_digest(pd.DataFrame({"b": [1]}))


def test_large_unsigned_numbers_as_objects_are_read():
    series = pd.Series([None, 2**63], dtype=object)
    assert array_of(series).to_pylist() == [None, 2**63]

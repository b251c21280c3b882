"""Strategies for input that nobody meant: texts, values, Arrow tables and headers of every type."""

import datetime
import decimal
import json
import struct
import uuid

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

# Characters that mean something to YAML, CSV, JSON, a terminal or a file system.
MARKS = "{}[]&*!|>%@`'\"#,:;?-+.=~<_\\/\0\t\n\r\x1b\ufeff\u202e\u2028é0123456789eExXoOnN"
texts = st.text(alphabet=st.one_of(st.sampled_from(MARKS), st.characters()), max_size=40)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    texts,
    st.sampled_from([10**300, -0.0, 1e-320, "1e-4", "no", "12:30:00", "../x", "-x", "NaN", ""]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)


@st.composite
def spoiled(draw, wholes):
    """One of some whole byte strings, cut, repeated, or with a few bytes changed."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 4))):
        if not content:
            break
        place = draw(st.integers(0, len(content) - 1))
        change = draw(st.sampled_from(["set", "insert", "cut", "delete", "repeat"]))
        if change == "set":
            content[place] = draw(st.integers(0, 255))
        elif change == "insert":
            content[place:place] = draw(st.one_of(st.binary(max_size=8), texts.map(_encoded)))
        elif change == "cut":
            del content[place:]
        elif change == "delete":
            del content[place : place + draw(st.integers(1, 20))]
        else:
            content[place:place] = content[place : place + 30]
    return bytes(content)


def _encoded(text):
    return text.encode("utf-8", "surrogatepass")


@st.composite
def spoiled_json(draw, whole):
    """A JSON document of which one value, at any depth, is something else; or no document."""
    if draw(st.integers(0, 4)) == 0:
        return draw(spoiled([json.dumps(whole).encode()]))
    holder: dict | list = [json.loads(json.dumps(whole))]
    root, key = holder, 0
    while isinstance(holder[key], dict | list) and holder[key] and draw(st.integers(0, 3)):
        holder = holder[key]
        keys = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = draw(st.sampled_from(keys))
    if isinstance(holder, dict) and draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(values)
    return json.dumps(root[0]).encode("utf-8", "surrogatepass")


day = datetime.date(2026, 1, 2)
time = datetime.datetime(2026, 1, 2, 3, 4, 5)
# Every type that Arrow has, each with values that fit.
ARROW = [
    (pa.null(), [None]),
    (pa.bool_(), [True, False]),
    *((kind, [0, 1, 100]) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *((kind, [0, 1, 200]) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    (pa.int64(), [2**63 - 1, -(2**63)]),
    (pa.uint64(), [2**64 - 1, 0]),
    (pa.float16(), [np.float16(0.5), np.float16(1)]),
    (pa.float32(), [0.5, float("nan"), float("inf")]),
    (pa.float64(), [0.5, -1e308, float("-inf")]),
    *((kind, ["a", "b", ""]) for kind in (pa.string(), pa.large_string(), pa.string_view())),
    (pa.string(), ["=1+1", "\x1b[31m", "\u202e", "x" * 300, "a\0b", "../x", "c\nd"]),
    *((kind, [b"a", b"\xff\x00"]) for kind in (pa.binary(), pa.large_binary(), pa.binary_view())),
    (pa.binary(4), [b"abcd", b"\x00\x00\x00\x00"]),
    (pa.decimal32(5, 2), [decimal.Decimal("1.25"), decimal.Decimal("-0.01")]),
    (pa.decimal64(12, 3), [decimal.Decimal("1.250"), None]),
    (pa.decimal128(38, 10), [decimal.Decimal("1.5"), decimal.Decimal("9999999999.1")]),
    (pa.decimal256(76, 0), [decimal.Decimal(10**70), decimal.Decimal(1)]),
    (pa.decimal128(5, -2), [decimal.Decimal("100"), decimal.Decimal("200")]),
    (pa.date32(), [day, None]),
    (pa.date64(), [day, None]),
    *((pa.timestamp(unit), [time, None]) for unit in ("s", "ms", "us", "ns")),
    (pa.timestamp("us", tz="UTC"), [time]),
    (pa.timestamp("us", tz="+05:30"), [time]),
    (pa.timestamp("s", tz="Nowhere/Land"), [0]),
    (pa.time32("s"), [datetime.time(1, 2, 3)]),
    (pa.time64("ns"), [datetime.time(1, 2, 3)]),
    *((pa.duration(unit), [datetime.timedelta(seconds=5)]) for unit in ("s", "ns")),
    (pa.month_day_nano_interval(), [pa.MonthDayNano([1, 2, 3])]),
    (pa.dictionary(pa.int8(), pa.string()), ["a", "b"]),
    (pa.dictionary(pa.int32(), pa.int64()), [1, 2]),
    (pa.dictionary(pa.int32(), pa.float64()), [0.5, None]),
    (pa.list_(pa.int64()), [[1, 2], [], None]),
    (pa.large_list(pa.string()), [["a"], []]),
    (pa.list_(pa.int64(), 2), [[1, 2]]),
    (pa.list_view(pa.int64()), [[1]]),
    (pa.struct([("x", pa.int64())]), [{"x": 1}, None]),
    (pa.struct([("bytes", pa.binary()), ("path", pa.string())]), [{"bytes": b"x", "path": "y"}]),
    (pa.struct([]), [{}]),
    (pa.map_(pa.string(), pa.int64()), [[("a", 1)]]),
    (pa.uuid(), [uuid.UUID(int=1).bytes]),
    (pa.json_(pa.string()), ['{"a": 1}']),
    (pa.bool8(), [0, 1]),
    (pa.run_end_encoded(pa.int32(), pa.string()), ["a", "b"]),
]
# Arrow itself takes no half of a character as a name.
whole_texts = texts.map(lambda text: text.encode("utf-8", "ignore").decode())
names = st.one_of(st.sampled_from(["label", "a", "b", "split", "id", "image", ""]), whole_texts)


def column(kind, some, n_rows):
    repeated = (some * n_rows)[:n_rows]
    if isinstance(kind, pa.BaseExtensionType):
        return kind.wrap_array(pa.array(repeated, kind.storage_type))
    if pa.types.is_run_end_encoded(kind):
        return pa.compute.run_end_encode(pa.array(repeated, kind.value_type))
    return pa.array(repeated, kind)


@st.composite
def arrow_tables(draw):
    """A table of up to four columns of any types, and the name of one that may be the label."""
    n_rows = draw(st.sampled_from([0, 1, 2, 24, 24, 24]))
    kinds = draw(st.lists(st.sampled_from(ARROW), min_size=0, max_size=3))
    columns = [column(kind, some, n_rows) for kind, some in kinds]
    called = [draw(names) for _ in columns]
    if draw(st.booleans()):
        columns.append(pa.array((["x", "y"] * n_rows)[:n_rows], pa.string()))
        called.append("label")
    metadata = draw(
        st.one_of(
            st.none(),
            st.sampled_from([{"huggingface": "{"}, {"huggingface": "[]"}, {"pandas": "{}"}]),
            values.map(lambda value: {"huggingface": json.dumps({"info": {"features": value}})}),
        )
    )
    schema = pa.schema(
        [pa.field(name, one.type) for name, one in zip(called, columns, strict=True)], metadata
    )
    label = draw(st.sampled_from([*called, "label"]))
    return pa.Table.from_arrays(columns, schema=schema), label


@st.composite
def idx_headers(draw):
    """The bytes of an IDX file whose header may promise anything."""
    code = draw(st.sampled_from([0x08, 0x08, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x00, 0xFF]))
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 8, 24, 2**16, 2**31, 2**32 - 1]), max_size=5))
    n_dimensions = draw(st.sampled_from([len(shape)] * 4 + [0, 1, 255]))
    header = struct.pack(
        f">HBB{len(shape)}I", draw(st.sampled_from([0, 0, 0, 1])), code, n_dimensions, *shape
    )
    return header + draw(st.binary(max_size=64)) * draw(st.sampled_from([0, 1, 24]))

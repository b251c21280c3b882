"""The Arrow type of each column of a table, in which frames are made, written and read."""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


class Column(Protocol):
    """What is to be known of a column here: a `samples.Column`."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def type(self) -> str | None: ...


KIND_TYPES: dict[str, pa.DataType] = {
    "continuous": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us"),
    "categorical": pa.string(),
    "text": pa.string(),
}
# What a prepared table may hold; everything else becomes one of these, and is told.
PLAIN_TYPES: dict[str, pa.DataType] = {
    str(kind): kind
    for kind in (
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.date32()),
    )
}
TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=(.+))?\]")


def type_named(name: str) -> pa.DataType:
    """The type that `str` of it names.

    Raises:
        ValueError: a prepared table holds no such type.
    """
    found = TIMESTAMP.fullmatch(name)
    if found:
        return pa.timestamp(found[1], found[2])
    if name not in PLAIN_TYPES:
        raise ValueError(f"{name!r} is no type of a prepared column")
    return PLAIN_TYPES[name]


def frame_to_arrow(frame: pd.DataFrame, columns: Sequence[Column]) -> pa.Table:
    """The frame's columns in the types of the schema, whatever their pandas dtypes are.

    Raises:
        pa.ArrowInvalid: a cell cannot be held exactly.
    """
    return pa.table({c.name: typed(array_of(frame[c.name]), c) for c in columns})


def arrow_to_frame(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """The columns as a frame that keeps their Arrow types; gaps are gaps, never NaN."""
    kept = pa.table({column.name: typed(table[column.name], column) for column in columns})
    frame: pd.DataFrame = kept.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    return frame


def array_of(series: pd.Series) -> pa.ChunkedArray:
    """A pandas column as Arrow, NaN and NaT as gaps.

    Raises:
        pa.ArrowInvalid, pa.ArrowTypeError: the cells have no common type.
    """
    if isinstance(series.dtype, np.dtype) and series.dtype.byteorder == ">":
        series = series.astype(series.dtype.newbyteorder("="))
    try:
        array = pa.array(series, from_pandas=True)
    except OverflowError:
        # Whole numbers as objects are tried as signed ones alone.
        array = pa.array(series, pa.uint64(), from_pandas=True)
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def typed(array: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    """The column in its schema's type; in that of its kind where the schema names none.

    Raises:
        pa.ArrowInvalid: a cell cannot be held exactly.
    """
    wanted = type_named(column.type) if column.type else KIND_TYPES[column.kind]
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if not column.type and column.kind == "datetime" and pa.types.is_temporal(array.type):
        return array
    return without_nan(array if array.type == wanted else pc.cast(array, wanted))


def without_nan(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Not a number is a gap; there is one way to be missing."""
    if not pa.types.is_floating(array.type) or not pc.any(pc.is_nan(array)).as_py():
        return array
    return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)


def as_numbers(values: pd.Series) -> np.ndarray:
    """Numbers of a column that has an order, float64 [n]: moments as seconds since 1970, NaN gaps.

    Raises:
        pa.ArrowInvalid: the column holds something other than numbers and moments.
    """
    array = array_of(values)
    if pa.types.is_date(array.type):
        array = pc.cast(array, pa.timestamp("s"))
    if pa.types.is_timestamp(array.type):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[array.type.unit]
        counts = pc.cast(pc.cast(array, pa.int64()), pa.float64(), safe=False)
        return np.asarray(counts.to_numpy(), np.float64) / per_second
    return np.asarray(pc.cast(array, pa.float64(), safe=False).to_numpy(), np.float64)

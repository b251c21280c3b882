"""Rows without content, in the columns and types of a schema: rows of noise, and no rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.column_types import KIND_TYPES, arrow_to_frame, type_named
from pipeline.samples import Column, Samples, Schema

# Of the cells of a column with gaps, one in so many is one.
GAP_EVERY = 10
# Whole numbers that every type holds, and moments within a year.
MOST, DAYS = 100, 365


def noise(schema: Schema, counts: Sequence[int]) -> Samples:
    """Rows of noise, so many of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    stream = np.random.default_rng(0)
    table = pa.table({one.name: _noisy(one, len(labels), stream) for one in schema.columns})
    names = pd.DataFrame({"id": [str(number) for number in range(len(labels))]})
    return Samples(schema, arrow_to_frame(table, schema.columns), labels, names)


def empty(schema: Schema) -> pd.DataFrame:
    """A frame of no rows."""
    return arrow_to_frame(empty_table(schema), schema.columns)


def empty_table(schema: Schema) -> pa.Table:
    """An Arrow table of no rows."""
    return pa.table({one.name: pa.array([], arrow_type(one)) for one in schema.columns})


def arrow_type(column: Column) -> pa.DataType:
    """The column's type; that of its kind where the schema names none."""
    return type_named(column.type) if column.type else KIND_TYPES[column.kind]


def _noisy(column: Column, rows: int, stream: np.random.Generator) -> pa.Array:
    kind = arrow_type(column)
    numbers = stream.integers(0, MOST, rows)
    gaps = (stream.integers(0, GAP_EVERY, rows) == 0) & column.has_missing
    if column.kind in ("categorical", "text"):
        names = np.array(column.categories or ("",), object)
        return pa.array(names[numbers % len(names)], pa.string(), mask=gaps).cast(kind)
    if column.kind == "boolean":
        return pa.array(numbers % 2 == 0, mask=gaps)
    if column.kind == "datetime":
        days = (numbers * DAYS // MOST).astype("datetime64[D]")
        return pa.array(days, pa.date32(), mask=gaps).cast(kind)
    drawn = numbers if column.kind == "integer" else stream.standard_normal(rows)
    return pa.array(drawn, mask=gaps).cast(kind, safe=False)

"""A Parquet file of plain columns as cells in its own types."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.column_types import without_nan
from pipeline.params import TableParams
from pipeline.sources.cells import Cells, Place, TableError, cells_of_one
from pipeline.sources.number_format import quoted
from pipeline.sources.parquet import class_names_of
from pipeline.sources.parquet_file import ParquetError, open_part, read_columns
from pipeline.sources.survey import Notice, converted


def read_parquet(path: Path, place: Place, params: TableParams) -> Cells:
    """All columns but those left out, in the types of the file; NaN is missing.

    Raises:
        TableError: it is damaged, a bomb, or would not fit into memory.
    """
    try:
        part = open_part(path)
        wanted = [name for name in part.schema_arrow.names if name not in params.leave_out]
        table = read_columns(path, part, wanted)
    except ParquetError as error:
        raise TableError(str(error)) from None
    if table.num_rows == 0:
        raise TableError("has no rows; there is nothing to learn from")
    for name in wanted:
        _refuse_unknown_zone(name, table[name].type)
    notices: list[Notice] = []
    columns = {name: _without_nan(name, table[name], notices) for name in wanted}
    # A column that is left out keeps its name, so that params.yaml can go on naming it.
    nothing = pa.nulls(table.num_rows)
    left_out = [name for name in part.schema_arrow.names if name not in columns]
    return cells_of_one(
        pa.table(columns | dict.fromkeys(left_out, nothing)),
        place,
        np.arange(1, table.num_rows + 1),
        is_typed=True,
        class_names=_class_names(part.schema_arrow),
        notices=notices,
    )


def _refuse_unknown_zone(name: str, kind: pa.DataType) -> None:
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        try:
            pa.scalar(0, kind).cast(pa.string())
        except pa.ArrowException:
            raise TableError(
                f"has the column {name!r} in the time zone {kind.tz[:60]!r}, which this machine "
                "does not know; convert the column to UTC, or leave it out: "
                f"`source.table.leave_out: [{quoted(name)}]`"
            ) from None


def _without_nan(name: str, column: pa.ChunkedArray, notices: list[Notice]) -> pa.ChunkedArray:
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    bare = without_nan(column)
    n = bare.null_count - column.null_count
    if n:
        notices.append(converted(f"{n:,} cells of {name!r} (NaN) were read as missing."))
    return bare


def _class_names(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    found = {name: class_names_of(schema, name) for name in schema.names}
    return {name: names for name, names in found.items() if names}

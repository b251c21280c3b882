"""A Parquet file (or a folder of parts) of plain columns as a table of texts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.sources.csv_bytes import CsvError
from pipeline.sources.csv_table import Texts
from pipeline.sources.parquet_file import ParquetError, damaged, open_parts, parts_of


def read_parquet_texts(path: Path, params: TableParams) -> Texts:
    """All cells as text, missing ones as null.

    Raises:
        CsvError: it is damaged, nested, or would not fit into memory.
    """
    try:
        parts = open_parts(parts_of(path), nested=False)
        table = pa.concat_tables([part.read() for part in parts])
    except ParquetError as error:
        raise CsvError(str(error)) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise CsvError(damaged(error)) from None
    if table.num_rows == 0:
        raise CsvError("has no rows; there is nothing to learn from")
    columns = {}
    for name in table.column_names:
        cells = pc.utf8_trim_whitespace(_as_text(table[name]))
        missing = pc.is_in(cells, value_set=pa.array(params.missing_texts, pa.string()))
        columns[name] = pc.if_else(missing, pa.scalar(None, pa.string()), cells)
    return Texts(pa.table(columns), False, np.arange(table.num_rows), ())


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return pc.strftime(pc.cast(column, pa.timestamp("us")), "%Y-%m-%dT%H:%M:%S")
    return pc.cast(column, pa.string())

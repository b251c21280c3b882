"""One digest a row, over its content and label: the same row is known again wherever it stands.

Rows of a table are told apart by their values in the schema's types. Chunks, dictionaries, pandas
dtypes and byte order do not matter; a gap is never a value.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of, frame_to_arrow, typed, without_nan
from pipeline.nearest import digests
from pipeline.samples import Samples, Schema

# Of 64 hexadecimal digits; 64 bits tell a hundred million rows apart.
SHOWN = 16
CELL_BYTES = 16
# Rows whose cells are laid out at once.
CHUNK_ROWS = 50_000
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def row_digests(samples: Samples) -> list[bytes]:
    """SHA-256 of every row's values and label, in the samples' order."""
    if isinstance(samples.values, pd.DataFrame):
        parts = _rows(frame_to_arrow(samples.values, samples.schema.columns))
    else:
        parts = [image.tobytes() for image in samples.values]
    return [
        hashlib.sha256(part + int(label).to_bytes(8, "big")).digest()
        for part, label in zip(parts, samples.labels, strict=True)
    ]


def row_names(samples: Samples) -> list[str]:
    """The same, as 16 hexadecimal digits a row."""
    return [digest.hex()[:SHOWN] for digest in row_digests(samples)]


def value_digests(samples: Samples) -> np.ndarray:
    """SHA-256 of every row's values without its label, hexadecimal, object [n]."""
    if isinstance(samples.values, pd.DataFrame):
        return feature_digests(
            frame_to_arrow(samples.values, samples.schema.columns), samples.schema
        )
    return digests(samples.values)


def feature_digests(table: pa.Table, schema: Schema) -> np.ndarray:
    """The same for the feature columns of an Arrow table."""
    columns = {column.name: typed(table[column.name], column) for column in schema.columns}
    known = pa.table(columns)
    starts = range(0, table.num_rows, CHUNK_ROWS)
    rows = (row for start in starts for row in _rows(known.slice(start, CHUNK_ROWS)))
    # A table of no columns has rows all the same, and each is nothing.
    told = rows if columns else (b"" for _ in range(table.num_rows))
    return np.array([hashlib.sha256(row).hexdigest() for row in told], object)


def content_digest(samples: Samples) -> bytes:
    """SHA-256 of all values and labels of the samples, in their order; not of their provenance."""
    digest = hashlib.sha256()
    if isinstance(samples.values, pd.DataFrame):
        for row in _rows(frame_to_arrow(samples.values, samples.schema.columns)):
            digest.update(row)
    else:
        digest.update(np.ascontiguousarray(samples.values).tobytes())
    digest.update(samples.labels.astype("<i8").tobytes())
    return digest.digest()


def frame_digest(frame: pd.DataFrame) -> bytes:
    """SHA-256 of any frame: its column names, its index and every cell by value."""
    digest = hashlib.sha256()
    columns = [frame[name] for name in frame.columns]
    for name, column in [("", frame.index.to_series()), *zip(frame.columns, columns, strict=True)]:
        digest.update(f"{type(name).__name__} {name!r} {len(column)}\n".encode())
        digest.update(_cells_of_any(column).tobytes())
    return digest.digest()


def _cells_of_any(column: pd.Series) -> np.ndarray:
    try:
        return cells_of(array_of(column))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # Cells of several types in one column have no Arrow type; each is told by its own.
        return cells_of(pa.chunked_array([[_told(cell) for cell in column]]))


def _told(cell: Any) -> str | None:
    return None if cell is None else f"{type(cell).__name__} {cell!r}"


def _rows(table: pa.Table) -> list[bytes]:
    """The cells of each row as bytes of one length."""
    if not table.num_columns:
        return [b""] * table.num_rows
    cells = np.concatenate([cells_of(column) for column in table.columns], axis=1)
    return [row.tobytes() for row in cells]


def cells_of(column: pa.ChunkedArray) -> np.ndarray:
    """Sixteen bytes for each cell, uint8 [n, 16]; equal for equal values, zero for a gap."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    column = without_nan(column)
    cells = np.zeros((len(column), CELL_BYTES), np.uint8)
    is_known = np.asarray(column.is_valid())
    known = pc.drop_null(column)
    if not len(known):
        return cells
    cells[is_known] = _known_cells(known)
    return cells


def _known_cells(column: pa.ChunkedArray) -> np.ndarray:
    kind = column.type
    if pa.types.is_boolean(kind):
        return _numbered(b"b", np.asarray(column).astype(">i8"))
    if pa.types.is_integer(kind):
        word = ">u8" if pa.types.is_uint64(kind) else ">i8"
        return _numbered(b"i", np.asarray(column).astype(word))
    if pa.types.is_floating(kind):
        return _numbered(b"f", np.asarray(column).astype(">f8"))
    if pa.types.is_date(kind):
        return _known_cells(pc.cast(pc.cast(column, pa.date32()), pa.timestamp("s")))
    if pa.types.is_timestamp(kind):
        counts = np.asarray(pc.cast(column, pa.int64()))
        seconds, rest = np.divmod(counts, PER_SECOND[kind.unit])
        nanoseconds = (rest * (10**9 // PER_SECOND[kind.unit])).astype(">i4")
        cells = _numbered(b"t", seconds.astype(">i8"))
        cells[:, 9:13] = nanoseconds.view(np.uint8).reshape(-1, 4)
        return cells
    return _texts(column)


def _numbered(mark: bytes, numbers: np.ndarray) -> np.ndarray:
    cells = np.zeros((len(numbers), CELL_BYTES), np.uint8)
    cells[:, 0] = mark[0]
    cells[:, 1:9] = np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, 8)
    return cells


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    """Of texts, bytes and whatever else: the digest of each distinct value, looked up."""
    coded = pc.dictionary_encode(column).combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    texts, mark = coded.dictionary, b"y"
    if not (pa.types.is_binary(texts.type) or pa.types.is_large_binary(texts.type)):
        mark = b"s"
        texts = pc.cast(pc.cast(texts, pa.large_string()), pa.large_binary())
    known = b"".join(hashlib.sha256(text).digest()[: CELL_BYTES - 1] for text in texts.to_pylist())
    cells = np.full((len(coded), CELL_BYTES), mark[0], np.uint8)
    table = np.frombuffer(known, np.uint8).reshape(-1, CELL_BYTES - 1)
    cells[:, 1:] = table[np.asarray(coded.indices)]
    return cells

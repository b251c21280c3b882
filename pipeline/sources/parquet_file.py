"""Parquet files judged from footers and page headers before any data are unpacked.

A small file may ask for a great deal of memory: a page that unpacks to gigabytes, one long value
that a dictionary repeats a million times, a run of a billion equal values. So what the data come to
is known, or bounded, before it is allocated.
"""

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.sources.number_format import quoted
from pipeline.sources.parquet_pages import (
    DELTA_BYTE_ARRAY,
    Page,
    PageError,
    pages_of,
    refuse_unsound_footer,
)

MAXIMUM_RATIO = 200
# Small tables may compress well without any harm.
ALWAYS_FINE_BYTES = 128 * 2**20
MAXIMUM_DECODED_BYTES = 4 * 2**30
MAXIMUM_FOOTER_BYTES = 32 * 2**20
MAXIMUM_COLUMNS = 2_000
MAXIMUM_ROW_GROUPS = 50_000
MAXIMUM_PAGE_BYTES = 64 * 2**20
# Pages of pictures, which are large and do not compress.
MAXIMUM_PAGE_RATIO = 20
MAXIMUM_CELL_BYTES = 2**20
BATCH_ROWS = 65_536
BATCH_BYTES = 64 * 2**20
WIDTHS = {"BOOLEAN": 1, "INT32": 8, "INT64": 8, "INT96": 12, "FLOAT": 8, "DOUBLE": 8}
OFFSET_BYTES = 8
# The same values in a type that can be cast to.
VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
# Everything that Arrow raises where a file is not what it says.
ARROW_ERRORS = (pa.ArrowException, OSError, MemoryError, OverflowError, ValueError, KeyError)


class ParquetError(Exception):
    """The file cannot be used; the text completes "<file> …"."""


def parts_of(path: Path) -> list[Path]:
    """The file itself, or the .parquet files of a folder, sorted.

    Raises:
        ParquetError: the folder holds none.
    """
    if path.is_file():
        return [path]
    found = sorted(
        part
        for part in path.rglob("*.parquet")
        if not any(name.startswith(".") for name in part.relative_to(path).parts)
    )
    if not found:
        raise ParquetError("holds no .parquet file")
    return found


def open_parts(paths: list[Path]) -> list[pq.ParquetFile]:
    """Files of pictures opened, their footers checked, all of one schema.

    Raises:
        ParquetError: a part is damaged, of another schema, nested but for pictures, or a bomb.
    """
    parts = [open_part(path) for path in paths]
    first = parts[0].schema_arrow
    for path, part in zip(paths, parts, strict=True):
        if not part.schema_arrow.equals(first):
            raise ParquetError(
                f"has a part {path.name} with another schema than {paths[0].name} "
                f"({_difference(first, part.schema_arrow)}); all parts must have the same columns"
            )
    nested = [field for field in first if pa.types.is_nested(field.type) and not is_image(field)]
    if nested:
        raise ParquetError(about_nested(nested))
    return parts


def about_nested(fields: Sequence[pa.Field]) -> str:
    """Of columns that hold columns or lists: which, and what to do."""
    shown = ", ".join(f"{field.name!r} ({str(field.type)[:60]})" for field in fields[:5])
    names = ", ".join(quoted(field.name) for field in fields)
    return (
        f"has the nested column{'s' if len(fields) > 1 else ''} {shown}; plain columns are "
        "expected: flatten it, or, unless it is the label, leave it out: "
        f"`source.table.leave_out: [{names}]`"
    )


def open_part(path: Path, *, read_dictionary: Sequence[str] = ()) -> pq.ParquetFile:
    """One file, its footer checked.

    Raises:
        ParquetError: it is damaged, or its footer promises more than is read.
    """
    footer = _footer(path)
    try:
        part = pq.ParquetFile(
            path,
            read_dictionary=list(read_dictionary),
            thrift_string_size_limit=MAXIMUM_FOOTER_BYTES,
            thrift_container_size_limit=max(MAXIMUM_ROW_GROUPS, MAXIMUM_COLUMNS) + 1,
        )
        _ = part.schema_arrow
    except ARROW_ERRORS as error:
        text = (str(error).splitlines() or ["?"])[0][:160]
        raise ParquetError(
            f"is no whole Parquet file that can be read ({text}); it may be cut short: fetch it "
            "again, or write it again with other types"
        ) from None
    if len(set(part.schema_arrow.names)) < len(part.schema_arrow.names):
        raise ParquetError("has a column name more than once; give each column a name of its own")
    metadata = part.metadata
    if metadata.num_columns > MAXIMUM_COLUMNS:
        raise ParquetError(
            f"has {metadata.num_columns:,} columns; at most {MAXIMUM_COLUMNS:,} are read: is it "
            "transposed?"
        )
    if metadata.num_row_groups > MAXIMUM_ROW_GROUPS:
        raise ParquetError(
            f"has {metadata.num_row_groups:,} row groups; at most {MAXIMUM_ROW_GROUPS:,} are read: "
            "write it again with larger ones"
        )
    try:
        refuse_unsound_footer(footer, part.schema)
    except PageError as error:
        raise ParquetError(damaged(error)) from None
    return part


def read_columns(path: Path, part: pq.ParquetFile, names: Sequence[str]) -> pa.Table:
    """Plain columns whole, in their own types, never more of them than was judged fit.

    Raises:
        ParquetError: they are nested, damaged, or would take more memory than their file accounts
            for.
    """
    fields = [part.schema_arrow.field(name) for name in names]
    nested = [field for field in fields if pa.types.is_nested(field.type)]
    if nested:
        raise ParquetError(about_nested(nested))
    sizes = judge(path, part, names)
    extended = {f.name for f in fields if isinstance(f.type, pa.BaseExtensionType)}
    # As a dictionary, a value that is repeated a million times is held once, and can be judged.
    coded = [name for name in sizes.texts if name not in extended and not sizes.has_delta]
    is_bounded = len(coded) == len(sizes.texts)
    rows = BATCH_ROWS if is_bounded else sizes.batch_rows(BATCH_ROWS)
    try:
        reader = open_part(path, read_dictionary=coded)
        schema = pa.schema([field.with_type(VIEWS.get(field.type, field.type)) for field in fields])
        decoded, batches = sizes.fixed_bytes, []
        for batch in reader.iter_batches(rows, columns=list(names)):
            decoded += sum(_text_bytes(name, batch.column(name)) for name in sizes.texts)
            _refuse_bomb(decoded, sizes)
            # Arrow takes texts as they lie there; what is no UTF-8 would break whoever reads them.
            batch.validate(full=True)
            batches.append(pa.Table.from_batches([batch]).select(list(names)).cast(schema))
        return pa.concat_tables(batches) if batches else schema.empty_table()
    except ParquetError:
        raise
    except ARROW_ERRORS as error:
        raise ParquetError(damaged(error)) from None


def iterate(
    path: Path, part: pq.ParquetFile, names: Sequence[str], most_rows: int
) -> Iterator[pa.RecordBatch]:
    """Batches of at most so many rows, fewer where a dictionary could make them huge.

    Raises:
        ParquetError: the columns would take more memory than their file accounts for.
        pa.ArrowException, OSError: the data are damaged.
    """
    sizes = judge(path, part, names)
    for batch in part.iter_batches(sizes.batch_rows(most_rows), columns=list(names)):
        batch.validate(full=True)
        yield batch


def damaged(error: Exception) -> str:
    """The rest of a sentence about a file whose footer is whole, but whose data are not."""
    text = (str(error).splitlines() or ["?"])[0][:160]
    return f"is damaged inside ({text}); fetch it again"


@dataclass(frozen=True)
class Sizes:
    """What the columns come to, in bytes.

    Attributes:
        fixed_bytes: Decoded, all but the texts.
        texts: Columns of texts or bytes, whose cells may have any length.
        largest_value: No cell of them is longer.
        has_delta: Whether cells may hold more than their page does.
        has_dictionary: Whether a value may be repeated without its bytes.
    """

    file_bytes: int
    fixed_bytes: int
    texts: tuple[str, ...]
    largest_value: int
    has_delta: bool
    has_dictionary: bool

    def batch_rows(self, most: int) -> int:
        """Rows of a batch that cannot take much more than `BATCH_BYTES`."""
        if not (self.has_delta or self.has_dictionary):
            return most
        return max(1, min(most, BATCH_BYTES // max(1, self.largest_value)))


def judge(path: Path, part: pq.ParquetFile, names: Sequence[str]) -> Sizes:
    """What the columns of a file come to, from its footer and page headers.

    Raises:
        ParquetError: too much, or not what the footer says.
    """
    metadata, size = part.metadata, path.stat().st_size
    wanted = [index for index in range(metadata.num_columns) if _top(part, index) in names]
    fixed = unpacked = largest = 0
    has_delta = has_dictionary = False
    texts: dict[str, None] = {}
    try:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as at,
        ):
            for index in wanted:
                column = part.schema.column(index)
                is_text = column.physical_type == "BYTE_ARRAY"
                if is_text:
                    texts.setdefault(_top(part, index))
                width = WIDTHS.get(column.physical_type, column.length if not is_text else 0)
                fixed += metadata.num_rows * (max(0, width) + OFFSET_BYTES * is_text)
                for group in range(metadata.num_row_groups):
                    rows = metadata.row_group(group)
                    pages = _checked(at, rows.column(index), rows.num_rows, column)
                    for page in pages:
                        unpacked += page.uncompressed
                        _refuse_page(page)
                        if is_text:
                            largest = max(largest, page.uncompressed)
                            has_delta |= page.encoding == DELTA_BYTE_ARRAY
                            has_dictionary |= page.is_dictionary
    except PageError as error:
        raise ParquetError(damaged(error)) from None
    except ARROW_ERRORS as error:
        raise ParquetError(damaged(error)) from None
    sizes = Sizes(size, fixed, tuple(texts), largest, has_delta, has_dictionary)
    _refuse_bomb(max(fixed, unpacked), sizes)
    return sizes


def _checked(
    content: mmap.mmap, chunk: pq.ColumnChunkMetaData, rows: int, column: pq.ColumnSchema
) -> Iterator[Page]:
    """The pages; of a plain column they hold one value for each row."""
    n = 0
    for page in pages_of(content, chunk):
        n += 0 if page.is_dictionary else page.values
        yield page
    if column.max_repetition_level == 0 and n != rows:
        raise PageError(f"{n:,} values for {rows:,} rows")


def _top(part: pq.ParquetFile, index: int) -> str:
    """The column of the schema that a leaf belongs to; a plain name may hold points."""
    path = str(part.schema.column(index).path)
    return path if path in part.schema_arrow.names else path.split(".")[0]


def _footer(path: Path) -> bytes:
    """The footer, or what stands where it should be."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 8))
        tail = stream.read(8)
        length = struct.unpack("<I", tail[:4])[0] if len(tail) == 8 else 0
        if MAXIMUM_FOOTER_BYTES < length <= size:
            raise ParquetError(
                f"has a footer of {length:,} bytes; at most {MAXIMUM_FOOTER_BYTES:,} are read: "
                "write it again with fewer row groups or columns"
            )
        stream.seek(max(0, size - 8 - length))
        return stream.read(length)


def _refuse_page(page: Page) -> None:
    if page.uncompressed > max(MAXIMUM_PAGE_BYTES, MAXIMUM_PAGE_RATIO * page.compressed):
        raise ParquetError(
            f"promises a page of {page.uncompressed:,} bytes in {page.compressed:,} of the file; "
            f"at most {MAXIMUM_PAGE_BYTES:,} are unpacked at once: write it again with smaller "
            "pages"
        )


def _refuse_bomb(decoded: int, sizes: Sizes) -> None:
    is_bomb = decoded > max(ALWAYS_FINE_BYTES, MAXIMUM_RATIO * sizes.file_bytes)
    if is_bomb or decoded > MAXIMUM_DECODED_BYTES:
        raise ParquetError(
            f"promises {decoded:,} bytes or more in a file of {sizes.file_bytes:,}; at most "
            f"{MAXIMUM_RATIO} times its size are read (and {ALWAYS_FINE_BYTES:,} of any file, "
            f"{MAXIMUM_DECODED_BYTES:,} at most): leave out what is no feature "
            "(`source.table.leave_out`), or check where the file comes from"
        )


def _text_bytes(name: str, column: pa.Array) -> int:
    """Bytes of a column of texts once every cell is there; a dictionary is not unpacked for it."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        lengths = pc.binary_length(column.dictionary)
        each = pc.take(lengths, column.indices)
    else:
        each = pc.binary_length(column)
    longest = pc.max(each).as_py() or 0
    if longest > MAXIMUM_CELL_BYTES:
        raise ParquetError(
            f"has a cell of {longest:,} bytes in the column {name!r}; at most "
            f"{MAXIMUM_CELL_BYTES:,} are read: leave it out: "
            f"`source.table.leave_out: [{quoted(name)}]`"
        )
    return int(pc.sum(pc.cast(each, pa.int64())).as_py() or 0)


def is_image(field: pa.Field) -> bool:
    """Whether a column is a picture as Hugging Face stores it: a struct of {bytes, path}."""
    if not pa.types.is_struct(field.type):
        return False
    inner = {child.name: child.type for child in field.type}
    if set(inner) != {"bytes", "path"}:
        return False
    has_path = is_any(inner["path"], "string") or pa.types.is_null(inner["path"])
    return is_any(inner["bytes"], "binary") and has_path


def is_any(kind: pa.DataType, name: str) -> bool:
    """Whether a type is `name` ("string", "binary"), in any of the layouts that Arrow has."""
    return str(kind) in (name, f"large_{name}", f"{name}_view")


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    for field in first:
        if field.name not in other.names:
            return f"the column {field.name!r} is missing"
        if other.field(field.name).type != field.type:
            return f"{field.name!r} is {other.field(field.name).type}, not {field.type}"
    return f"the columns {', '.join(sorted(set(other.names) - set(first.names)))[:80]} are new"

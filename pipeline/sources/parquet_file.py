"""Parquet files judged from their footers before any data are read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MAXIMUM_RATIO = 200
# Small parts may compress well without any harm.
ALWAYS_FINE_BYTES = 256 * 2**20
MAXIMUM_ROW_GROUP_BYTES = 2 * 2**30


class ParquetError(Exception):
    """The file cannot be used; the text completes "<file> …"."""


def parts_of(path: Path) -> list[Path]:
    """The file itself, or the .parquet files of a folder, sorted.

    Raises:
        ParquetError: the folder holds none.
    """
    if path.is_file():
        return [path]
    found = sorted(part for part in path.rglob("*.parquet") if not part.name.startswith("."))
    if not found:
        raise ParquetError("holds no .parquet file")
    return found


def open_parts(paths: list[Path], *, nested: bool) -> list[pq.ParquetFile]:
    """The files opened, their footers checked, all of one schema.

    Args:
        paths: Parts of one split or table.
        nested: Whether a struct of {bytes, path} is allowed.

    Raises:
        ParquetError: a part is damaged, of another schema, nested, or a compression bomb.
    """
    parts = [_open(path) for path in paths]
    first = parts[0].schema_arrow
    for path, part in zip(paths, parts, strict=True):
        if not part.schema_arrow.equals(first):
            raise ParquetError(
                f"has a part {path.name} with another schema than {paths[0].name} "
                f"({_difference(first, part.schema_arrow)}); all parts must have the same columns"
            )
        _refuse_bomb(path, part)
    for field in first:
        if pa.types.is_nested(field.type) and not (nested and _is_image(field)):
            raise ParquetError(
                f"has the nested column {field.name!r} ({field.type}); plain columns are expected: "
                "flatten it, or leave it out"
            )
    return parts


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        text = str(error).split("\n")[0][:160]
        raise ParquetError(
            f"is no whole Parquet file ({text}); it may be cut short: fetch it again"
        ) from None


def damaged(error: Exception) -> str:
    """The rest of a sentence about a file whose footer is whole, but whose data are not."""
    return f"is damaged inside ({str(error).splitlines()[0][:160]}); fetch it again"


def _refuse_bomb(path: Path, part: pq.ParquetFile) -> None:
    groups = [part.metadata.row_group(index) for index in range(part.metadata.num_row_groups)]
    promised = sum(group.total_byte_size for group in groups)
    size = path.stat().st_size
    largest = max((group.total_byte_size for group in groups), default=0)
    is_bomb = promised > ALWAYS_FINE_BYTES and promised > MAXIMUM_RATIO * size
    if is_bomb or largest > MAXIMUM_ROW_GROUP_BYTES:
        raise ParquetError(
            f"promises {promised:,} bytes in a file of {size:,} (the largest row group "
            f"{largest:,}); at most {MAXIMUM_RATIO} times its size, and "
            f"{MAXIMUM_ROW_GROUP_BYTES:,} bytes a row group, are read"
        )


def _is_image(field: pa.Field) -> bool:
    return pa.types.is_struct(field.type) and {child.name for child in field.type} == {
        "bytes",
        "path",
    }


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    for field in first:
        if field.name not in other.names:
            return f"the column {field.name!r} is missing"
        if other.field(field.name).type != field.type:
            return f"{field.name!r} is {other.field(field.name).type}, not {field.type}"
    return f"the columns {', '.join(sorted(set(other.names) - set(first.names)))[:80]} are new"

"""The rows of an augmented set that a consumer wants, read one file at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codecs.registry import codec_of
from pipeline.dataset.layout import is_earlier, row_files
from pipeline.dataset.membership import rows_per_class
from pipeline.dataset.wanted import RowCounts, Rows, Selection
from pipeline.errors import VersionError
from pipeline.samples import Samples, Schema
from pipeline.storage import from_arrow, read_schema

# Of an earlier release's set, whose rows do not say to which config they belong.
EARLIER_SOURCES: dict[Rows, tuple[str, ...]] = {"balanced": ("real", "gan"), "synthetic": ("gan",)}


def selected_shards(directory: Path, selection: Selection) -> Iterator[Samples]:
    """The selected rows of an augmented set, one file in memory at a time.

    Raises:
        VersionError: a class is not in the set's schema.
    """
    schema = read_schema(directory)
    return (from_arrow(table, schema) for _, table in selected_tables(directory, selection))


def selected_tables(
    directory: Path, selection: Selection, columns: Sequence[str] | None = None
) -> Iterator[tuple[str, pa.Table]]:
    """The selected rows of each file as they are stored, and the file's path inside the set.

    Files without any are left out. Of an earlier release's set, `train` and `all` are all rows,
    `balanced` the real and the GAN's, `synthetic` the GAN's.

    Args:
        columns: Those to read; None for all.

    Raises:
        VersionError: a class is not in the set's schema.
    """
    schema = read_schema(directory)
    check_classes(schema, selection.classes)
    label, source = label_column(schema), prefix_of(schema) + "source"
    by_source = EARLIER_SOURCES.get(selection.rows) if is_earlier(directory) else None
    asked = [label] * bool(selection.classes) + [source] * bool(by_source)
    for path in row_files(directory, selection.rows):
        read = None if columns is None else [*dict.fromkeys((*columns, *asked))]
        table = pq.read_table(path, columns=read)
        mask = np.ones(table.num_rows, bool)
        if selection.classes:
            wanted = [schema.classes.index(name) for name in selection.classes]
            mask &= np.isin(table[label].to_numpy(), wanted)
        if by_source:
            mask &= table[source].to_pandas().isin(by_source).to_numpy(bool)
        table = table.filter(pa.array(mask))
        if table.num_rows:
            name = path.relative_to(directory).as_posix()
            yield name, table if columns is None else table.select(columns)


def selected_table(
    directory: Path, selection: Selection, columns: Sequence[str] | None = None
) -> pa.Table:
    """The same as one table.

    Raises:
        VersionError: no row is selected.
    """
    parts = [table for _, table in selected_tables(directory, selection, columns)]
    if not parts:
        raise VersionError(f"{directory} has no rows `{selection.rows}`.")
    return pa.concat_tables(parts)


def count_selected(directory: Path, selection: Selection) -> RowCounts:
    """How many rows of each class and source are selected; the values are not read."""
    schema = read_schema(directory)
    columns = [label_column(schema), prefix_of(schema) + "source"]
    labels: list[int] = []
    sources: list[str] = []
    for _, table in selected_tables(directory, selection, columns):
        labels += table[columns[0]].to_pylist()
        sources += table[columns[1]].to_pylist()
    return rows_per_class(labels, sources, schema)


def check_classes(schema: Schema, classes: tuple[str, ...]) -> None:
    """Refuse a class that the set does not have.

    Raises:
        VersionError: naming the unknown class and those there are.
    """
    unknown = [name for name in classes if name not in schema.classes]
    if unknown:
        known = ", ".join(repr(name) for name in schema.classes[:20])
        raise VersionError(f"There is no class {unknown[0]!r} in this version; it has {known}.")


def label_column(schema: Schema) -> str:
    """The name of the label's column in a set's files."""
    return codec_of(schema).label_column(schema)


def prefix_of(schema: Schema) -> str:
    """What stands before the name of every provenance column in a set's files."""
    return codec_of(schema).prefix

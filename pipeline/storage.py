"""Samples as Parquet shards in the Hugging Face layout, and back.

The values of each kind of data are columns of their own (`pipeline.codecs`), the label is a
ClassLabel, the provenance plain columns, so that pandas, polars, DuckDB and `datasets` read them
unasked. A folder of samples holds `schema.json` and one folder a split:

    <folder>/schema.json
    <folder>/<split>/part-00000.parquet, part-00001.parquet, …
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codecs.image import png_column
from pipeline.codecs.registry import codec_of
from pipeline.errors import ArtifactError
from pipeline.outside import read_outside_json
from pipeline.samples import Samples, Schema, concatenate
from pipeline.workspace import read_json_as, write_json

SHARD_BYTES = 128 * 2**20
ENCODED_ROWS = 1_000
SCHEMA_FILE = "schema.json"
# Of a provenance column with one probability a class, in the schema's order. The inner name is
# Parquet's own, so that what was read is written again with the same bytes.
PROBABILITIES = pd.ArrowDtype(pa.list_(pa.field("element", pa.float32())))


def to_arrow(samples: Samples) -> pa.Table:
    """One Arrow table of the samples, with the Hugging Face features in its metadata."""
    encoded = codec_of(samples.schema).encode(samples)
    return value_table(encoded, samples.labels, samples.provenance, samples.schema)


def image_table(
    encoded: Sequence[bytes], labels: np.ndarray, provenance: pd.DataFrame, schema: Schema
) -> pa.Table:
    """One Arrow table of pictures that are already PNG, as `to_arrow` makes it."""
    columns = png_column(encoded, provenance["id"].tolist())
    return value_table(columns, labels, provenance, schema)


def value_table(
    values: Mapping[str, pa.Array], labels: np.ndarray, provenance: pd.DataFrame, schema: Schema
) -> pa.Table:
    """One Arrow table of rows whose values are Arrow columns already, as `to_arrow` makes it."""
    codec = codec_of(schema)
    label_name = codec.label_column(schema)
    columns = {name: values[name] for name in codec.value_columns(schema)}
    columns[label_name] = pa.array(labels, pa.int64())
    columns |= _provenance_columns(provenance, prefix=codec.prefix)
    return _described(columns, schema, label_name)


def _provenance_columns(provenance: pd.DataFrame, *, prefix: str) -> dict[str, pa.Array]:
    """Columns of text stay text even where a part holds nothing but missing values."""
    return {
        prefix + name: pa.array(
            provenance[name],
            pa.string() if provenance[name].dtype == object else None,
            from_pandas=True,
        )
        for name in provenance.columns
    }


def _described(columns: dict[str, pa.Array], schema: Schema, label_name: str) -> pa.Table:
    table = pa.table(columns)
    return table.replace_schema_metadata(
        {
            "huggingface": json.dumps({"info": {"features": _features(table, schema, label_name)}}),
            "equipoise": schema.model_dump_json(),
        }
    )


def from_arrow(table: pa.Table, schema: Schema) -> Samples:
    """The samples of one Arrow table that `to_arrow` made."""
    values = codec_of(schema).decode(table, schema)
    labels, provenance = _beside_values(table, schema)
    return Samples(schema=schema, values=values, labels=labels, provenance=provenance)


def _beside_values(table: pa.Table, schema: Schema) -> tuple[np.ndarray, pd.DataFrame]:
    """Labels, int64 [n], and provenance; the values' own columns may be missing."""
    codec = codec_of(schema)
    label_name = codec.label_column(schema)
    own = {*codec.value_columns(schema), label_name}
    others = [name for name in table.column_names if name not in own]
    # Probabilities stay lists, of one type wherever they stand; as objects they would have none.
    provenance = table.select(others).to_pandas(types_mapper=_list_dtype)
    provenance.columns = pd.Index([name.removeprefix(codec.prefix) for name in others])
    return table.column(label_name).to_numpy().astype(np.int64), provenance


def _list_dtype(kind: pa.DataType) -> pd.ArrowDtype | None:
    return pd.ArrowDtype(kind) if pa.types.is_list(kind) else None


class ShardWriter:
    """Writes samples of one split as shards `<stem>-00000.parquet`, at most one of them in memory.

    A shard ends at `shard_rows` rows (left out: as many as suit the kind of data) or `shard_bytes`
    bytes of Arrow data, whichever comes first.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        *,
        stem: str = "part",
        shard_rows: int | None = None,
        shard_bytes: int = SHARD_BYTES,
    ):
        self._directory = folder / split
        self._directory.mkdir(parents=True, exist_ok=True)
        self._stem = stem
        self._shard_rows = shard_rows
        self._shard_bytes = shard_bytes
        self._waiting: list[pa.Table] = []
        self._rows = self._bytes = self._next_shard = 0

    def write(self, samples: Samples) -> None:
        """Add rows, encoded a few at a time."""
        for start in range(0, max(len(samples), 1), ENCODED_ROWS):
            self.write_table(to_arrow(samples.take(slice(start, start + ENCODED_ROWS))))

    def write_table(self, table: pa.Table) -> None:
        """Add rows that `to_arrow` or `value_table` made; whole shards are written at once."""
        if self._shard_rows is None:
            schema = _schema_in(table)
            self._shard_rows = codec_of(schema).shard_rows(schema)
        while self._rows + table.num_rows > self._shard_rows:
            room = self._shard_rows - self._rows
            self._add(table.slice(0, room))
            self._flush()
            table = table.slice(room)
        self._add(table)
        if self._bytes >= self._shard_bytes:
            self._flush()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._waiting and (self._rows or self._next_shard == 0):
            self._flush()

    def _add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes

    def _flush(self) -> None:
        path = self._directory / f"{self._stem}-{self._next_shard:05d}.parquet"
        joined = pa.concat_tables(self._waiting)
        pq.write_table(joined, path, compression="zstd")
        self._waiting, self._rows, self._bytes = [], 0, 0
        self._next_shard += 1


def _schema_in(table: pa.Table) -> Schema:
    metadata = table.schema.metadata or {}
    return read_outside_json(
        metadata.get(b"equipoise", b""),
        Schema,
        where="the schema in the Parquet file's header",
        way_out="The file was not written by this product; use another one.",
    )


def write_split(folder: Path, split: str, samples: Samples) -> None:
    """Write one split whole."""
    with ShardWriter(folder, split) as writer:
        writer.write(samples)


def write_schema(folder: Path, schema: Schema) -> None:
    """Write `schema.json` beside the splits."""
    write_json(folder / SCHEMA_FILE, schema.model_dump(mode="json"))


def read_schema(folder: Path) -> Schema:
    """The schema of a folder of samples.

    Raises:
        ArtifactError: the folder holds no schema.
    """
    return read_json_as(folder / SCHEMA_FILE, Schema)


def iterate_split(folder: Path, split: str) -> Iterator[Samples]:
    """The shards of one split, in order, one at a time.

    Raises:
        ArtifactError: the split does not exist.
    """
    schema = read_schema(folder)
    return (from_arrow(pq.read_table(path), schema) for path in _shards(folder, split))


def _shards(folder: Path, split: str) -> list[Path]:
    paths = sorted((folder / split).glob("part-*.parquet"))
    if not paths:
        raise ArtifactError(
            f"{folder} has no split named {split!r}. Run `equipoise run` to write it again."
        )
    return paths


def read_split(folder: Path, split: str) -> Samples:
    """One split, whole, in memory.

    Raises:
        ArtifactError: the split does not exist.
    """
    return concatenate(list(iterate_split(folder, split)))


def read_rows(folder: Path, split: str) -> Samples:
    """One split without its values, which take time to decode: `values` is uint8 [n, 0].

    Raises:
        ArtifactError: the split does not exist.
    """
    schema = read_schema(folder)
    own = codec_of(schema).value_columns(schema)
    parts = []
    for path in _shards(folder, split):
        names = [name for name in pq.read_schema(path).names if name not in own]
        labels, provenance = _beside_values(pq.read_table(path, columns=names), schema)
        parts.append(Samples(schema, np.empty((len(labels), 0), np.uint8), labels, provenance))
    return concatenate(parts)


def has_split(folder: Path, split: str) -> bool:
    """Whether the folder holds any shard of that split."""
    return any((folder / split).glob("part-*.parquet"))


def _features(table: pa.Table, schema: Schema, label_name: str) -> dict[str, object]:
    features: dict[str, object] = {
        name: _feature(table.schema.field(name).type) for name in table.column_names
    }
    features |= codec_of(schema).features
    features[label_name] = {"names": list(schema.classes), "_type": "ClassLabel"}
    return features


def _feature(kind: pa.DataType) -> dict[str, object]:
    if pa.types.is_list(kind):
        # "List" is the newer name, which releases of `datasets` before the fourth do not know.
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": _dtype_name(kind), "_type": "Value"}


def _dtype_name(kind: pa.DataType) -> str:
    names: Iterable[tuple[bool, str]] = (
        (pa.types.is_large_string(kind), "large_string"),
        (pa.types.is_string(kind), "string"),
        (pa.types.is_float64(kind), "float64"),
        (pa.types.is_float32(kind), "float32"),
        (pa.types.is_boolean(kind), "bool"),
        (pa.types.is_date32(kind), "date32"),
        (pa.types.is_timestamp(kind), str(kind)),
    )
    return next((name for matches, name in names if matches), str(kind))

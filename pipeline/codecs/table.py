"""Tables keep their own columns, in their types."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from pipeline.column_types import arrow_to_frame, frame_to_arrow
from pipeline.samples import Samples, Schema

SHARD_ROWS = 250_000
PREFIX = "equipoise."


class TableCodec:
    """See `pipeline.codecs.contract.Codec`."""

    prefix = PREFIX
    features: Mapping[str, dict[str, object]] = {}

    def label_column(self, schema: Schema) -> str:
        """The name that it had in the source."""
        return schema.label_column

    def value_columns(self, schema: Schema) -> tuple[str, ...]:
        """The features."""
        return tuple(column.name for column in schema.columns)

    def encode(self, samples: Samples) -> dict[str, pa.Array]:
        """Each feature in its type."""
        features = frame_to_arrow(samples.values, samples.schema.columns)
        return dict(zip(features.column_names, features.columns, strict=True))

    def decode(self, table: pa.Table, schema: Schema) -> pd.DataFrame:
        """A frame that keeps the Arrow types."""
        return arrow_to_frame(table, schema.columns)

    def shard_rows(self, schema: Schema) -> int:
        """Of rows of a table many fit."""
        return SHARD_ROWS

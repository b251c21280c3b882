"""What storing samples asks of a kind of data."""

from collections.abc import Mapping
from typing import Any, Protocol

import pyarrow as pa

from pipeline.samples import Samples, Schema


class Codec(Protocol):
    """Values as columns of an Arrow table, and back.

    Attributes:
        prefix: What stands before the names of provenance columns, so that no column of the values
            can have such a name.
        features: Of columns that are no plain values, what the Hugging Face library is told.
    """

    prefix: str
    features: Mapping[str, dict[str, object]]

    def label_column(self, schema: Schema) -> str:
        """The name under which labels are stored."""

    def value_columns(self, schema: Schema) -> tuple[str, ...]:
        """The names of the columns that hold the values, in order."""

    def encode(self, samples: Samples) -> dict[str, pa.Array]:
        """The columns of the values, by name, in order."""

    def decode(self, table: pa.Table, schema: Schema) -> Any:
        """The values that `encode` told, as `Samples` holds them."""

    def shard_rows(self, schema: Schema) -> int:
        """Rows of a shard, so that one decoded shard fits well into memory."""

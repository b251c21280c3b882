"""The record that travels between stages: samples, labels and provenance.

Nothing here assumes pictures: `Samples.values` is an image array or a data frame, and what differs
between the two when they are stored stands in `pipeline.storage`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipeline.column_rules import Rule
from pipeline.column_types import arrow_to_frame, frame_to_arrow

# Of a table's cell: a number of double precision with its gap, or a short text. Label, split and
# the like are columns too.
CELL_BYTES, OTHER_COLUMNS = 16, 3
Modality = Literal["image", "table"]
ColumnKind = Literal["continuous", "integer", "categorical", "boolean", "datetime", "text"]


class Column(BaseModel):
    """One feature column of a table.

    Attributes:
        type: The Arrow type of its values, e.g. "int32" (see `column_types.type_named`); None in
            versions made before types were kept, where the kind tells it.
        categories: Of a categorical column, those that occur: sorted, or in the order that the
            source declares.
        keeps_rare: Whether a category that hardly any row holds is generated all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: ColumnKind
    type: str | None = None
    categories: tuple[str, ...] = ()
    has_missing: bool = False
    keeps_rare: bool = False


class Schema(BaseModel):
    """What one sample is.

    Attributes:
        modality: "image" or "table".
        classes: Class names in label order; label k is `classes[k]`.
        image_shape: (height, width, channels) in pixels for images, channels 1 or 3; else None.
        columns: Feature columns in order for tables; else empty.
        label_column: The name the label had in the source, "label" where it had none.
        rules: Between the columns of a table; every row keeps them, drawn ones too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int] | None = None
    columns: tuple[Column, ...] = ()
    label_column: str = "label"
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Samples:
    """Rows of one schema.

    Attributes:
        schema: What one sample is.
        values: Images, uint8 [n, height, width, channels] in [0, 255]; or a data frame of n rows
            with the schema's columns in order.
        labels: Class indices, int64 [n] in [0, len(schema.classes)).
        provenance: One row a sample, index 0…n-1. Always has `id` (text, unique, stable when data
            are added). Real rows have `source_path`, where declared `group`, and where there are
            near duplicates `cluster`; synthetic rows have `generator` (hash), `draw` (int);
            assembled rows have more.
    """

    schema: Schema
    values: Any
    labels: np.ndarray
    provenance: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        assert len(self.values) == len(self.labels) == len(self.provenance)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ids(self) -> np.ndarray:
        """Stable identifiers, object [n]."""
        return self.provenance["id"].to_numpy(dtype=object)

    @property
    def bonds(self) -> np.ndarray:
        """What each row never parts from, text, object [n], equal for rows that stay together.

        The name of its cluster of near duplicates, else of its group, else its own identifier.
        """
        names = self.provenance["id"]
        for column in ("group", "cluster"):
            if column in self.provenance:
                given = self.provenance[column]
                names = given.where(given.notna(), names)
        return names.astype(str).to_numpy(dtype=object)

    def take(self, index: np.ndarray | Sequence[int] | slice) -> "Samples":
        """The rows at `index` (positions, a mask, or a slice), in that order."""
        rows = np.arange(len(self))[index]
        values = (
            self.values.iloc[rows].reset_index(drop=True)
            if isinstance(self.values, pd.DataFrame)
            else self.values[rows]
        )
        return replace(
            self,
            values=values,
            labels=self.labels[rows],
            provenance=self.provenance.iloc[rows].reset_index(drop=True),
        )

    def counts(self) -> dict[str, int]:
        """Rows of each class by name, every class of the schema present, in label order."""
        found = np.bincount(self.labels, minlength=len(self.schema.classes))
        return {name: int(n) for name, n in zip(self.schema.classes, found, strict=True)}


def row_bytes(schema: Schema) -> int:
    """About how many bytes a sample takes as it is stored, without provenance; rather too much."""
    if schema.image_shape is None:
        return CELL_BYTES * (len(schema.columns) + OTHER_COLUMNS)
    return math.prod(schema.image_shape)


def nbytes(samples: Samples) -> int:
    """Bytes of the values in memory."""
    if isinstance(samples.values, pd.DataFrame):
        return int(samples.values.memory_usage(index=False, deep=True).sum())
    return int(samples.values.nbytes)


def concatenate(parts: Sequence[Samples]) -> Samples:
    """All rows of `parts`, which share one schema, in order; provenance columns are united."""
    first = parts[0]
    assert all(part.schema == first.schema for part in parts)
    values = [part.values for part in parts]
    return Samples(
        schema=first.schema,
        values=(
            _joined(values, first.schema)
            if isinstance(first.values, pd.DataFrame)
            else np.concatenate(values)
        ),
        labels=np.concatenate([part.labels for part in parts]),
        provenance=pd.concat([part.provenance for part in parts], ignore_index=True),
    )


def _joined(frames: Sequence[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    if all(frame.dtypes.equals(frames[0].dtypes) for frame in frames):
        return pd.concat(frames, ignore_index=True)
    # pandas would find a type that both fit into, and whole numbers with gaps would be floats.
    tables = [frame_to_arrow(frame, schema.columns) for frame in frames]
    return arrow_to_frame(pa.concat_tables(tables), schema.columns)

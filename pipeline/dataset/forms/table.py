"""Tables in a released set."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of, as_numbers
from pipeline.dataset.wanted import Format
from pipeline.errors import VersionError
from pipeline.formulas import harmless
from pipeline.samples import Column, Samples, Schema

if TYPE_CHECKING:
    from pipeline.dataset.torch_rows import AugmentedDataset

WORDS = ("categorical", "text")
KINDS: Mapping[str, str] = {
    "continuous": "number",
    "integer": "whole number",
    "boolean": "yes or no",
    "datetime": "date or moment",
    "categorical": "category",
    "text": "text",
}
# Whole numbers and flags with gaps; pandas would make floats and objects of them.
NULLABLE: Mapping[pa.DataType, Any] = {
    pa.bool_(): pd.BooleanDtype(),
    **{
        kind: getattr(pd, f"{name}Dtype")()
        for kind, name in (
            (pa.int8(), "Int8"),
            (pa.int16(), "Int16"),
            (pa.int32(), "Int32"),
            (pa.int64(), "Int64"),
            (pa.uint8(), "UInt8"),
            (pa.uint16(), "UInt16"),
            (pa.uint32(), "UInt32"),
            (pa.uint64(), "UInt64"),
        )
    },
}


@dataclass(frozen=True)
class Coded:
    """See `pipeline.dataset.forms.contract.Numbers`.

    Attributes:
        categories: Column of words → its categories, whose positions the numbers are.
    """

    schema: Schema
    categories: Mapping[str, list[str]]
    dtype: type[np.generic] = np.float64

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.schema.columns),)

    @property
    def columns(self) -> list[dict[str, Any]]:
        return [
            {"name": column.name, "categories": self.categories.get(column.name)}
            for column in self.schema.columns
        ]

    def of(self, samples: Samples) -> np.ndarray:
        """float64 [n, columns]; moments as seconds since 1970, NaN for a gap."""
        columns = [self._numbers(column, samples) for column in self.schema.columns]
        return np.column_stack(columns) if columns else np.empty((len(samples), 0))

    def _numbers(self, column: Column, samples: Samples) -> np.ndarray:
        values = samples.values[column.name]
        if column.name in self.categories:
            words = pd.Categorical(values.astype("string"), self.categories[column.name])
            return np.where(words.codes < 0, np.nan, words.codes.astype(float))
        try:
            return as_numbers(values)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            raise VersionError(
                f"The column {column.name!r} holds something other than numbers; pull it as "
                "parquet or csv."
            ) from None


class TableForm:
    """See `pipeline.dataset.forms.contract.Form`."""

    noun, task = "table", "tabular-classification"
    formats: tuple[Format, ...] = ("parquet", "csv", "numpy")
    network = "mlp"
    applied = "the class sampling of the network's recipe"

    def refusal(self, form: Format) -> str:
        """Rows are no pictures."""
        return f"This version is a table, not {form}; pull it as parquet, csv or numpy."

    def told(self, schema: Schema) -> Mapping[str, str]:
        """Kind, type, number of categories and whether cells may be missing."""
        return {column.name: _told(column) for column in schema.columns}

    def csv_names(self, schema: Schema) -> list[str]:
        """As they are."""
        return [column.name for column in schema.columns]

    def csv_cells(self, samples: Samples) -> Iterator[list[Any]]:
        """Text that a spreadsheet would run is neutralised; a gap is an empty cell."""
        rows = samples.values.itertuples(index=False, name=None)
        return ([harmless(cell) for cell in row] for row in rows)

    def numbers(self, schema: Schema, parts: Iterable[Samples]) -> Coded:
        """Categories in sorted order, whatever occurs in any part."""
        found: dict[str, set[str]] = {
            column.name: set(column.categories) for column in schema.columns if column.kind in WORDS
        }
        for samples in parts:
            for name, values in found.items():
                texts = pc.cast(array_of(samples.values[name]), pa.string())
                values.update(pc.unique(pc.drop_null(texts)).to_pylist())
        return Coded(schema, {name: sorted(values) for name, values in found.items()})

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Whole numbers and flags with gaps in the types of pandas that can hold a gap."""
        frame: pd.DataFrame = table.to_pandas()
        for name in table.column_names:
            column = table.column(name)
            if column.null_count and column.type in NULLABLE:
                frame[name] = column.to_pandas(types_mapper=NULLABLE.get)
        return frame

    def torch(self) -> "type[AugmentedDataset]":
        """See the class."""
        from pipeline.dataset.torch_table import TableDataset

        return TableDataset

    def digests(self, table: pa.Table, schema: Schema) -> np.ndarray:
        """Of the features."""
        # It brings all of scipy, and loading a set does without.
        from pipeline.row_digests import feature_digests

        return feature_digests(table, schema)


def _told(column: Column) -> str:
    kind = KINDS[column.kind]
    if column.type:
        kind = f"{kind} ({column.type})"
    if column.categories:
        kind = f"{kind}, {len(column.categories)} categories"
    return f"{kind}; cells may be missing" if column.has_missing else kind

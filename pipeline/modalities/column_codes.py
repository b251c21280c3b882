"""Values as columns of numbers that can be compared one by one, gaps kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of, as_numbers
from pipeline.samples import Column, Samples

NUMERIC = ("continuous", "integer", "datetime")
# Categories with a code of their own, the most frequent first; histogram boosting has 255 bins.
MOST_CATEGORIES = 254


@dataclass(frozen=True)
class ColumnCodes:
    """Several sets of rows in the same columns.

    Attributes:
        names, kinds: Of each column.
        is_number: Whether its values have an order, bool [d]: numbers, and moments in seconds. The
            values of all others are codes of categories.
        parts: Of each set float64 [n, d], NaN where a cell is missing.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    is_number: np.ndarray
    parts: tuple[np.ndarray, ...]


def code_columns(parts: Sequence[Samples]) -> ColumnCodes:
    """The columns of tables that share a schema.

    Categories are coded by their frequency in the first part; what does not occur there, or is rare
    among very many, shares the last code. Columns of free text are left out.
    """
    columns = [column for column in parts[0].schema.columns if column.kind != "text"]
    coded = [_coded(column, [part.values[column.name] for part in parts]) for column in columns]
    return ColumnCodes(
        names=tuple(column.name for column in columns),
        kinds=tuple(column.kind for column in columns),
        is_number=np.array([column.kind in NUMERIC for column in columns], bool),
        parts=tuple(
            np.stack([each[place] for each in coded], axis=1)
            if coded
            else np.empty((len(part), 0), np.float64)
            for place, part in enumerate(parts)
        ),
    )


def _coded(column: Column, values: Sequence[pd.Series]) -> list[np.ndarray]:
    if column.kind in NUMERIC:
        return [as_numbers(each) for each in values]
    texts = [pc.cast(array_of(each), pa.string()) for each in values]
    categories = by_frequency(texts[0])[:MOST_CATEGORIES]
    return [_codes(each, pa.array(categories, pa.string())) for each in texts]


def by_frequency(texts: pa.ChunkedArray) -> list[str]:
    """The distinct values, the most frequent first, equally frequent ones by name."""
    counted = pc.value_counts(pc.drop_null(texts)).to_pylist()
    ordered = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    return [one["values"] for one in ordered]


def _codes(texts: pa.ChunkedArray, categories: pa.Array) -> np.ndarray:
    """Place of each value among the categories, their number for any other, NaN for a gap."""
    found = pc.index_in(texts, value_set=categories)
    codes = np.asarray(pc.cast(pc.fill_null(found, len(categories)), pa.float64()).to_numpy())
    return np.where(np.asarray(texts.is_valid()), codes, np.nan)

"""The columns of a table as arrays: numbers with gaps, and categories as codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of, as_numbers
from pipeline.samples import Column, Samples, Schema

# Squares of larger numbers would overflow; infinity is no distance.
LARGEST = 1e150
ORDERED = ("continuous", "integer", "datetime")
# Codes of cells that are no category of a level set.
GAP, UNKNOWN = -1, -2


def features_of(schema: Schema) -> tuple[Column, ...]:
    """The columns that a row is known by; free text is not among them."""
    return tuple(column for column in schema.columns if column.kind != "text")


def is_ordered(column: Column) -> bool:
    """Whether its values are numbers or moments, else they are categories."""
    return column.kind in ORDERED


def numbers_of(samples: Samples, column: Column) -> np.ndarray:
    """Values of a column with an order, float64 [n]; NaN is a gap, moments are seconds."""
    return np.asarray(np.clip(as_numbers(samples.values[column.name]), -LARGEST, LARGEST))


def texts_of(samples: Samples, column: Column) -> pa.Array:
    """Values of a categorical or boolean column as text, with gaps, [n]."""
    array = pc.cast(array_of(samples.values[column.name]), pa.string())
    return array.combine_chunks()


@dataclass(frozen=True)
class Levels:
    """Categories of one column, each with a code: its position.

    Attributes:
        names: Those that occur in the rows that it was fitted on, in the schema's order.
        has_others: Whether further ones occurred that have no code of their own.
        has_gap: Whether any of these rows has a gap in the column.
    """

    names: tuple[str, ...]
    has_others: bool
    has_gap: bool

    @classmethod
    def fit(cls, samples: Samples, column: Column, *, most: int) -> "Levels":
        """The categories of these rows; of more than `most`, the most frequent ones.

        Args:
            most: Other categories have no code of their own, as those that never occurred.
        """
        texts = texts_of(samples, column)
        counted = pc.value_counts(pc.drop_null(texts)).to_pylist()
        counts = {one["values"]: one["counts"] for one in counted}
        order = {name: place for place, name in enumerate(column.categories)}
        names = sorted(counts, key=lambda name: (order.get(name, len(order)), name))
        kept = set(sorted(names, key=lambda name: -counts[name])[:most])
        return cls(
            names=tuple(name for name in names if name in kept),
            has_others=len(names) > len(kept),
            has_gap=texts.null_count > 0,
        )

    def codes(self, samples: Samples, column: Column) -> np.ndarray:
        """The code of each row's category, int64 [n]; `GAP` or `UNKNOWN` where it has none."""
        texts = texts_of(samples, column)
        known = pa.array(self.names, pa.string())
        found = pc.fill_null(pc.index_in(texts, value_set=known), UNKNOWN)
        codes = np.asarray(found.to_numpy(zero_copy_only=False), np.int64)
        return np.where(np.asarray(texts.is_null()), GAP, codes)


def one_hot(codes: np.ndarray, levels: int) -> np.ndarray:
    """Codes as indicators, float64 [n, levels]; a code outside has none."""
    return np.asarray(codes[:, None] == np.arange(levels), np.float64)


def side_by_side(parts: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """Parts [n] or [n, d] as one array, float64 [n, d]; never without a column."""
    if not parts:
        return np.zeros((rows, 1))
    return np.column_stack([np.asarray(part, np.float64) for part in parts])

"""Categories of few rows: who holds one may be known by it."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import array_of
from pipeline.modalities.rarity import fewest_rows
from pipeline.results import RareValue
from pipeline.samples import Samples


def rare_values(training: Samples, synthetic: Samples) -> tuple[RareValue, ...]:
    """Categories of fewer than five training rows that synthetic rows show, the rarest first.

    Categories of which no training row knows are among them, with 0 training rows.
    """
    found = [
        RareValue(
            column=column.name,
            value=value,
            n_training=held.get(value, 0),
            n_synthetic=n,
        )
        for column in training.schema.columns
        if column.kind == "categorical"
        for held in (_counts(training.values[column.name]),)
        for value, n in _counts(synthetic.values[column.name]).items()
        if held.get(value, 0) < fewest_rows(column)
    ]
    return tuple(sorted(found, key=lambda one: (one.n_training, one.column, one.value)))


def _counts(values: Any) -> dict[str, int]:
    """Rows of each category."""
    known = pc.drop_null(pc.cast(array_of(values), pa.string()))
    return {one["values"]: one["counts"] for one in pc.value_counts(known).to_pylist()}

"""New cells of a column: those of real rows as they are, or numbers of the same range and steps."""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import frame_to_arrow
from pipeline.modalities.rarity import fewest_rows
from pipeline.modalities.table.columns import is_ordered, numbers_of
from pipeline.samples import Column, Samples

MOST_DECIMALS = 9
# Whole numbers up to here are exact in double precision.
MOST_EXACT = 2.0**53


@dataclass(frozen=True)
class Cells:
    """The cells of one column in real rows, from which new ones are made.

    Attributes:
        column: Of the schema.
        real: The real rows' cells, in the column's type, [n].
        numbers: The same as numbers, float64 [n], NaN for gaps; None for what has no order.
        is_common: Whether a new row may have the cell, bool [n]: a category of fewer than five rows
            may tell whose it was.
    """

    column: Column
    real: pa.Array
    numbers: np.ndarray | None
    is_common: np.ndarray

    def made(self, rows: np.ndarray, drawn: np.ndarray | None = None) -> pa.Array:
        """The cells of these real rows, in the column's type; drawn numbers where there are any.

        Args:
            rows: Positions, int64 [m].
            drawn: Numbers, float64 [m]; NaN leaves the real row's cell. They are brought into the
                column's range and onto its steps: whole numbers of the source's step, as many
                decimals as the source has, moments that occur.
        """
        taken = self.real.take(pa.array(rows))
        if drawn is None or not (is_drawn := ~np.isnan(drawn)).any():
            return taken
        values = self._on_steps(drawn[is_drawn])
        return pc.replace_with_mask(taken, pa.array(is_drawn), values)

    def _on_steps(self, numbers: np.ndarray) -> pa.Array:
        assert self.numbers is not None
        known = self.numbers[~np.isnan(self.numbers)]
        if self.column.kind == "datetime":
            return self.real.take(pa.array(self._nearest_rows(numbers)))
        if self.column.kind == "integer":
            return self._whole(numbers)
        if pa.types.is_float32(self.real.type):
            # As it is written, not as it is held.
            known = known.astype(np.float32).astype(str).astype(np.float64)
        kept = np.clip(numbers, known.min(), known.max())
        steps = decimal_steps(known)
        if steps is not None:
            first, step, scale = steps
            kept = (first + np.rint((kept * scale - first) / step) * step) / scale
        return pa.array(np.clip(kept, known.min(), known.max())).cast(self.real.type, safe=False)

    def _whole(self, numbers: np.ndarray) -> pa.Array:
        """Whole numbers, counted in steps from the smallest: exact, however large they are."""
        known = [int(one) for one in pc.unique(pc.drop_null(self.real)).to_pylist()]
        low, high = min(known), max(known)
        step = math.gcd(*(one - low for one in known)) or 1
        steps = np.clip(np.rint((numbers - low) / step), 0, (high - low) // step)
        return pa.array([low + int(count) * step for count in steps], self.real.type)

    def _nearest_rows(self, numbers: np.ndarray) -> np.ndarray:
        """The rows whose moment is nearest, int64: granularity and zone need no rules then."""
        assert self.numbers is not None
        rows = np.flatnonzero(~np.isnan(self.numbers))
        rows = rows[np.argsort(self.numbers[rows], kind="stable")]
        known = self.numbers[rows]
        after = np.clip(np.searchsorted(known, numbers), 1, max(len(known) - 1, 1))
        after = np.minimum(after, len(known) - 1)
        before = np.maximum(after - 1, 0)
        is_nearer = np.abs(known[before] - numbers) <= np.abs(known[after] - numbers)
        return np.where(is_nearer, rows[before], rows[after])


def cells_of(real: Samples) -> tuple[Cells, ...]:
    """Every column's cells. Free text is a gap: a text of a real row is nobody else's."""
    table = frame_to_arrow(real.values, real.schema.columns)
    found = []
    for column in real.schema.columns:
        array = table[column.name].combine_chunks()
        if column.kind == "text":
            array = pa.nulls(len(array), array.type)
        numbers = numbers_of(real, column) if is_ordered(column) else None
        found.append(Cells(column, array, numbers, _is_common(column, array)))
    return tuple(found)


def _is_common(column: Column, cells: pa.Array) -> np.ndarray:
    """All where nothing is rare, and where everything is: a cell has to be something."""
    if column.kind != "categorical":
        return np.ones(len(cells), bool)
    coded = pc.dictionary_encode(cells, null_encoding="encode")
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)
    is_common = np.bincount(codes, minlength=1)[codes] >= fewest_rows(column)
    is_common |= np.asarray(cells.is_null())
    return is_common if is_common.any() else np.ones(len(cells), bool)


def decimal_steps(numbers: np.ndarray) -> tuple[float, float, float] | None:
    """First number, step and scale of numbers that are told with few decimals, float64 [n].

    All are (first + k · step) / scale for whole k; None where nine decimals are too few.
    """
    for decimals in range(MOST_DECIMALS + 1):
        scale = 10.0**decimals
        if np.abs(numbers * scale).max() > MOST_EXACT:
            return None
        if (np.round(numbers, decimals) == numbers).all():
            whole = np.unique(np.rint(numbers * scale).astype(np.int64))
            step = int(np.gcd.reduce(whole - whole[0])) or 1
            return float(whole[0]), float(step), scale
    return None

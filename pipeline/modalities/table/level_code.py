"""Columns of a few values: states in an order, constants, and values looked up by another's."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.column_types import type_named
from pipeline.modalities.table.number_code import Name, StateRule

# Of one column; what is rarer than these is not generated.
MOST_LEVELS = 512

Text = Annotated[str, Field(max_length=2**16)]
Levels = Annotated[tuple[Text, ...], Field(max_length=2**16)]
Index = Annotated[int, Field(ge=-1, lt=2**16)]


@dataclass(frozen=True)
class LevelCode:
    """A column whose values are states, in an order that tells likeness.

    Attributes:
        levels: The values as text, each of its state's index; after them the gap, where it occurs.
        rule: Where one of the states is, if another column tells.
    """

    name: Name
    type: Name
    levels: Annotated[Levels, Field(min_length=1, max_length=MOST_LEVELS)]
    has_missing: bool
    rule: StateRule | None = None
    form: Literal["levels"] = "levels"

    @property
    def n_states(self) -> int:
        """Each level, and the gap where it occurs."""
        return len(self.levels) + self.has_missing

    def states(self, array: pa.Array, stream: np.random.Generator) -> np.ndarray:
        """State of each row, int64 [n]; what is no level becomes one, as often as levels occur."""
        found = indices_in(array, self.levels)
        gap = np.asarray(array.is_null())
        known = found[~gap & (found >= 0)]
        unknown = np.flatnonzero((found < 0) & ~(gap & self.has_missing))
        shares = np.bincount(known, minlength=len(self.levels)) + 1e-9
        found[unknown] = stream.choice(len(shares), len(unknown), p=shares / shares.sum())
        if self.has_missing:
            found[gap] = len(self.levels)
        return found

    def array(self, states: np.ndarray) -> pa.Array:
        """Values of states, gaps for the last where it is one."""
        return values_at(self.levels, np.where(states < len(self.levels), states, -1), self.type)


@dataclass(frozen=True)
class FixedCode:
    """A column that has one value, or none.

    Attributes:
        why: What it is: of one value, without any, text, or of categories that are all rare.
    """

    name: Name
    type: Name
    value: Text | None
    why: Literal["constant", "empty", "text", "rare"]
    form: Literal["fixed"] = "fixed"

    def array(self, n: int) -> pa.Array:
        """The value n times."""
        if self.value is None:
            return pa.nulls(n, type_named(self.type))
        return values_at((self.value,), np.zeros(n), self.type)


@dataclass(frozen=True)
class LookupCode:
    """A column that another one determines in all training rows.

    Attributes:
        source: The name of the other.
        levels: The values as text.
        targets: Which of them belongs to each state (or key) of the source, the gap last; −1 is a
            gap.
    """

    name: Name
    type: Name
    source: Name
    levels: Levels
    targets: Annotated[tuple[Index, ...], Field(min_length=1, max_length=2**16)]
    form: Literal["lookup"] = "lookup"

    def array(self, states: np.ndarray) -> pa.Array:
        """Values for states of the source; its gap is the last one."""
        return values_at(self.levels, np.array(self.targets)[states], self.type)


def text_of(array: pa.Array) -> pa.Array:
    """Values as text that casts back to them."""
    return array if pa.types.is_string(array.type) else pc.cast(array, pa.string())


def values_at(levels: tuple[str, ...], index: np.ndarray, kind: str) -> pa.Array:
    """The values at `index` (int [n], −1 a gap) in the Arrow type that `kind` names."""
    values = pc.cast(pa.array(levels, pa.string()), type_named(kind))
    return values.take(pa.array(index.astype(np.int64), mask=index < 0))


def indices_in(array: pa.Array, levels: tuple[str, ...]) -> np.ndarray:
    """Which level each value is, int64 [n]; −1 for gaps and what is none of them."""
    values = pc.cast(pa.array(levels, pa.string()), array.type)
    found = pc.fill_null(pc.index_in(array, value_set=values, skip_nulls=True), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def fit_levels(name: str, array: pa.Array, *, fewest: int) -> LevelCode | FixedCode:
    """The code of a column of categories, the levels sorted by how often they occur.

    Args:
        fewest: Values that fewer rows hold are left out.
    """
    counted = pc.value_counts(array.drop_null())
    values, counts = counted.field(0), counted.field(1).to_numpy()
    texts = text_of(values).to_pylist()
    order = sorted(range(len(texts)), key=lambda k: (-counts[k], texts[k]))
    kept = tuple(texts[k] for k in order if counts[k] >= fewest)[:MOST_LEVELS]
    has_missing = array.null_count > 0
    kind = str(array.type)
    if not texts:
        return FixedCode(name, kind, None, "empty")
    if not kept:
        return FixedCode(name, kind, None, "rare")
    if len(kept) == 1 and not has_missing:
        return FixedCode(name, kind, kept[0], "constant")
    return LevelCode(name, kind, kept, has_missing)

"""Rules between the columns of a table: what every row keeps, and how a drawn row is made to.

A rule compares a sum of columns with zero, or allows certain combinations of cells only. Rows are
judged as they are released, after rounding. A comparison of which an operand is missing is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from pipeline.column_types import array_of, as_numbers

Relation = Literal["<=", "<", ">=", ">", "==", "!="]
# Two operands are compared exactly. Sums of decimals are not exact: .1 + .2 is not .3.
SUM_TOLERANCE, SINGLE_TOLERANCE = 1e-9, 1e-6
BETWEEN = "\x1f"
GAP = "\x00"


class Term(BaseModel):
    """A column times a weight; moments count as seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    weight: float


class Derived(BaseModel):
    """A column of which an equation leaves no choice: it is computed from the others.

    Attributes:
        digits: Decimals that its cells have in the source; None for more than can be told.
        low, high: The least and largest of its cells in the source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    digits: int | None
    low: float
    high: float


class Comparison(BaseModel):
    """`terms` and `constant`, added up, stand in this relation to zero.

    Attributes:
        text: As it was declared.
        derived: For an equation, the column that follows from the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    terms: tuple[Term, ...]
    constant: float
    relation: Relation
    derived: Derived | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(term.column for term in self.terms)

    @property
    def is_exact(self) -> bool:
        """Whether two operands are compared as they are, with nothing added up."""
        operands = len(self.terms) + (self.constant != 0)
        return operands <= 2 and all(abs(term.weight) == 1 for term in self.terms)

    def keeps(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows keep it, bool [n]."""
        value, tolerance = self._sum(frame)
        if not self.is_exact:
            value = np.where(np.abs(value) <= tolerance, 0.0, value)
        kept = {
            "<=": value <= 0,
            "<": value < 0,
            ">=": value >= 0,
            ">": value > 0,
            "==": value == 0,
            "!=": value != 0,
        }[self.relation] | np.isnan(value)
        if self.derived is not None:
            cells = as_numbers(frame[self.derived.column])
            kept &= ~((cells < self.derived.low) | (cells > self.derived.high))
        return np.asarray(kept, bool)

    def _sum(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """The sum, float64 [n], NaN where an operand is missing, and how far it may be off."""
        value = np.full(len(frame), self.constant, np.float64)
        size = np.abs(value)
        share = SUM_TOLERANCE
        for term in self.terms:
            added = term.weight * as_numbers(frame[term.column])
            value, size = value + added, size + np.abs(added)
            if array_of(frame[term.column].head(0)).type == pa.float32():
                share = SINGLE_TOLERANCE
        return value, share * size

    def completed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the derived column computed, where no operand is missing."""
        if self.derived is None:
            return frame
        name = self.derived.column
        weight = next(term.weight for term in self.terms if term.column == name)
        others = np.full(len(frame), self.constant, np.float64)
        for term in self.terms:
            if term.column != name:
                others = others + term.weight * as_numbers(frame[term.column])
        digits = self.derived.digits
        cells = -others / weight
        cells = cells if digits is None else np.round(cells, digits)
        is_known = ~np.isnan(cells) & frame[name].notna().to_numpy()
        kind = array_of(frame[name]).type
        if pa.types.is_integer(kind):
            # What is no whole number stays, and its row breaks the rule.
            is_known &= cells == np.round(cells)
        made = pc.cast(pa.array(np.where(is_known, cells, 0.0)), kind, safe=False)
        merged = pc.if_else(pa.array(is_known), made, array_of(frame[name]))
        return frame.assign(**{name: pd.Series(_whole(merged), index=frame.index)})


class Combinations(BaseModel):
    """Cells of these columns occur only together as they do in the source.

    Attributes:
        allowed: Each combination's cells as text, None for a missing one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    columns: tuple[str, ...]
    allowed: tuple[tuple[str | None, ...], ...]

    def keeps(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows keep it, bool [n]."""
        known = {BETWEEN.join(map(_cell, cells)) for cells in self.allowed}
        return combined(frame, self.columns).isin(known).to_numpy(bool)

    def completed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with cells looked up, where one of the columns tells all others."""
        key = self.key
        if key is None:
            return frame
        place = self.columns.index(key)
        known = {cells[place]: cells for cells in self.allowed}
        found = [known.get(text) for text in texts_of(frame[key])]
        is_known = pa.array([cells is not None for cells in found])
        made = {}
        for k, name in enumerate(self.columns):
            if name == key:
                continue
            own = array_of(frame[name])
            looked_up = pa.array([None if c is None else c[k] for c in found], pa.string())
            merged = pc.if_else(is_known, pc.cast(looked_up, own.type), own)
            made[name] = pd.Series(_whole(merged), index=frame.index)
        return frame.assign(**made)

    @property
    def key(self) -> str | None:
        """A column of which each value stands in one combination only; None without any."""
        for k, name in enumerate(self.columns):
            if len({cells[k] for cells in self.allowed}) == len(self.allowed):
                return name
        return None


Rule = Comparison | Combinations


def keeps(rules: Sequence[Rule], frame: Any) -> np.ndarray:
    """Which rows keep all rules as they stand, after rounding, bool [n]."""
    kept = np.ones(len(frame), bool)
    for rule in rules:
        kept &= rule.keeps(frame)
    return kept


def completed(rules: Sequence[Rule], frame: Any) -> Any:
    """The frame with every cell computed or looked up that the rules leave no choice about.

    Without rules the values come back, whatever they are.
    """
    for rule in rules:
        frame = rule.completed(frame)
    return frame


def kept_shares(rules: Sequence[Rule], frame: pd.DataFrame) -> Mapping[str, float]:
    """Text of each rule → share of the rows that keep it, in [0, 1]; 1 without rows."""
    shares: dict[str, float] = {}
    for rule in rules:
        share = float(rule.keeps(frame).mean()) if len(frame) else 1.0
        # A chain of comparisons is several rules of one text.
        shares[rule.text] = min(share, shares.get(rule.text, 1.0))
    return shares


def texts_of(column: pd.Series) -> list[str | None]:
    """Cells as text, which a cast gives back; None for missing ones."""
    texts: list[str | None] = pc.cast(array_of(column), pa.string()).to_pylist()
    return texts


def combined(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The cells of each row's columns as one text, object [n]."""
    rows = zip(*(texts_of(frame[name]) for name in columns), strict=True)
    return pd.Series([BETWEEN.join(map(_cell, cells)) for cells in rows], dtype=object)


def _cell(text: str | None) -> str:
    return GAP if text is None else text


def _whole(array: pa.Array | pa.ChunkedArray) -> pd.api.extensions.ExtensionArray:
    return pd.array(array, dtype=pd.ArrowDtype(array.type))

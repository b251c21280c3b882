"""A column of numbers or moments as normal scores by rank, and back to values that are valid."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from scipy.special import ndtr, ndtri

from pipeline.column_types import type_named

# A value that so large a part of a column's rows holds is a state of its own.
MASS_SHARE = 0.1
MOST_DIGITS = 10
# Beyond this the grid's numbers are no longer exact as doubles.
LARGEST_EXACT = 2**53
# How far inside its interval of ranks a repeated value begins: strictly increasing knots.
INSET = 1e-6
SMALLEST_RANK = 1e-9

Name = Annotated[str, Field(max_length=4096)]
Knots = Annotated[tuple[float, ...], Field(min_length=1, max_length=8192)]


@dataclass(frozen=True)
class StateRule:
    """Where a column has one of its states, told by another column in all training rows.

    Attributes:
        source: The name of the other.
        state: Which state; of a number it is the gap.
        states: Which of the source's states go with it.
    """

    source: Name
    state: Annotated[int, Field(ge=0, lt=1024)]
    states: Annotated[tuple[bool, ...], Field(max_length=1024)]


@dataclass(frozen=True)
class NumberCode:
    """How the values of one column become ranks, fitted on training rows.

    A value is (origin + step · k) / 10^digits with a whole k where the column has a grid, and k
    itself where it has none.

    Attributes:
        type: The Arrow type of the column.
        last: The largest k of a grid, exactly.
        digits: After the point; None where the column has no grid.
        ranks, values: Knots of the quantile function, ranks in (0, 1) rising, values of k. A value
            that several rows hold has two knots, so that it comes back exactly.
        masses: Values of k that are states of their own, rising.
        has_missing: Whether a training row has a gap here.
        is_local: Whether the grid of moments is that of the local clock, as that of midnights is.
        rule: Where gaps are, if another column tells.
        keys: Values of k that alone may come out, because other columns are looked up by them.
    """

    name: Name
    type: Name
    origin: int
    step: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=0)]
    digits: Annotated[int, Field(ge=0, le=MOST_DIGITS)] | None
    ranks: Knots
    values: Knots
    masses: Annotated[tuple[float, ...], Field(max_length=16)]
    has_missing: bool
    keys: Annotated[tuple[float, ...], Field(max_length=8192)] = ()
    is_local: bool = False
    rule: StateRule | None = None
    form: Literal["number"] = "number"

    @property
    def n_states(self) -> int:
        """Number, each mass, gap: as far as they occur."""
        return 1 + len(self.masses) + self.has_missing

    def mass_ranks(self) -> np.ndarray:
        """Where each mass begins and ends, float64 [masses, 2] in (0, 1)."""
        low, high = self._rank_intervals(np.array(self.masses, np.float64))
        return np.stack([low, high], axis=1)

    def middles(self) -> np.ndarray:
        """The score of each mass's middle, float64 [masses]."""
        return self.scores(np.array(self.masses), np.full(len(self.masses), 0.5))

    def scores(self, steps: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Normal scores of values, float64 [n]; `uniform` places equal values in their interval."""
        low, high = self._rank_intervals(steps)
        rank = low + (high - low) * uniform
        return np.asarray(ndtri(np.clip(rank, SMALLEST_RANK, 1 - SMALLEST_RANK)))

    def steps(self, scores: np.ndarray) -> np.ndarray:
        """The k of normal scores, float64 [n], whole on a grid, within the range."""
        # Between numbers as large as doubles hold, a slope may be infinite.
        with np.errstate(over="ignore"):
            found = np.interp(ndtr(scores), self.ranks, self.values)
        found = found.clip(self.values[0], self.values[-1])
        return found if self.digits is None else np.rint(found)

    def key_indices(self, steps: np.ndarray) -> np.ndarray:
        """Which key is nearest to each k, int64 [n]."""
        keys = np.array(self.keys)
        after = np.clip(np.searchsorted(keys, steps), 1, len(keys) - 1)
        is_before = steps - keys[after - 1] <= keys[after] - steps
        return np.asarray(after - is_before, np.int64)

    def array(self, steps: np.ndarray, missing: np.ndarray) -> pa.Array:
        """Values of k as the column's Arrow type, gaps where `missing` (bool [n])."""
        kind = type_named(self.type)
        if pa.types.is_floating(kind):
            return pa.array(self._floats(steps), mask=missing).cast(kind)
        if abs(self.origin) < 2**62 and self.step * self.last < 2**62:
            exact = np.minimum(steps.astype(np.int64), self.last)
            whole = pa.array(exact * self.step + self.origin, mask=missing)
        else:
            numbers = [self.origin + self.step * min(int(k), self.last) for k in steps]
            whole = pa.array(
                [None if gap else n for n, gap in zip(numbers, missing, strict=True)],
                pa.uint64() if pa.types.is_unsigned_integer(kind) else pa.int64(),
            )
        return from_whole(whole, kind, is_local=self.is_local)

    def _floats(self, steps: np.ndarray) -> np.ndarray:
        if self.digits is None:
            return steps
        return (self.origin + self.step * steps) / 10.0**self.digits

    def _rank_intervals(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, ranks = np.array(self.values), np.array(self.ranks)
        left = np.searchsorted(values, steps, "left")
        right = np.searchsorted(values, steps, "right") - 1
        known = right >= left
        between = np.interp(steps, *_distinct(values, ranks))
        last = len(ranks) - 1
        low = np.where(known, ranks[np.minimum(left, last)], between)
        high = np.where(known, ranks[np.clip(right, 0, last)], between)
        return low, high


def fit_number(name: str, array: pa.Array, *, kind: pa.DataType, knots: int) -> NumberCode:
    """The code of a column that has at least one value.

    Args:
        array: The training rows' values in the type `kind`.
        knots: At most about so many are kept of the quantile function.
    """
    is_local = _is_local(array.drop_null(), kind)
    whole = as_whole(array.drop_null(), kind, is_local=is_local)
    is_float = pa.types.is_floating(kind)
    digits = _digits(whole, kind) if is_float else 0
    if digits is None:
        origin, step, last, steps = 0, 1, 0, whole
    else:
        grid = np.rint(whole * 10.0**digits).astype(np.int64) if is_float else whole
        origin, step, last, steps = _grid(grid)
    values, counts = np.unique(steps, return_counts=True)
    n = int(counts.sum())
    ranks, knotted = _knots(values, counts, most=knots)
    masses = values[counts >= max(2, MASS_SHARE * n)]
    return NumberCode(
        name=name,
        type=str(kind),
        origin=origin,
        step=step,
        last=last,
        digits=digits,
        ranks=tuple(map(float, ranks)),
        values=tuple(map(float, knotted)),
        masses=tuple(map(float, masses)),
        has_missing=array.null_count > 0,
        is_local=is_local,
    )


def is_all_masses(code: NumberCode) -> bool:
    """Whether nothing but masses occurs, so that the column is one of levels."""
    return set(code.values) <= set(code.masses)


def with_keys(code: NumberCode, keys: np.ndarray) -> NumberCode:
    """The same code where nothing but `keys` (values of k, rising) may come out."""
    return replace(code, keys=tuple(map(float, keys)))


def steps_of(code: NumberCode, array: pa.Array) -> np.ndarray:
    """The k of a column's values, float64 [n]; NaN gaps."""
    kind = type_named(code.type)
    missing = np.asarray(array.is_null())
    found = np.full(len(array), np.nan)
    whole = as_whole(array.drop_null(), kind, is_local=code.is_local)
    if pa.types.is_floating(kind) and code.digits is None:
        found[~missing] = whole
    elif pa.types.is_floating(kind):
        scaled = whole * 10.0 ** (code.digits or 0)
        found[~missing] = np.rint((scaled - code.origin) / code.step)
    elif whole.dtype == np.uint64:
        found[~missing] = [(int(value) - code.origin) / code.step for value in whole]
    else:
        found[~missing] = _minus(whole, code.origin) / code.step
    return found


def _is_local(array: pa.Array, kind: pa.DataType) -> bool:
    """Whether moments keep larger steps by the local clock than by UTC."""
    if not (pa.types.is_timestamp(kind) and kind.tz):
        return False
    local, even = (_grid(as_whole(array, kind, is_local=local))[1] for local in (True, False))
    return local > even


def as_whole(array: pa.Array, kind: pa.DataType, *, is_local: bool) -> np.ndarray:
    """Values without gaps as NumPy numbers: whole ones, or floats."""
    if pa.types.is_date32(kind):
        array = pc.cast(array, pa.int32())
    elif pa.types.is_timestamp(kind):
        # Local midnights are no even steps of UTC where the clocks change.
        array = pc.cast(pc.local_timestamp(array) if is_local else array, pa.int64())
    numbers = array.to_numpy(zero_copy_only=False)
    if pa.types.is_floating(kind):
        return np.asarray(numbers, np.float64)
    return np.asarray(numbers, np.uint64 if kind == pa.uint64() else np.int64)


def from_whole(whole: pa.Array, kind: pa.DataType, *, is_local: bool) -> pa.Array:
    """The inverse of `as_whole` for whole numbers, gaps kept."""
    if pa.types.is_date32(kind):
        return whole.cast(pa.int32()).cast(kind)
    if pa.types.is_timestamp(kind):
        if not is_local:
            return whole.cast(kind)
        local = whole.cast(pa.timestamp(kind.unit))
        return pc.assume_timezone(local, kind.tz, ambiguous="earliest", nonexistent="earliest")
    return whole.cast(kind)


def _digits(values: np.ndarray, kind: pa.DataType) -> int | None:
    """Digits after the point that all values keep to; None where there are more than a few."""
    single = kind == pa.float32()
    for digits in range(MOST_DIGITS + 1):
        scaled = np.rint(values * 10.0**digits)
        if np.abs(scaled).max(initial=0) > LARGEST_EXACT:
            return None
        back = scaled / 10.0**digits
        if single:
            back = back.astype(np.float32).astype(np.float64)
        if (back == values).all():
            return digits
    return None


def _grid(whole: np.ndarray) -> tuple[int, int, int, np.ndarray]:
    """Origin, step, last step, and the numbers as so many steps from the origin, float64."""
    origin = int(whole.min())
    distances = _minus(np.unique(whole), origin)
    step = max(1, int(np.gcd.reduce(distances)))
    last = int(distances.max()) // step
    return origin, step, last, _minus(whole, origin) / step


def _minus(whole: np.ndarray, origin: int) -> np.ndarray:
    """Distances from the origin; where they may exceed 64 bits, unsigned ones are exact."""
    if whole.dtype == np.uint64:
        return whole - np.uint64(origin)
    return whole.astype(np.int64).view(np.uint64) - np.int64(origin).view(np.uint64)


def _knots(values: np.ndarray, counts: np.ndarray, *, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Knots of the quantile function: the middle of a single row, both ends of a repeated value."""
    ends = np.cumsum(counts) / counts.sum()
    starts = ends - counts / counts.sum()
    single = counts == 1
    inset = (ends - starts) * np.where(single, 0.5, INSET)
    ranks = np.stack([starts + inset, ends - inset], axis=1)
    kept = np.ones(len(values), bool)
    if 2 * len(values) > most:
        middle = (starts + ends) / 2
        even = np.searchsorted(middle, np.linspace(0, 1, most // 2))
        kept[:] = False
        kept[np.clip(even, 0, len(values) - 1)] = True
        kept[[0, -1]] = True
        kept |= counts / counts.sum() >= 4 / most
    twice = np.stack([kept, kept & ~single], axis=1).ravel()
    return ranks.ravel()[twice], np.repeat(values, 2)[twice]


def _distinct(values: np.ndarray, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first = np.flatnonzero(np.diff(values, prepend=-np.inf) > 0)
    return values[first], ranks[first]

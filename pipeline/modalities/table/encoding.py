"""A table's columns as codes, fitted on training rows, and back to rows that are valid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.column_types import array_of, typed
from pipeline.modalities.rarity import FEWEST_ROWS, fewest_rows
from pipeline.modalities.table.column_maps import Discrete, discrete, find_maps
from pipeline.modalities.table.level_code import (
    FixedCode,
    LevelCode,
    LookupCode,
    fit_levels,
    indices_in,
    text_of,
)
from pipeline.modalities.table.number_code import (
    NumberCode,
    fit_number,
    is_all_masses,
    steps_of,
    with_keys,
)
from pipeline.modalities.table.state_rules import find_state_rules, with_rules
from pipeline.randomness import numpy_stream
from pipeline.samples import Column, Samples

# Knots of all quantile functions together, since the design is JSON of a bounded size.
KNOTS_IN_ALL, MOST_KNOTS, LEAST_KNOTS = 200_000, 2_000, 64
# Resident scores are whole numbers of such steps.
SCORE_STEPS = 4096.0
LARGEST_SCORE = 7.9

# By which levels are put in order.
ORDERING_ROWS = 20_000

Code = NumberCode | LevelCode | FixedCode | LookupCode
Tagged = Annotated[Code, Field(discriminator="form")]


@dataclass(frozen=True)
class TableEncoding:
    """Every column's code, in the source's order.

    The codes of rows are int16 [n, numbers + blocks]: of each number its normal score in steps of
    1/4096 (0 for a gap, the middle of its interval for a mass), then of each block its state. A
    number has a block where masses or gaps occur, every column of levels has one.
    """

    columns: Annotated[tuple[Tagged, ...], Field(max_length=20_000)]

    @cached_property
    def numbers(self) -> tuple[NumberCode, ...]:
        """The columns that have a score."""
        return tuple(code for code in self.columns if isinstance(code, NumberCode))

    @cached_property
    def blocks(self) -> tuple[NumberCode | LevelCode, ...]:
        """The columns that have states: numbers first, then levels."""
        levels = tuple(code for code in self.columns if isinstance(code, LevelCode))
        return (*(code for code in self.numbers if code.n_states > 1), *levels)

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Columns that come out without values → why, "text", "rare" or "empty"."""
        fixed = (code for code in self.columns if isinstance(code, FixedCode))
        return {code.name: code.why for code in fixed if code.value is None}

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Codes of rows, int16 [n, numbers + blocks]; the same rows give the same codes."""
        scores, states = [], []
        for number, code in enumerate(self.numbers):
            score, state = _encode_number(code, _array(frame, code), number)
            scores.append(np.rint(np.clip(score, -LARGEST_SCORE, LARGEST_SCORE) * SCORE_STEPS))
            if code.n_states > 1:
                states.append(state)
        for number, block in enumerate(self.blocks):
            if isinstance(block, LevelCode):
                stream = numpy_stream(0, "table", "rare levels", number)
                states.append(block.states(_array(frame, block), stream))
        found = [*scores, *states]
        if not found:
            return np.zeros((len(frame), 0), np.int16)
        return np.stack(found, axis=1).astype(np.int16)

    def decode(self, scores: np.ndarray, states: np.ndarray) -> pd.DataFrame:
        """Rows from scores, float64 [n, numbers], and states, int64 [n, blocks].

        Everything is valid by construction: a known category, a number on the column's grid and in
        its range, the source's types and order.
        """
        n = len(states)
        made: dict[str, pa.Array] = {}
        of_source: dict[str, np.ndarray] = {}
        block_of = {code.name: states[:, number] for number, code in enumerate(self.blocks)}
        for number, own in enumerate(self.numbers):
            made[own.name], of_source[own.name] = _decode_number(
                own, scores[:, number], block_of.get(own.name)
            )
        for code in self.columns:
            if isinstance(code, LevelCode):
                of_source[code.name] = block_of[code.name]
                made[code.name] = code.array(block_of[code.name])
            elif isinstance(code, FixedCode):
                made[code.name] = code.array(n)
        for code in self.columns:
            if isinstance(code, LookupCode):
                made[code.name] = code.array(of_source[code.source])
        table = pa.table({code.name: made[code.name] for code in self.columns})
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
        return frame


def fit_encoding(samples: Samples) -> TableEncoding:
    """The codes of a table's columns, fitted on these rows and nothing else."""
    columns = samples.schema.columns
    arrays = {column.name: _typed(samples.values, column) for column in columns}
    views = {column.name: _discrete(column, arrays[column.name]) for column in columns}
    found = {name: view for name, view in views.items() if view is not None}
    knots = int(np.clip(KNOTS_IN_ALL // max(1, len(columns)), LEAST_KNOTS, MOST_KNOTS))
    codes = {column.name: _fit(column, arrays[column.name], knots) for column in columns}
    for target, source in find_maps(found).items():
        _look_up(codes, target, source, arrays)
    nominal = {column.name for column in columns if column.kind == "categorical"}
    encoding = _ordered(TableEncoding(tuple(codes.values())), samples.values, nominal)
    rules = find_state_rules({code.name: code for code in encoding.columns}, arrays)
    return TableEncoding(with_rules(encoding.columns, rules))


def _fit(column: Column, array: pa.Array, knots: int) -> Code:
    kind = array.type
    if column.kind == "text":
        return FixedCode(column.name, str(kind), None, "text")
    if array.null_count == len(array):
        return FixedCode(column.name, str(kind), None, "empty")
    if column.kind == "boolean":
        return fit_levels(column.name, array, fewest=1)
    if column.kind == "categorical":
        return fit_levels(column.name, array, fewest=fewest_rows(column))
    code = fit_number(column.name, array, kind=kind, knots=knots)
    return _number_levels(code, array) if is_all_masses(code) else code


def _number_levels(code: NumberCode, array: pa.Array) -> Code:
    """A number of few values as levels in their order."""
    values = pc.unique(array.drop_null())
    texts = tuple(text_of(values.take(pc.array_sort_indices(values))).to_pylist())
    if len(texts) == 1 and not code.has_missing:
        return FixedCode(code.name, code.type, texts[0], "constant")
    return LevelCode(code.name, code.type, texts, code.has_missing)


def _look_up(
    codes: dict[str, Code], target: str, source: str, arrays: Mapping[str, pa.Array]
) -> None:
    """Replace the target's code by a look-up, where the source's own code allows it."""
    code, array = codes[source], arrays[source]
    kept = codes[target]
    if isinstance(kept, FixedCode) or not isinstance(code, NumberCode | LevelCode):
        return
    gap = np.asarray(array.is_null())
    if isinstance(code, LevelCode):
        states, n = indices_in(array, code.levels), len(code.levels)
    else:
        steps = steps_of(code, array)
        keys, counts = np.unique(steps[~gap], return_counts=True)
        keys = keys[counts >= FEWEST_ROWS]
        n = len(keys)
        if n < 2:
            return
        states = np.where(np.isin(steps, keys), np.searchsorted(keys, steps), -1)
        codes[source] = with_keys(code, keys)
    states = np.where(gap, n, states)
    encoded = pc.dictionary_encode(arrays[target])
    levels = tuple(text_of(encoded.dictionary).to_pylist())
    indices = np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), np.int64)
    targets = np.full(n + 1, -1)
    targets[states[states >= 0]] = indices[states >= 0]
    codes[target] = LookupCode(target, kept.type, source, levels, tuple(map(int, targets)))


def _discrete(column: Column, array: pa.Array) -> Discrete | None:
    return None if column.kind in ("text", "datetime") else discrete(array)


def _ordered(encoding: TableEncoding, frame: pd.DataFrame, nominal: set[str]) -> TableEncoding:
    """The same encoding with the levels of nominal columns in the order of the first component.

    One latent number per column can only tell of an order: that along which columns vary together.
    """
    even = np.linspace(0, len(frame) - 1, min(len(frame), ORDERING_ROWS)).astype(np.int64)
    codes = encoding.encode(frame.iloc[even]).astype(np.float64)
    if not codes.size:
        return encoding
    at = len(encoding.numbers)
    position = {code.name: codes[:, at + number] for number, code in enumerate(encoding.blocks)}
    component = _first_component(encoding, codes)
    columns = [
        _by_mean(code, position[code.name], component)
        if isinstance(code, LevelCode) and code.name in nominal
        else code
        for code in encoding.columns
    ]
    found = TableEncoding(tuple(columns))
    return replace(found, columns=tuple(_followed(code, encoding, found) for code in columns))


def _followed(code: Code, before: TableEncoding, after: TableEncoding) -> Code:
    """A look-up by a column whose levels stand in another order now."""
    if not isinstance(code, LookupCode):
        return code
    order = _new_order(code.source, before, after)
    if order is None:
        return code
    targets = [code.targets[k] for k in order]
    return replace(code, targets=(*targets, code.targets[-1]))


def _new_order(name: str, before: TableEncoding, after: TableEncoding) -> list[int] | None:
    """Where each of a column's levels stood before; None where it has none."""
    old, new = (
        next(one for one in encoding.columns if one.name == name) for encoding in (before, after)
    )
    if not isinstance(old, LevelCode) or not isinstance(new, LevelCode):
        return None
    return [old.levels.index(level) for level in new.levels]


def _by_mean(code: LevelCode, states: np.ndarray, component: np.ndarray) -> LevelCode:
    means = [
        (float(component[states == k].mean()) if (states == k).any() else 0.0, level)
        for k, level in enumerate(code.levels)
    ]
    return replace(code, levels=tuple(level for _, level in sorted(means)))


def _first_component(encoding: TableEncoding, codes: np.ndarray) -> np.ndarray:
    """The first principal component of scores and indicators, float64 [n]."""
    at = len(encoding.numbers)
    parts = [codes[:, :at] / SCORE_STEPS]
    for number, code in enumerate(encoding.blocks):
        hot = codes[:, [at + number]] == np.arange(code.n_states)
        # As in correspondence analysis: rare states are not drowned.
        parts.append(hot / np.sqrt(hot.mean(axis=0).clip(1e-9)))
    matrix = np.concatenate(parts, axis=1)
    matrix = matrix - matrix.mean(axis=0)
    _, vectors = np.linalg.eigh(matrix.T @ matrix)
    component: np.ndarray = matrix @ vectors[:, -1]
    # Of two directions one is taken, so that the same rows give the same order.
    signed: np.ndarray = component * (np.sign(component[np.abs(component).argmax()]) or 1.0)
    return signed


def _encode_number(code: NumberCode, array: pa.Array, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Score and state of each row."""
    steps = steps_of(code, array)
    gap = np.isnan(steps)
    uniform = numpy_stream(0, "table", "ties", number).random(len(steps))
    scores = code.scores(np.where(gap, code.values[0], steps), uniform)
    states = np.zeros(len(steps), np.int64)
    for index, (mass, middle) in enumerate(zip(code.masses, code.middles(), strict=True)):
        states[steps == mass] = index + 1
        scores[steps == mass] = middle
    states[gap] = code.n_states - 1 if code.has_missing else 0
    return np.where(gap, 0.0, scores), states


def _decode_number(
    code: NumberCode, scores: np.ndarray, states: np.ndarray | None
) -> tuple[pa.Array, np.ndarray]:
    """Values, and which key each row has for those who are looked up by this column."""
    steps = code.steps(scores)
    missing = np.zeros(len(scores), bool)
    if states is not None:
        for index, mass in enumerate(code.masses):
            steps[states == index + 1] = mass
        if code.has_missing:
            missing = states == code.n_states - 1
    if not code.keys:
        return code.array(steps, missing), np.zeros(len(steps), np.int64)
    keyed = code.key_indices(steps)
    return code.array(np.array(code.keys)[keyed], missing), np.where(missing, len(code.keys), keyed)


def _array(frame: pd.DataFrame, code: Code) -> pa.Array:
    return _typed(frame, Column(name=code.name, kind="continuous", type=code.type))


def _typed(frame: pd.DataFrame, column: Column) -> pa.Array:
    """The column in its type, without infinite numbers, which no range holds."""
    array = typed(array_of(frame[column.name]), column).combine_chunks()
    if pa.types.is_floating(array.type):
        finite = pc.fill_null(pc.is_finite(array), True)
        array = pc.if_else(finite, array, pa.scalar(None, array.type))
    return array

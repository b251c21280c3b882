"""States that another column tells: found on training rows, so that they are kept in every row.

Income is missing exactly where the job is "no"; "no internet service" stands in six columns in the
same rows. Such a state is not learned but set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.modalities.table.column_maps import Discrete, determines
from pipeline.modalities.table.level_code import LevelCode, indices_in
from pipeline.modalities.table.number_code import NumberCode, StateRule, steps_of

# With more columns than these only gaps are looked at, and no other state.
MOST_COLUMNS_FOR_STATES = 60

Stated = NumberCode | LevelCode


def find_state_rules(
    codes: Mapping[str, Any], arrays: Mapping[str, pa.Array]
) -> dict[str, StateRule]:
    """Column → the rule of one of its states, where another column tells in which rows it is.

    A column that has a rule tells no other's. Of several sources the one of the fewest states is
    taken.

    Args:
        codes: Of all columns.
        arrays: Their training rows.
    """
    known = {
        name: code
        for name, code in codes.items()
        if isinstance(code, NumberCode | LevelCode) and code.n_states > 1
    }
    states = {name: states_of(code, arrays[name]) for name, code in known.items()}
    views = {name: _view(own) for name, own in states.items()}
    order = sorted(views, key=lambda name: views[name].n_values)
    only_gaps = len(known) > MOST_COLUMNS_FOR_STATES
    found: dict[str, StateRule] = {}
    sources: set[str] = set()
    for name, code in known.items():
        if name in sources:
            continue
        others = [other for other in order if other != name and other not in found]
        for state in _candidates(code, states[name], only_gaps=only_gaps):
            holds = Discrete((states[name] == state).astype(np.int32), 2, False)
            source = next((other for other in others if determines(views[other], holds)), None)
            if source is not None:
                flags = np.zeros(known[source].n_states, bool)
                flags[states[source][(holds.codes == 1) & (states[source] >= 0)]] = True
                found[name] = StateRule(source, state, tuple(map(bool, flags)))
                sources.add(source)
                break
    return found


def with_rules(codes: tuple[Any, ...], rules: Mapping[str, StateRule]) -> tuple[Any, ...]:
    """The codes of columns with their rules."""
    return tuple(
        replace(code, rule=rules[code.name]) if code.name in rules else code for code in codes
    )


def states_of(code: Stated, array: pa.Array) -> np.ndarray:
    """State of each row, int64 [n]; −1 for a level that is too rare to be one."""
    gap = np.asarray(array.is_null())
    if isinstance(code, LevelCode):
        return np.where(gap, len(code.levels), indices_in(array, code.levels))
    steps = steps_of(code, array)
    found = np.zeros(len(steps), np.int64)
    for index, mass in enumerate(code.masses):
        found[steps == mass] = index + 1
    return np.where(gap, code.n_states - 1, found)


def _candidates(code: Stated, states: np.ndarray, *, only_gaps: bool) -> Iterator[int]:
    """The gap first; of columns of levels then each level, the most frequent first.

    Of a column of two states both are told by the whole column, if at all.
    """
    if code.has_missing:
        yield code.n_states - 1
    if only_gaps or not isinstance(code, LevelCode) or code.n_states < 3:
        return
    counts = np.bincount(states[states >= 0], minlength=code.n_states)[: len(code.levels)]
    for state in np.argsort(-counts, kind="stable"):
        yield int(state)


def _view(states: np.ndarray) -> Discrete:
    values, codes = np.unique(states, return_inverse=True)
    return Discrete(codes.astype(np.int32), len(values), False)

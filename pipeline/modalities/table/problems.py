"""What is wrong with an encoding that somebody else wrote, beyond the types of its parts."""

import numpy as np
import pyarrow as pa

from pipeline.column_types import type_named
from pipeline.modalities.table.encoding import Code, TableEncoding
from pipeline.modalities.table.level_code import FixedCode, LevelCode, LookupCode, values_at
from pipeline.modalities.table.number_code import NumberCode


def problem_of(encoding: TableEncoding) -> str | None:
    """A clause that names the first contradiction, or None."""
    names = [code.name for code in encoding.columns]
    if len(set(names)) < len(names):
        return "two of its columns have one name"
    known = dict(zip(names, encoding.columns, strict=True))
    for code in encoding.columns:
        problem = _problem_of_code(code, known)
        if problem:
            return f"the column {code.name[:80]!r} {problem}"
    return None


def _problem_of_code(code: Code, known: dict[str, Code]) -> str | None:
    try:
        kind = type_named(code.type)
    except (ValueError, pa.ArrowException):
        return "is of an unknown type"
    if isinstance(code, NumberCode | LevelCode) and code.rule:
        problem = _problem_of_rule(code, known)
        if problem:
            return problem
    if isinstance(code, NumberCode):
        return _problem_of_number(code, kind)
    try:
        levels = (code.value or "",) if isinstance(code, FixedCode) else code.levels
        if not (isinstance(code, FixedCode) and code.value is None):
            values_at(levels, np.zeros(0, np.int64), code.type)
    except (pa.ArrowException, ValueError):
        return "has values that are not of its type"
    if isinstance(code, LookupCode):
        return _problem_of_lookup(code, known)
    return None


def _problem_of_number(code: NumberCode, kind: pa.DataType) -> str | None:
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not (is_number or pa.types.is_temporal(kind)):
        return "is no number, yet has ranks"
    if code.is_local and not getattr(kind, "tz", None):
        return "has a local clock without a zone"
    ranks, values = np.array(code.ranks), np.array(code.values)
    if len(ranks) != len(values) or (np.diff(ranks) <= 0).any() or (np.diff(values) < 0).any():
        return "has ranks that do not rise"
    if not (ranks.min() > 0 and ranks.max() < 1):
        return "has ranks outside of 0 to 1"
    for listed in (code.masses, code.keys):
        if (np.diff(listed) <= 0).any() or not set(listed) <= set(code.values):
            return "repeats values that it does not hold"
    if code.values[0] < 0 and code.digits is not None:
        return "has numbers below its origin"
    return None if _is_in_range(code, kind) else "holds numbers beyond its type"


def _is_in_range(code: NumberCode, kind: pa.DataType) -> bool:
    if pa.types.is_floating(kind):
        return True
    try:
        ends = np.array([code.values[0], code.values[-1]])
        code.array(ends, np.zeros(2, bool))
    except (pa.ArrowException, OverflowError, ValueError):
        return False
    return True


def _problem_of_rule(code: NumberCode | LevelCode, known: dict[str, Code]) -> str | None:
    assert code.rule is not None
    source = known.get(code.rule.source)
    if not isinstance(source, NumberCode | LevelCode) or source.n_states < 2 or source.rule:
        return "has a state that no other column can tell"
    is_gap = code.has_missing and code.rule.state == code.n_states - 1
    fits = is_gap or (isinstance(code, LevelCode) and code.rule.state < code.n_states)
    if not fits or code.n_states < 2 or len(code.rule.states) != source.n_states:
        return "has a rule of states that does not fit"
    return None


def _problem_of_lookup(code: LookupCode, known: dict[str, Code]) -> str | None:
    source = known.get(code.source)
    if isinstance(source, LevelCode):
        n = len(source.levels)
    elif isinstance(source, NumberCode) and len(source.keys) >= 2:
        n = len(source.keys)
    else:
        return "is looked up by a column that has no states"
    if len(code.targets) != n + 1 or max(code.targets) >= len(code.levels):
        return "is looked up by states that do not fit"
    return None

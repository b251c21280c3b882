"""Rules between columns, held against each other and against the rows of the source."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.column_rules import Combinations, Comparison, Derived, Rule, combined, texts_of
from pipeline.column_types import arrow_to_frame, as_numbers
from pipeline.samples import Column
from pipeline.sources.rule_text import KEY, read_rules
from pipeline.sources.words import counted

MOST_DIGITS = 9
# More would be no fixed combinations, and would make every file's schema large.
MOST_COMBINATIONS = 10_000


def checked_rules(
    declared: Sequence[Any],
    columns: Sequence[Column],
    values: Mapping[str, pa.ChunkedArray],
    *,
    others: Mapping[str, str],
    where: Callable[[int], str],
) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules of params.yaml with what the source fills in, and what is wrong, a sentence each.

    Args:
        values: Of the features, as the source has them.
        others: Columns that are no features → what they are.
        where: Row position to the words for a person.
    """
    if not declared:
        return (), []
    rules, problems = read_rules(declared, columns, others=others)
    problems += contradictions([rule for rule in rules if isinstance(rule, Comparison)])
    if problems:
        return (), problems
    named = {name for rule in rules for name in rule.columns}
    kept = [column for column in columns if column.name in named]
    frame = arrow_to_frame(pa.table({column.name: values[column.name] for column in kept}), kept)
    filled: list[Rule] = []
    computed: set[str] = set()
    for rule in rules:
        if isinstance(rule, Combinations):
            whole = _with_combinations(rule, frame)
            if len(whole.allowed) > MOST_COMBINATIONS:
                problems.append(
                    f"The rule `{rule.text}` in `{KEY}` has {len(whole.allowed):,} combinations in "
                    f"the table; at most {MOST_COMBINATIONS:,} are fixed: take the rule away."
                )
            filled.append(whole)
            continue
        broken = np.flatnonzero(~rule.keeps(frame))
        if len(broken):
            problems.append(_about_broken(rule, frame, broken, where))
        solved = _with_derived(rule, frame, computed)
        computed |= {solved.derived.column} if solved.derived else set()
        filled.append(solved)
    return tuple(filled), problems


def contradictions(rules: Sequence[Comparison]) -> list[str]:
    """A sentence that names rules which no row at all could keep; empty where some could."""
    linear = [rule for rule in rules if rule.relation != "!="]
    if len(linear) < 2 or _can_be_kept(linear):
        return []
    left = list(linear)
    for rule in linear:
        fewer = [other for other in left if other is not rule]
        if fewer and not _can_be_kept(fewer):
            left = fewer
    told = ", ".join(f"`{rule.text}`" for rule in left)
    return [f"The rules {told} in `{KEY}` contradict each other: no row keeps all; take one away."]


def _can_be_kept(rules: Sequence[Comparison]) -> bool:
    """Whether real numbers exist that keep all: a linear program, strict ones by a slack."""
    # SciPy's optimiser takes a moment to import.
    from scipy.optimize import linprog

    names = sorted({name for rule in rules for name in rule.columns})
    above, at = [], []
    for rule in rules:
        row = np.zeros(len(names) + 1)
        for term in rule.terms:
            row[names.index(term.column)] = term.weight
        if rule.relation == "==":
            at.append((row, -rule.constant))
            continue
        sign = 1.0 if rule.relation in ("<=", "<") else -1.0
        row *= sign
        row[-1] = 1.0 if rule.relation in ("<", ">") else 0.0
        above.append((row, -sign * rule.constant))
    found = linprog(
        c=np.append(np.zeros(len(names)), -1.0),
        A_ub=np.array([row for row, _ in above]) if above else None,
        b_ub=np.array([bound for _, bound in above]) if above else None,
        A_eq=np.array([row for row, _ in at]) if at else None,
        b_eq=np.array([bound for _, bound in at]) if at else None,
        bounds=[(None, None)] * len(names) + [(0.0, 1.0)],
    )
    if found.status != 0:
        return bool(found.status != 2)
    has_strict = any(rule.relation in ("<", ">") for rule in rules)
    return not has_strict or float(found.x[-1]) > 1e-9  # type: ignore[index]


def _about_broken(
    rule: Comparison, frame: pd.DataFrame, broken: np.ndarray, where: Callable[[int], str]
) -> str:
    first = int(broken[0])
    cells = ", ".join(f"{name} {texts_of(frame[name])[first]}" for name in rule.columns)
    n = len(broken)
    return (
        f"The rule `{rule.text}` in `{KEY}` is broken by {counted(n, 'row')} of {len(frame):,}, "
        f"the first in {where(first)} ({cells}); correct the rows, or take the rule away."
    )


def _with_combinations(rule: Combinations, frame: pd.DataFrame) -> Combinations:
    first = ~combined(frame, rule.columns).duplicated().to_numpy(bool)
    rows = zip(*(texts_of(frame.loc[first, name]) for name in rule.columns), strict=True)
    found = sorted(rows, key=lambda cells: tuple((text is not None, text or "") for text in cells))
    return rule.model_copy(update={"allowed": tuple(found)})


def _with_derived(rule: Comparison, frame: pd.DataFrame, computed: set[str]) -> Comparison:
    """An equation with the column that is computed: one of weight 1 that no other rule computes."""
    if rule.relation != "==":
        return rule
    names = [term.column for term in rule.terms if abs(term.weight) == 1]
    # The column that stands alone on its side is what people call the total: of another sign.
    signs = [np.sign(term.weight) for term in rule.terms]
    names.sort(key=lambda name: signs.count(np.sign(_weight(rule, name))))
    free = [name for name in names if name not in computed]
    if not free:
        return rule
    cells = as_numbers(frame[free[0]])
    known = cells[~np.isnan(cells)]
    if not len(known):
        return rule
    derived = Derived(
        column=free[0], digits=_digits(known), low=float(known.min()), high=float(known.max())
    )
    return rule.model_copy(update={"derived": derived})


def _weight(rule: Comparison, name: str) -> float:
    return next(term.weight for term in rule.terms if term.column == name)


def _digits(values: np.ndarray) -> int | None:
    for digits in range(MOST_DIGITS + 1):
        if np.array_equal(np.round(values, digits), values):
            return digits
    return None

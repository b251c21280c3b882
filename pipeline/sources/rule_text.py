"""Rules between columns as they stand in params.yaml: a small grammar of our own.

A comparison is `sum relation sum`, and may go on with a further relation; a sum adds and subtracts
columns, numbers and numbers times columns. A name with other than letters, digits, `_` and `.`
stands in double quotes or backticks. A date stands as 2024-01-31.
"""

import datetime
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.column_rules import Combinations, Comparison, Relation, Rule, Term
from pipeline.samples import Column

KEY = "source.table.rules"
TOKEN = re.compile(
    r"""\s*(?:
    (?P<date>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |"(?P<quoted>[^"]+)"|`(?P<ticked>[^`]+)`
    |(?P<name>[^\W\d][\w.]*)
    |(?P<relation><=|>=|==|!=|<|>|=|≤|≥)
    |(?P<sign>[+\-*])
    )""",
    re.VERBOSE,
)
SPELLED: Mapping[str, Relation] = {
    "<=": "<=", "≤": "<=", "<": "<", ">=": ">=", "≥": ">=", ">": ">", "==": "==", "=": "==",
    "!=": "!=",
}  # fmt: skip
SIGNED: Mapping[str, Relation] = {"positive": ">", "not_negative": ">="}
NUMBERS, ORDERED = ("continuous", "integer"), ("continuous", "integer", "datetime")
EXPECTED = (
    "expected is a comparison such as `end >= start` or `a + b == total`, `positive: income`, "
    "`not_negative: income`, or `combinations: [city, country]`; a name with spaces or other "
    "marks stands in double quotes, within single ones: '\"first name\" > 0'"
)


class RuleError(Exception):
    """What is wrong with one rule, a whole sentence."""


@dataclass(frozen=True)
class _Sum:
    """Columns with weights, a constant, and whether a date stands in it."""

    weights: dict[str, float]
    constant: float
    has_date: bool
    n_operands: int


def read_rules(
    declared: Sequence[Any], columns: Sequence[Column], *, others: Mapping[str, str]
) -> tuple[list[Rule], list[str]]:
    """The rules of params.yaml, and what is wrong with them, a sentence each.

    Of combinations those that are allowed, and of equations what is computed, are still open.

    Args:
        columns: The features.
        others: Columns of the source that are no features → what they are.
    """
    found: list[Rule] = []
    problems: list[str] = []
    for entry in declared:
        try:
            found += _read(entry, {column.name: column for column in columns}, others)
        except RuleError as problem:
            problems.append(str(problem))
    return found, problems


def shown(entry: Any) -> str:
    """A rule as it stands in params.yaml."""
    if not isinstance(entry, Mapping):
        return str(entry)
    ((key, value),) = entry.items() or ((None, None),)
    listed = f"[{', '.join(map(str, value))}]" if isinstance(value, (list, tuple)) else value
    return f"{key}: {listed}"


def _read(entry: Any, known: Mapping[str, Column], others: Mapping[str, str]) -> list[Rule]:
    if isinstance(entry, str):
        return list(_comparisons(entry, known, others))
    ((key, value),) = entry.items()
    names = [value] if isinstance(value, str) else list(value)
    for name in names:
        _require_known(name, shown(entry), known, others)
    if key == "combinations":
        _refuse_uncountable(names, shown(entry), known)
        return [Combinations(text=shown(entry), columns=tuple(names), allowed=())]
    for name in names:
        if known[name].kind not in NUMBERS:
            raise RuleError(
                f"The rule `{shown(entry)}` in `{KEY}` asks for the sign of {name!r}, which is "
                f"{known[name].kind}; a column of numbers is expected."
            )
    return [
        Comparison(
            text=f"{key}: {name}",
            terms=(Term(column=name, weight=1.0),),
            constant=0.0,
            relation=SIGNED[key],
        )
        for name in names
    ]


def _refuse_uncountable(names: list[str], text: str, known: Mapping[str, Column]) -> None:
    if len(names) < 2 or len(set(names)) < len(names):
        raise RuleError(f"The rule `{text}` in `{KEY}` needs two columns or more, each named once.")
    for name in names:
        if known[name].kind == "continuous":
            raise RuleError(
                f"The rule `{text}` in `{KEY}` combines {name!r}, whose numbers are continuous; "
                "categories, whole numbers, dates or true and false are expected."
            )


def _comparisons(
    text: str, known: Mapping[str, Column], others: Mapping[str, str]
) -> list[Comparison]:
    parts = _parted(text)
    sums = [_sum_of(tokens, text) for tokens in parts[::2]]
    for each in sums:
        for name in each.weights:
            _require_known(name, text, known, others)
    return [
        _comparison(text, sums[k], SPELLED[parts[2 * k + 1][0][1]], sums[k + 1], known)
        for k in range(len(sums) - 1)
    ]


def _parted(text: str) -> list[list[tuple[str, str]]]:
    """The tokens of each sum and, between two sums, of the relation."""
    parts: list[list[tuple[str, str]]] = [[]]
    position = 0
    while position < len(text.rstrip()):
        found = TOKEN.match(text, position)
        if found is None:
            raise RuleError(
                f"The rule `{text}` in `{KEY}` cannot be read from character {position + 1} on; "
                f"{EXPECTED}."
            )
        kind = str(found.lastgroup)
        token = (("name" if kind in ("quoted", "ticked") else kind), found[kind])
        parts += [[token], []] if kind == "relation" else []
        if kind != "relation":
            parts[-1].append(token)
        position = found.end()
    if len(parts) < 3 or not all(parts):
        raise RuleError(f"The rule `{text}` in `{KEY}` compares nothing; {EXPECTED}.")
    return parts


def _sum_of(tokens: list[tuple[str, str]], text: str) -> _Sum:
    weights: dict[str, float] = {}
    constant, has_date, n_operands = 0.0, False, 0
    rest = list(tokens)
    while rest:
        sign = 1.0
        if rest[0][0] == "sign" and (n_operands or rest[0][1] == "-"):
            sign = -1.0 if rest[0][1] == "-" else 1.0
            if rest.pop(0)[1] == "*" or not rest:
                raise _unreadable(text)
        elif n_operands:
            raise _unreadable(text)
        kind, value = rest.pop(0)
        if kind == "number" and rest[:1] == [("sign", "*")]:
            if len(rest) < 2 or rest[1][0] != "name":
                raise _unreadable(text)
            sign, (kind, value), rest = sign * float(value), rest[1], rest[2:]
        if kind == "name":
            weights[value] = weights.get(value, 0.0) + sign
        elif kind == "number":
            constant += sign * float(value)
        elif kind == "date":
            constant, has_date = constant + sign * _seconds(value, text), True
        else:
            raise _unreadable(text)
        n_operands += 1
    return _Sum(weights, constant, has_date, n_operands)


def _unreadable(text: str) -> RuleError:
    return RuleError(f"The rule `{text}` in `{KEY}` cannot be read; {EXPECTED}.")


def _seconds(value: str, text: str) -> float:
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        raise RuleError(
            f"The rule `{text}` in `{KEY}` has the date {value}, which does not exist; correct it."
        ) from None
    return moment.replace(tzinfo=datetime.UTC).timestamp()


def _comparison(
    text: str, left: _Sum, relation: Relation, right: _Sum, known: Mapping[str, Column]
) -> Comparison:
    weights = dict(left.weights)
    for name, weight in right.weights.items():
        weights[name] = weights.get(name, 0.0) - weight
    terms = tuple(Term(column=name, weight=w) for name, w in weights.items() if w)
    if not terms:
        raise RuleError(f"The rule `{text}` in `{KEY}` says nothing of any column; take it away.")
    kinds = {known[term.column].kind for term in terms}
    for term in terms:
        if known[term.column].kind not in ORDERED:
            raise RuleError(
                f"The rule `{text}` in `{KEY}` compares {term.column!r}, which is "
                f"{known[term.column].kind}; columns of numbers or dates are expected, or "
                "`combinations: [a, b]` for categories."
            )
    if "datetime" in kinds or left.has_date or right.has_date:
        is_plain = left.n_operands == right.n_operands == 1
        has_others = kinds != {"datetime"} or (
            len(terms) == 1 and not (left.has_date or right.has_date)
        )
        if has_others or not is_plain or any(abs(term.weight) != 1 for term in terms):
            raise RuleError(
                f"The rule `{text}` in `{KEY}` reckons with dates; a date is compared with another "
                "column of dates, or with one such as 2024-01-31."
            )
    return Comparison(
        text=text, terms=terms, constant=left.constant - right.constant, relation=relation
    )


def _require_known(
    name: str, text: str, known: Mapping[str, Column], others: Mapping[str, str]
) -> None:
    if name in known:
        return
    if name in others:
        raise RuleError(
            f"The rule `{text}` in `{KEY}` names {name!r}, which is {others[name]}; rules hold "
            "between features."
        )
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    # A name such as education-num is two names, unless it is quoted.
    marked = next((one for one in known if one.startswith(name) and one in text), None)
    hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(list(known)[:30])}."
    if marked is not None:
        hint = f'Write {marked!r} in double quotes: "{marked}".'
    raise RuleError(
        f"The rule `{text}` in `{KEY}` names the column {name!r}, which the table does not have. "
        f"{hint}"
    )

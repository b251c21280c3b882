"""Which class names are fit for paths, tables and reports, and in which order they stand."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

MAXIMUM_BYTES = 255
MAXIMUM_VALUE_BYTES = 4096
WHOLE_NUMBER = re.compile(r"-?[0-9]+")


def problem_with_value(name: str) -> str | None:
    """Why a value of a table cannot name a class, as a whole sentence, or None where it can.

    Values are free text: nothing is made of them that a path or an option could be mistaken for.
    """
    return _problem(name, MAXIMUM_VALUE_BYTES)


def problem_with(name: str) -> str | None:
    """The same of a class that a folder names."""
    shown = repr(name[:80])
    problem = _problem(name, MAXIMUM_BYTES)
    if problem:
        return problem
    if "/" in name or "\\" in name or name in (".", ".."):
        return (
            f"The class name {shown} would leave its folder as a path; rename it without slashes."
        )
    if name.startswith("-"):
        return f"The class name {shown} begins with `-` and reads like an option; rename the class."
    if name != name.strip():
        return f"The class name {shown} begins or ends with a space; rename the class."
    return None


def _problem(name: str, most_bytes: int) -> str | None:
    shown = repr(name[:80])
    if not name.strip():
        return f"A class has the name {shown}, which is blank; give it a name."
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return f"The class name {shown} is not valid UTF-8; rename the class."
    if size > most_bytes:
        return f"The class name {shown}… has {size} bytes; at most {most_bytes} fit: shorten it."
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in name):
        return f"The class name {shown} holds a line break or control character; rename the class."
    return None


def look_alikes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ only in case or in how their accents are encoded."""
    seen: dict[str, str] = {}
    pairs = []
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold()
        if plain in seen:
            pairs.append((seen[plain], name))
        seen.setdefault(plain, name)
    return pairs


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names sorted, whole numbers by value ("2" before "10") where all are whole numbers."""
    distinct = sorted(set(names))
    if distinct and all(WHOLE_NUMBER.fullmatch(name) for name in distinct):
        distinct.sort(key=lambda name: (Decimal(name), name))
    return tuple(distinct)

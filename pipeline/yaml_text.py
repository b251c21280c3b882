"""YAML 1.2 as plain data: mappings with text keys, lists, texts, numbers, truth values, nothing.

PyYAML would read `1e-4` as text, `010` as 8, `no` as false and keep the last of two equal keys;
DVC reads YAML 1.2, and so does this.
"""

import datetime
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ParamsError

MAXIMUM_BYTES = 2**20
MAXIMUM_VALUES = 20_000
MAXIMUM_DEPTH = 16


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping at the root of a YAML file.

    Raises:
        ParamsError: it is missing, not UTF-8, too large, not YAML 1.2, or no mapping.
    """
    return parse_mapping(_content(path), where=str(path))


def parse_mapping(content: bytes, *, where: str) -> dict[str, Any]:
    """The mapping at the root of a YAML text.

    Args:
        content: The text, UTF-8.
        where: Where it stands, for a person.

    Raises:
        ParamsError: it is not UTF-8, too large, not YAML 1.2, or no mapping.
    """
    found = _plain(_parsed(where, _text(where, content)), where)
    if not isinstance(found, dict):
        noun = "nothing" if found is None else f"a {_noun(found)}"
        raise ParamsError(
            f"{where} holds {noun} at its root; sections such as `source:` are expected."
        )
    return found


def _content(path: Path) -> bytes:
    try:
        _refuse_large(str(path), path.stat().st_size)
        return path.read_bytes()
    except FileNotFoundError:
        raise ParamsError(f"{path} is missing. Make a workspace with `equipoise init`.") from None
    except OSError as error:
        raise ParamsError(f"{path} cannot be read ({error.strerror}). Check its rights.") from None


def _text(where: str, content: bytes) -> str:
    _refuse_large(where, len(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParamsError(
            f"{where} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from None


def _refuse_large(where: str, n_bytes: int) -> None:
    if n_bytes > MAXIMUM_BYTES:
        raise ParamsError(
            f"{where} has {n_bytes:,} bytes; at most {MAXIMUM_BYTES:,} are read. Is it the right "
            "file?"
        )


def _parsed(path: str, text: str) -> Any:
    if re.match(r"\s*%YAML\s+1\.[01]", text):
        raise ParamsError(
            f"{path} asks for an old YAML by its %YAML line; remove that line: 1.2 is read."
        )
    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ParamsError(f"{path}, line {line}: {_problem(error)}.") from None
    except (YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ParamsError(f"{path} is not valid YAML 1.2 ({reason}). Mend it.") from None


def _problem(error: MarkedYAMLError) -> str:
    problem = str(error.problem)
    if isinstance(error, DuplicateKeyError):
        key = problem.split('"')[1] if '"' in problem else "a key"
        return f"the key `{key}` stands here a second time; keep one of the two"
    if "\\t" in problem:
        return "a tab stands where spaces are expected; indent with spaces"
    tag = re.search(r"tag '(.*?)'", problem)
    if tag:
        return (
            f"the tag `{tag.group(1)}` is not read, since it could run code; write plain texts, "
            "numbers and lists"
        )
    if "another document" in problem:
        return "a second document begins here (`---`); keep one"
    return f"this is not valid YAML 1.2 ({problem}); mend the line"


def _plain(content: Any, path: str) -> Any:
    """The same with text keys; refuses what grows without end through `*` references."""
    n_values = 0

    def convert(value: Any, where: str, depth: int) -> Any:
        nonlocal n_values
        n_values += 1
        if n_values > MAXIMUM_VALUES or depth > MAXIMUM_DEPTH:
            raise ParamsError(
                f"{path} holds over {MAXIMUM_VALUES:,} values or nests more than {MAXIMUM_DEPTH} "
                "deep, perhaps through `&` and `*`; write plain values."
            )
        if isinstance(value, dict):
            return {
                key: convert(inner, f"{where}{key}.", depth + 1)
                for key, inner in _text_keys(value, where, path)
            }
        if isinstance(value, list | tuple):
            return [convert(inner, where, depth + 1) for inner in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, datetime.date):
            return value.isoformat()
        raise ParamsError(
            f"{path}: `{where.rstrip('.')}` is a {_noun(value)}; texts, numbers and lists are read."
        )

    return convert(content, "", 0)


def _text_keys(mapping: dict[Any, Any], where: str, path: str) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise ParamsError(
                f"{path}: the key {key!r} under `{where or '.'}` is no text; quote it."
            )
        if str(key) in found:
            raise ParamsError(
                f"{path}: the key `{where}{key}` stands twice, as a text and as a number; keep one."
            )
        found[str(key)] = value
    return list(found.items())


def _noun(value: Any) -> str:
    names = {
        "list": "list",
        "str": "text",
        "int": "number",
        "float": "number",
        "bool": "truth value",
    }
    return names.get(type(value).__name__, type(value).__name__)

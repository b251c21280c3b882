"""YAML 1.2 as plain data: mappings with text keys, lists, texts, numbers, truth values, nothing.

PyYAML would read `1e-4` as text, `010` as 8, `no` as false and keep the last of two equal keys;
DVC reads YAML 1.2, and so does this.
"""

import datetime
import stat
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from pipeline.errors import ParamsError
from pipeline.yaml_limits import MAXIMUM_BYTES, refuse_excess, refuse_large, shortened


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
    found = _plain(_read(where, _text(where, content), build=True), where)
    if not isinstance(found, dict):
        noun = "nothing" if found is None else f"a {_noun(found)}"
        raise ParamsError(
            f"{where} holds {noun} at its root; sections such as `source:` are expected."
        )
    return found


def judge_file(path: Path) -> None:
    """Refuse a YAML file that another program's reader should not be given.

    Raises:
        ParamsError: as `read_mapping`, but that it may hold anything at its root.
    """
    _read(str(path), _text(str(path), _content(path)), build=False)


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ParamsError(f"{path} is no regular file. Put a text file in its place.")
        refuse_large(str(path), found.st_size)
        with path.open("rb") as stream:
            return stream.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise ParamsError(f"{path} is missing. Make a workspace with `equipoise init`.") from None
    except OSError as error:
        raise ParamsError(f"{path} cannot be read ({error.strerror}). Check its rights.") from None


def _text(where: str, content: bytes) -> str:
    refuse_large(where, len(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParamsError(
            f"{where} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from None


def _read(where: str, text: str, *, build: bool) -> Any:
    try:
        refuse_excess(where, text)
        return YAML(typ="safe", pure=True).load(text) if build else None
    except ParamsError:
        raise
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ParamsError(f"{where}, line {line}: {_problem(error)}.") from None
    except Exception as error:
        # The reader is not ours, and ends in errors of many types on texts that nobody wrote.
        reason = shortened(str(error) or type(error).__name__)
        raise ParamsError(f"{where} is not valid YAML 1.2 ({reason}). Mend it.") from None


def _problem(error: MarkedYAMLError) -> str:
    problem = str(error.problem)
    if isinstance(error, DuplicateKeyError):
        key = shortened(problem.split('"')[1]) if '"' in problem else "a key"
        return f"the key `{key}` stands here a second time; keep one of the two"
    if "\\t" in problem:
        return "a tab stands where spaces are expected; indent with spaces"
    return f"this is not valid YAML 1.2 ({shortened(problem)}); mend the line"


def _plain(content: Any, path: str, where: str = "") -> Any:
    """The same with text keys; its depth is bounded, since it was judged before it was built."""
    if isinstance(content, dict):
        return {
            key: _plain(inner, path, f"{where}{key}.")
            for key, inner in _text_keys(content, where, path)
        }
    if isinstance(content, list | tuple):
        return [_plain(inner, path, where) for inner in content]
    if isinstance(content, str):
        _refuse_unwritable(content, path, where)
    if content is None or isinstance(content, bool | int | float | str):
        return content
    if isinstance(content, datetime.date):
        return content.isoformat()
    raise ParamsError(
        f"{path}: `{shortened(where.rstrip('.'))}` is a {_noun(content)}; texts, numbers and lists "
        "are read."
    )


def _text_keys(mapping: dict[Any, Any], where: str, path: str) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise ParamsError(
                f"{path}: the key {shortened(repr(key))} under `{shortened(where) or '.'}` is no "
                "text; quote it."
            )
        if str(key) in found:
            raise ParamsError(
                f"{path}: the key `{shortened(f'{where}{key}')}` stands twice, as a text and as a "
                "number; keep one."
            )
        _refuse_unwritable(str(key), path, where)
        found[str(key)] = value
    return list(found.items())


def _refuse_unwritable(text: str, path: str, where: str) -> None:
    """Refuse what no path and no file can hold: a zero byte, or half of a character."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParamsError(
            f"{path}: a text under `{shortened(where.rstrip('.')) or '.'}` holds a zero byte or "
            "half of a character; write it without."
        )


def _noun(value: Any) -> str:
    names = {
        "list": "list",
        "str": "text",
        "int": "number",
        "float": "number",
        "bool": "truth value",
    }
    return names.get(type(value).__name__, type(value).__name__)

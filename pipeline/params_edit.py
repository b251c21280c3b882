"""One value of params.yaml changed where it stands; everything else keeps every byte."""

import re
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.workspace import write_bytes


def set_replicates(path: Path, replicates: int) -> str | None:
    """Write `trial.replicates` into a params.yaml that has been read without complaint.

    Returns:
        A sentence for the user; None where the value stood there already.

    Raises:
        ParamsError: the section is written in a way that cannot be changed in place.
    """
    before = load_params(path)
    if before.trial.replicates == replicates:
        return None
    # As bytes, because reading as text would change the line ends.
    text = path.read_bytes().decode()
    changed = _with_value(text, "trial", "replicates", str(replicates))
    trial = before.trial.model_copy(update={"replicates": replicates})
    if changed is None or not _reads_as(changed, before.model_copy(update={"trial": trial})):
        raise ParamsError(
            f"`trial.replicates` cannot be set in {path}, because of how its section `trial` is "
            f"written. Write `replicates: {replicates}` into it by hand and run again."
        )
    write_bytes(path, changed.encode())
    return f"Set trial.replicates to {replicates} in {path} (it was {before.trial.replicates})."


def _with_value(text: str, section: str, key: str, value: str) -> str | None:
    """The text with `section.key` set; None where no place for it is found."""
    content: Any = YAML(typ="rt").load(text) or {}
    lines = text.splitlines(keepends=True)
    inner = content.get(section)
    if section not in content:
        ending = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{ending}\n{section}:\n  {key}: {value}\n"
    if inner is None:
        row, _ = content.lc.key(section)
        return "".join([*lines[: row + 1], f"  {key}: {value}\n", *lines[row + 1 :]])
    if key in inner:
        row, column = inner.lc.value(key)
        rest = re.sub(r"^[^\s,#}]+", value, lines[row][column:])
        return "".join([*lines[:row], lines[row][:column] + rest, *lines[row + 1 :]])
    if inner.fa.flow_style():
        return None
    row, column = inner.lc.key(next(iter(inner)))
    return "".join([*lines[:row], f"{' ' * column}{key}: {value}\n", *lines[row:]])


def _reads_as(text: str, expected: object) -> bool:
    with tempfile.TemporaryDirectory(prefix="equipoise-params-") as scratch:
        path = Path(scratch) / "params.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            return load_params(path) == expected
        except ParamsError:
            return False

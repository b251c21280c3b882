"""Whether params.yaml, dvc.yaml and code.json say what dvc.lock recorded: one comparison for all.

A run asks before it releases, `verify` asks of every version that exists. DVC records in dvc.lock
what each stage was given; a file that was edited since says something else.
"""

import json
import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.credentials import without_credentials
from pipeline.errors import ParamsError, WorkspaceError
from pipeline.outside import read_outside_json
from pipeline.versions.graph import CODE_FILE, PARAMS_FILE, DeclaredStage, declared_stages
from pipeline.versions.lockfile import LOCK, StageRecord, read_stages
from pipeline.yaml_text import parse_mapping

PIPELINE_FILE = "dvc.yaml"
# What says how the data of a version were made, and may be edited at any moment.
SETTINGS = (PARAMS_FILE, PIPELINE_FILE, CODE_FILE)


def disagreements(files: Mapping[str, bytes], lock: bytes) -> list[str]:
    """Every difference between the settings and what dvc.lock recorded, a sentence each.

    Args:
        files: Name → content of those of `SETTINGS` that there are.
        lock: The content of dvc.lock.

    Raises:
        VersionError: dvc.lock is damaged.
    """
    recorded = read_stages(lock, where=LOCK)
    try:
        params = parse_mapping(files.get(PARAMS_FILE, b""), where=PARAMS_FILE)
        declared = declared_stages(files.get(PIPELINE_FILE, b""), params, where=PIPELINE_FILE)
        code = _code_in(files)
    except (ParamsError, WorkspaceError) as error:
        return [str(error)]
    return [
        *_of_graph(declared, recorded),
        *_of_values(PARAMS_FILE, params, recorded),
        *_of_code(code, recorded),
        *_of_chain(recorded),
    ]


def params_given(record: StageRecord, files: Mapping[str, bytes]) -> bool:
    """Whether dvc.lock says of a stage that it was given the values in these files.

    Args:
        record: What dvc.lock says of the stage.
        files: As for `disagreements`; they are valid.
    """
    recorded = {"": record}
    params = parse_mapping(files[PARAMS_FILE], where=PARAMS_FILE)
    code = _code_in(files)
    found = [*_of_values(PARAMS_FILE, params, recorded), *_of_code(code, recorded)]
    return not found


def differences(one: Any, other: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Key path, and the two values, wherever two nested mappings differ; None where one is absent.

    A section that is absent, empty or null is the same: its defaults hold in each case.
    """
    if isinstance(one or {}, Mapping) and isinstance(other or {}, Mapping):
        one, other = one or {}, other or {}
        for name in dict.fromkeys((*one, *other)):
            path = f"{key}.{name}" if key else str(name)
            yield from differences(one.get(name), other.get(name), path)
    elif _plain(one) != _plain(other):
        yield key, one, other


def shown(value: Any) -> str:
    """A value of params.yaml for a person, cut where it is long."""
    text = "left out" if value is None else json.dumps(value, default=str, ensure_ascii=False)
    text = without_credentials(text)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _code_in(files: Mapping[str, bytes]) -> dict[str, str]:
    """Stage → hash of its code, as `code.json` says; empty where there is none.

    Raises:
        WorkspaceError: the file is something else.
    """
    return read_outside_json(
        files.get(CODE_FILE, b"{}"),
        dict[str, str],
        where=CODE_FILE,
        way_out="`equipoise run` writes it again.",
        error=WorkspaceError,
    )


def _of_graph(
    declared: Mapping[str, DeclaredStage], recorded: Mapping[str, StageRecord]
) -> Iterator[str]:
    for name, stage in declared.items():
        record = recorded.get(name)
        if record is None:
            yield f"The stage `{name}` of dvc.yaml has no entry in dvc.lock: it has not run."
            continue
        watched = {(file, key) for file, keys in stage.params.items() for key in keys}
        given = {(file, key) for file, values in record.params.items() for key in values}
        ways = {
            "its command": stage.cmd == record.cmd,
            "what it reads": _read_alike(stage, record),
            "what it writes": set(stage.outs) == {os.path.normpath(o.path) for o in record.outs},
            "the params that it watches": watched == given,
        }
        for what, is_same in ways.items():
            if not is_same:
                yield f"dvc.yaml disagrees with dvc.lock about {what} of the stage `{name}`."
    for name in recorded.keys() - declared.keys():
        yield f"dvc.lock has an entry for the stage `{name}`, which dvc.yaml does not list."


def _read_alike(stage: DeclaredStage, record: StageRecord) -> bool:
    # DVC may record an absolute path, such as that of raw data, from the workspace.
    inside = {dep for dep in stage.deps if not Path(dep).is_absolute()}
    read = {os.path.normpath(dep) for dep in record.deps}
    return inside <= read and len(stage.deps) == len(read)


def _of_values(
    file: str, content: Mapping[str, Any], recorded: Mapping[str, StageRecord]
) -> Iterator[str]:
    """Values in the file other than those which the stages were given, each told once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, record in recorded.items():
        for key, value in record.params.get(file, {}).items():
            for path, now, then in differences(_at(content, key), value, key):
                found.setdefault((path, shown(now), shown(then)), []).append(name)
    for (path, now, then), stages in found.items():
        yield f"`{path}` is {now} in {file}; {_ran(stages)} with {then}, by dvc.lock."


def _of_code(code: Mapping[str, Any], recorded: Mapping[str, StageRecord]) -> Iterator[str]:
    other = [
        name
        for name, record in recorded.items()
        for key, value in record.params.get(CODE_FILE, {}).items()
        if code.get(key) != value
    ]
    if other:
        yield f"{_ran(other).capitalize()} with other code than {CODE_FILE} names."


def _of_chain(recorded: Mapping[str, StageRecord]) -> Iterator[str]:
    """A stage that read another output than the one that stands: it ran before that was written."""
    written = {
        os.path.normpath(out.path): (name, out.md5)
        for name, record in recorded.items()
        for out in record.outs
    }
    for name, record in recorded.items():
        for path, md5 in record.deps.items():
            writer, standing = written.get(os.path.normpath(path), ("", md5))
            if standing != md5:
                yield f"The stage `{name}` read another {path} than `{writer}` wrote last."


def _at(content: Any, key: str) -> Any:
    for name in key.split("."):
        content = content.get(name) if isinstance(content, Mapping) else None
    return content


def _plain(value: Any) -> Any:
    """Equal for what YAML and JSON may spell in two ways; an address with and without password."""
    return json.loads(without_credentials(json.dumps(value, default=str)))


def _ran(stages: list[str]) -> str:
    names = ", ".join(f"`{name}`" for name in stages)
    return f"the stage {names} ran" if len(stages) == 1 else f"the stages {names} ran"

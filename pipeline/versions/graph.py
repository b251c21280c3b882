"""The stages as dvc.yaml orders them: one DAG, and no second list of it anywhere."""

import os.path
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ParamsError, WorkspaceError
from pipeline.yaml_limits import shortened
from pipeline.yaml_text import parse_mapping, read_mapping

PARAMS_FILE = "params.yaml"
# One hash a stage, over the code that it runs; `pipeline.stages.code` writes it.
CODE_FILE = "code.json"
# How dvc.yaml names the raw data, whose place params.yaml tells.
SOURCE_PATH = "${source.path}"


@dataclass(frozen=True)
class DeclaredStage:
    """A stage as dvc.yaml declares it.

    Attributes:
        deps: Paths that it reads, from the workspace or absolute.
        params: File → the keys of it that DVC watches.
        outs: Paths that it writes, metrics and plots among them.
        is_frozen: Whether DVC is told never to run it again.
    """

    cmd: str
    deps: tuple[str, ...]
    params: Mapping[str, tuple[str, ...]]
    outs: tuple[str, ...]
    is_frozen: bool


def declared_stages(
    content: bytes, params: Mapping[str, Any], *, where: str
) -> dict[str, DeclaredStage]:
    """Name of a stage → what a dvc.yaml's content declares.

    Args:
        content: The file's content.
        params: The mapping of the params.yaml beside it, for `${source.path}`.
        where: Where it stands, for a person.

    Raises:
        WorkspaceError: it is damaged or lists no stages.
    """
    source = params.get("source")
    path = source.get("path") if isinstance(source, Mapping) else None
    try:
        stages = _stages_of(parse_mapping(content, where=where), where)
        return all_declared(stages, None if path is None else str(path))
    except (TypeError, ValueError, AttributeError, StopIteration):
        raise _damaged(where, "") from None
    except ParamsError as error:
        raise _damaged(where, f" {error}") from None


def read_from_outside(stages: Mapping[str, DeclaredStage]) -> list[str]:
    """The paths that stages read and none of them writes: raw data and code."""
    written = {out for stage in stages.values() for out in stage.outs}
    return sorted({dep for stage in stages.values() for dep in stage.deps} - written)


def all_declared(
    stages: Mapping[str, Mapping[str, Any]], source: str | None
) -> dict[str, DeclaredStage]:
    """Stages as dvc.yaml's own mappings, read; `source` is what stands for `${source.path}`."""
    return {name: _declared(stage, source) for name, stage in stages.items()}


def _declared(stage: Mapping[str, Any], source: str | None) -> DeclaredStage:
    watched: dict[str, tuple[str, ...]] = {}
    for entry in stage.get("params") or ():
        if isinstance(entry, str):
            watched[PARAMS_FILE] = (*watched.get(PARAMS_FILE, ()), entry)
        else:
            watched.update({file: tuple(keys or ()) for file, keys in entry.items()})
    deps = [source if dep == SOURCE_PATH else dep for dep in stage.get("deps") or ()]
    outs = [entry for kind in ("outs", "metrics", "plots") for entry in stage.get(kind) or ()]
    return DeclaredStage(
        cmd=str(stage.get("cmd", "")),
        deps=tuple(os.path.normpath(dep) for dep in deps if dep is not None),
        params=watched,
        outs=tuple(os.path.normpath(o if isinstance(o, str) else next(iter(o))) for o in outs),
        is_frozen=bool(stage.get("frozen", False)),
    )


def require_watched_params(root: Path) -> None:
    """Refuse a params.yaml without a section that a stage watches: DVC would, in other words.

    Raises:
        ParamsError: sections are missing, though their defaults would do.
    """
    stages = _read(root).values()
    lists = [stage.get("params") for stage in stages]
    watched = {
        name
        for names in lists
        if isinstance(names, list)
        for name in names
        if isinstance(name, str)
    }
    missing = sorted(watched - set(read_mapping(root / "params.yaml")))
    if missing:
        raise ParamsError(
            f"{root / 'params.yaml'} lacks what dvc.yaml watches:",
            [
                f"`{name}` is missing; add `{name}: {'0' if name == 'seed' else '{}'}` for its "
                f"default{'' if name == 'seed' else 's'}."
                for name in missing
            ],
        )


def stage_names(root: Path) -> tuple[str, ...]:
    """The stages of `root`/dvc.yaml, in the order in which that file lists them.

    The file lists a stage after those whose outputs it reads; a test holds it to that.

    Raises:
        WorkspaceError: there is no dvc.yaml, or it is damaged or lists no stages.
    """
    return tuple(_read(root))


def stage_outputs(root: Path) -> dict[str, tuple[str, ...]]:
    """Stage → paths that it writes, for every stage that runs a module of `pipeline.stages`.

    Raises:
        WorkspaceError: there is no dvc.yaml, or it is damaged or lists no stages.
    """
    declared = {name: _declared(stage, None) for name, stage in _read(root).items()}
    return {
        name: stage.outs
        for name, stage in declared.items()
        if stage.cmd == f"python -m pipeline.stages.{name}"
    }


def watches_code(root: Path) -> bool:
    """Whether the stages of `root`/dvc.yaml watch `code.json`, as those that we write do.

    Raises:
        WorkspaceError: there is no dvc.yaml, or it is damaged or lists no stages.
    """
    return any(CODE_FILE in _declared(stage, None).params for stage in _read(root).values())


def _read(root: Path) -> dict[str, dict[str, Any]]:
    path = root / "dvc.yaml"
    reason = ""
    try:
        return _stages_of(read_mapping(path), str(path))
    except ParamsError as error:
        reason = f" {error}" if path.exists() else ""
    raise _damaged(str(path), reason)


def _stages_of(content: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    stages = content.get("stages")
    if not isinstance(stages, dict) or not stages:
        raise ParamsError("")
    for name, stage in stages.items():
        if not isinstance(stage, dict):
            raise ParamsError(f"{where}: the stage `{shortened(name)}` is no mapping.")
    return stages


def _damaged(where: str, reason: str) -> WorkspaceError:
    return WorkspaceError(
        f"{where} is missing, damaged or lists no stages.{reason.rstrip()} Make a workspace with "
        "`equipoise init`, or restore the file with `git checkout dvc.yaml`."
    )

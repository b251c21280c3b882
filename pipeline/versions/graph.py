"""The stages as dvc.yaml orders them: one DAG, and no second list of it anywhere."""

from pathlib import Path
from typing import Any

from pipeline.errors import ParamsError, WorkspaceError
from pipeline.yaml_limits import shortened
from pipeline.yaml_text import read_mapping


def require_watched_params(root: Path) -> None:
    """Refuse a params.yaml without a section that a stage watches: DVC would, in other words.

    Raises:
        ParamsError: sections are missing, though their defaults would do.
    """
    stages = _read(root)["stages"].values()
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
    return tuple(_read(root)["stages"])


def _read(root: Path) -> dict[str, Any]:
    path = root / "dvc.yaml"
    reason = ""
    try:
        content = read_mapping(path)
        stages = content.get("stages")
        if isinstance(stages, dict) and stages:
            return {**content, "stages": {name: _stage(path, name, stages) for name in stages}}
    except ParamsError as error:
        reason = f" {error}" if path.exists() else ""
    raise WorkspaceError(
        f"{path} is missing, damaged or lists no stages.{reason} Make a workspace with "
        "`equipoise init`, or restore the file with `git checkout dvc.yaml`."
    )


def _stage(path: Path, name: str, stages: dict[str, Any]) -> dict[str, Any]:
    stage = stages[name]
    if isinstance(stage, dict):
        return stage
    raise ParamsError(f"{path}: the stage `{shortened(name)}` is no mapping.")

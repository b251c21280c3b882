"""The stages as dvc.yaml orders them: one DAG, and no second list of it anywhere."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ParamsError, WorkspaceError


def require_watched_params(root: Path) -> None:
    """Refuse a params.yaml without a section that a stage watches: DVC would, in other words.

    Raises:
        ParamsError: sections are missing, though their defaults would do.
    """
    stages = _read(root)["stages"].values()
    watched = {name for stage in stages for name in stage.get("params", []) if type(name) is str}
    present = YAML(typ="safe", pure=True).load((root / "params.yaml").read_text(encoding="utf-8"))
    missing = sorted(watched - set(present))
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
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        if dict(content["stages"]):
            return dict(content)
    except (FileNotFoundError, YAMLError, KeyError, TypeError, ValueError):
        pass
    raise WorkspaceError(
        f"{path} is missing, damaged or lists no stages. Make a workspace with "
        "`equipoise init`, or restore the file with `git checkout dvc.yaml`."
    )

"""The stages as dvc.yaml orders them: one DAG, and no second list of it anywhere."""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import WorkspaceError


def stage_names(root: Path) -> tuple[str, ...]:
    """The stages of `root`/dvc.yaml, in the order in which that file lists them.

    The file lists a stage after those whose outputs it reads; a test holds it to that.

    Raises:
        WorkspaceError: there is no dvc.yaml, or it is damaged or lists no stages.
    """
    path = root / "dvc.yaml"
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return tuple(content["stages"])
    except (FileNotFoundError, YAMLError, KeyError, TypeError):
        raise WorkspaceError(
            f"{path} is missing, damaged or lists no stages. Make a workspace with "
            "`equipoise init`, or restore the file with `git checkout dvc.yaml`."
        ) from None

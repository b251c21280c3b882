"""Whether dvc.yaml has DVC watch all that the stages read: what it does not watch never changes."""

import os.path
from collections.abc import Mapping
from typing import Any

from pipeline.errors import WorkspaceError
from pipeline.versions.graph import PARAMS_FILE, SOURCE_PATH, DeclaredStage, all_declared
from pipeline.versions.pipeline_file import template


def require_watching(declared: Mapping[str, DeclaredStage], params: Mapping[str, Any]) -> None:
    """Refuse a dvc.yaml with which DVC would call a stage unchanged that has changed.

    Args:
        declared: The stages that it declares.
        params: The mapping of the params.yaml beside it.

    Raises:
        WorkspaceError: a stage is frozen, or something that a stage reads is not watched.
    """
    problems = [
        f"`frozen` keeps the stage `{name}` from running again; delete that line."
        for name, stage in declared.items()
        if stage.is_frozen
    ]
    known = {stage.cmd: stage for stage in all_declared(template()["stages"], None).values()}
    for name, stage in declared.items():
        needed = known.get(stage.cmd)
        if needed is None:
            continue
        watched = set(stage.params.get(PARAMS_FILE, ()))
        missing = [
            *(
                f"`{key}` under `params`"
                for key in needed.params[PARAMS_FILE]
                if key not in watched
            ),
            *(f"`{path}` under `deps`" for path in needed.deps if path not in stage.deps),
            *(f"`{path}` under `outs`" for path in needed.outs if path not in stage.outs),
        ]
        problems += [f"The stage `{name}` lacks {entry}; add it." for entry in missing]
    source = params.get("source")
    path = source.get("path") if isinstance(source, Mapping) else None
    if path is not None and not any(_is_read(str(path), stage) for stage in declared.values()):
        problems.append(
            f"No stage watches the raw data, `source.path`; add `- {SOURCE_PATH}` to the `deps` of "
            "the stage that prepares them."
        )
    if problems:
        raise WorkspaceError("dvc.yaml would miss changes: " + " ".join(problems))


def _is_read(path: str, stage: DeclaredStage) -> bool:
    return os.path.normpath(path) in stage.deps

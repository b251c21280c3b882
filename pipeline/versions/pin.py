"""A run pins what it is made with at its start, and stops when any of it is edited on its way.

DVC reads params.yaml twice for each stage, before it runs and after, and records the second; a
stage reads it once. Between all of these, and until the release, the files lie open to an editor, a
`git checkout` or an upgrade. What was pinned is compared before and after each stage and before the
release, and what is published are the pinned bytes themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ParamsError, WorkspaceError
from pipeline.fingerprint import fingerprint, last_changed
from pipeline.params import Params, parse_params
from pipeline.params_digest import OF_THE_RUN, params_digest
from pipeline.versions.agreement import PIPELINE_FILE, SETTINGS, differences, shown
from pipeline.versions.graph import (
    CODE_FILE,
    PARAMS_FILE,
    DeclaredStage,
    declared_stages,
    read_from_outside,
)
from pipeline.workspace import Workspace
from pipeline.yaml_text import parse_mapping

PACKAGE = Path(__file__).parents[1]
AGAIN = (
    "Nothing was released. What was computed is kept where it is still right: run `equipoise "
    "run` again to use the new state, or restore the old one first."
)


@dataclass(frozen=True)
class Pin:
    """What a run is made with.

    Attributes:
        files: Name → content of params.yaml, dvc.yaml and code.json, as far as there are such.
        params: What params.yaml says.
        outside: Path of everything that stages read and none writes → its fingerprint.
        code: The fingerprint of the installed program.
    """

    files: Mapping[str, bytes]
    params: Params
    outside: Mapping[str, str]
    code: str

    @property
    def stages(self) -> dict[str, DeclaredStage]:
        """The stages as the pinned dvc.yaml declares them."""
        return _stages(self.files)

    @property
    def digest(self) -> str:
        """SHA-256 of the params, by which a stage knows that it reads the pinned ones."""
        return params_digest(self.params)


def take_pin(workspace: Workspace) -> Pin:
    """Read everything that a run is made with, once.

    Raises:
        ParamsError: params.yaml cannot be used.
        WorkspaceError: dvc.yaml cannot be used.
    """
    files = read_settings(workspace)
    params = parse_params(files[PARAMS_FILE], where=str(workspace.params_file))
    outside = read_from_outside(_stages(files))
    return Pin(
        files=files,
        params=params,
        outside={path: fingerprint(workspace.root / path) for path in outside},
        code=_program(workspace),
    )


def read_settings(workspace: Workspace) -> dict[str, bytes]:
    """Name → content of params.yaml, dvc.yaml and code.json, as far as there are such."""
    paths = [workspace.root / name for name in SETTINGS]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def require_pinned(workspace: Workspace, pin: Pin) -> None:
    """Refuse to go on with anything else than what was pinned.

    Raises:
        WorkspaceError: something was edited; the sentence says what, and what to do.
    """
    found = changes(workspace, pin)
    if found:
        raise WorkspaceError(f"Edited while the run was under way: {' '.join(found)} {AGAIN}")


def changes(workspace: Workspace, pin: Pin) -> list[str]:
    """What is other than when it was pinned, a sentence each."""
    found = [*_changed_params(workspace, pin)]
    now = {name: _content(workspace.root / name) for name in (PIPELINE_FILE, CODE_FILE)}
    if now[CODE_FILE] != pin.files.get(CODE_FILE):
        found.append(f"{CODE_FILE} was changed while the run was under way.")
    if now[PIPELINE_FILE] != pin.files.get(PIPELINE_FILE) and _declares_otherwise(now, pin):
        found.append("The stages of dvc.yaml were changed while the run was under way.")
    found += [_told(workspace.root / path) for path in changed_outside(workspace, pin)]
    if program_is_other(workspace, pin):
        found.append("Equipoise or a library was updated while the run was under way.")
    return found


def program_is_other(workspace: Workspace, pin: Pin) -> bool:
    """Whether a file of the program that the stages run changed since it was pinned."""
    return _program(workspace) != pin.code


def _program(workspace: Workspace) -> str:
    # In this repository and its worktrees, stages import what lies beside them.
    own = workspace.root / PACKAGE.name
    return fingerprint(own if (own / "stages").is_dir() else PACKAGE, suffix=".py")


def changed_outside(workspace: Workspace, pin: Pin) -> list[str]:
    """The paths that stages read and none writes whose files changed since they were pinned."""
    return [path for path, was in pin.outside.items() if fingerprint(workspace.root / path) != was]


def _changed_params(workspace: Workspace, pin: Pin) -> list[str]:
    content = _content(workspace.params_file)
    if content == pin.files[PARAMS_FILE]:
        return []
    before = parse_mapping(pin.files[PARAMS_FILE], where=PARAMS_FILE)
    try:
        now = parse_mapping(content or b"", where=PARAMS_FILE)
    except ParamsError:
        return ["params.yaml is missing or cannot be read any more."]
    return [
        f"`{key}` of params.yaml is {shown(new)} now and was {shown(old)}."
        for key, old, new in differences(before, now)
        if key.partition(".")[0] != OF_THE_RUN
    ]


def _declares_otherwise(now: Mapping[str, bytes | None], pin: Pin) -> bool:
    files = {**pin.files, PIPELINE_FILE: now[PIPELINE_FILE] or b""}
    try:
        return _stages(files) != pin.stages
    except WorkspaceError:
        return True


def _stages(files: Mapping[str, bytes]) -> dict[str, DeclaredStage]:
    params = parse_mapping(files[PARAMS_FILE], where=PARAMS_FILE)
    return declared_stages(files.get(PIPELINE_FILE, b""), params, where=PIPELINE_FILE)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _told(path: Path) -> str:
    newest = last_changed(path)
    if newest is None:
        return f"{path} is gone."
    what = f" (the newest change: {newest.relative_to(path)})" if newest != path else ""
    return f"{path} has changed{what}."

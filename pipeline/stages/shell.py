"""What every stage's process does around its one function: settings, log, errors, exit code."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pipeline.chatter import show_own_lines_only
from pipeline.errors import EquipoiseError, ParamsError, ProblemsError, WorkspaceError
from pipeline.last_defence import as_told
from pipeline.params import Params, load_params
from pipeline.params_digest import params_digest
from pipeline.stages.code import require_current_code
from pipeline.terminal import complain, guard_streams
from pipeline.workspace import Workspace, write_json
from pipeline.yaml_text import read_mapping

StageFunction = Callable[[Workspace, Params], None]
# The digest of the params that the run pinned at its start, where a run started the stage.
PINNED_VARIABLE = "EQUIPOISE_PINNED_PARAMS"
# By this DVC tells a process which stage of dvc.yaml it is.
DVC_STAGE = "DVC_STAGE"


def run_stage(stage: StageFunction) -> None:
    """Run a stage in the current folder as a process of its own, and end that process.

    An error that the user can mend is written to stderr as it stands, without a traceback, and the
    process ends with the error's exit code (2). So is one that the machine caused: a full disk, a
    missing right. A defect ends it with 1; its sentence names the file that holds the traceback.
    Log lines go to stderr as `stage: message`.
    """
    guard_streams()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    show_own_lines_only()
    # One thread a process: two threads under contention ran 2 to 4 times slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        workspace = Workspace.at()
        stage_name = os.environ.get(DVC_STAGE)
        if stage_name is not None:
            require_current_code(workspace.root, stage_name)
        params = load_params(workspace.params_file)
        _refuse_other_than_pinned(workspace, params)
        stage(workspace, params)
        _refuse_edited(workspace, params)
    except Exception as error:
        _end_with(as_told(error, place=Path.cwd()))


def _end_with(error: EquipoiseError) -> NoReturn:
    complain(error)
    # On a full disk the starter must do with what stands above.
    with contextlib.suppress(OSError):
        _tell(error)
    sys.exit(error.exit_code)


def _refuse_other_than_pinned(workspace: Workspace, params: Params) -> None:
    pinned = os.environ.get(PINNED_VARIABLE)
    if pinned is not None and pinned != params_digest(params):
        raise WorkspaceError(
            f"{workspace.params_file} was edited after the run began. Run `equipoise run` again "
            "to use the new values, or restore the old ones first."
        )


def _refuse_edited(workspace: Workspace, params: Params) -> None:
    """DVC records the values that stand in params.yaml now as those that the stage was given.

    Where the stage fails, DVC records nothing and runs it again.
    """
    watched = _watched_sections(workspace)
    given = params.model_dump(include=watched)
    try:
        now = load_params(workspace.params_file).model_dump(include=watched)
    except (ParamsError, OSError):
        now = {}
    if now != given:
        raise WorkspaceError(
            f"{workspace.params_file} was edited while the stage ran with the old values. Its "
            "result is not used. Run it again to use the new values, or restore the old ones "
            "first."
        )


def _watched_sections(workspace: Workspace) -> set[str] | None:
    """The sections that DVC records for this stage; all of them where DVC did not start it."""
    name, path = os.environ.get(DVC_STAGE), workspace.root / "dvc.yaml"
    if name is None or not path.is_file():
        return None
    stage = read_mapping(path).get("stages", {}).get(name, {})
    return {entry for entry in stage.get("params", []) if isinstance(entry, str)}


def _tell(error: EquipoiseError) -> None:
    """Leave the error where the process that started this stage looks for it, if one did."""
    name = os.environ.get("EQUIPOISE_ERROR_FILE")
    if name:
        told: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
        if isinstance(error, ProblemsError):
            told |= {"headline": error.headline, "problems": list(error.problems)}
        write_json(Path(name), told)

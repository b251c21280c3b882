"""What every stage's process does around its one function: settings, log, errors, exit code."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pipeline.errors import EquipoiseError
from pipeline.machine_errors import refusal_of
from pipeline.params import Params, load_params
from pipeline.workspace import Workspace, write_json

StageFunction = Callable[[Workspace, Params], None]


def run_stage(stage: StageFunction) -> None:
    """Run a stage in the current folder as a process of its own, and end that process.

    An error that the user can mend is written to stderr as it stands, without a traceback, and the
    process ends with the error's exit code (2). So is one that the machine caused: a full disk, a
    missing right. Log lines go to stderr as `stage: message`.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # One thread a process: two threads under contention ran 2 to 4 times slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        workspace = Workspace.at()
        stage(workspace, load_params(workspace.params_file))
    except Exception as error:
        refusal = refusal_of(error, place=Path.cwd())
        if refusal is None:
            raise
        _end_with(refusal)


def _end_with(error: EquipoiseError) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    # On a full disk the starter must do with what stands above.
    with contextlib.suppress(OSError):
        _tell(error)
    sys.exit(error.exit_code)


def _tell(error: EquipoiseError) -> None:
    """Leave the error where the process that started this stage looks for it, if one did."""
    name = os.environ.get("EQUIPOISE_ERROR_FILE")
    if name:
        write_json(Path(name), {"kind": type(error).__name__, "message": str(error)})

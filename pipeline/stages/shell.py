"""What every stage's process does around its one function: settings, log, errors, exit code."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import EquipoiseError
from pipeline.params import Params, load_params
from pipeline.workspace import Workspace, write_json

StageFunction = Callable[[Workspace, Params], None]


def run_stage(stage: StageFunction) -> None:
    """Run a stage in the current folder as a process of its own, and end that process.

    An error that the user can mend is written to stderr as it stands, without a traceback, and the
    process ends with the error's exit code (2). Log lines go to stderr as `stage: message`.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # One thread a process: two threads under contention ran 2 to 4 times slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        workspace = Workspace.at()
        stage(workspace, load_params(workspace.params_file))
    except EquipoiseError as error:
        _tell(error)
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def _tell(error: EquipoiseError) -> None:
    """Leave the error where the process that started this stage looks for it, if one did."""
    name = os.environ.get("EQUIPOISE_ERROR_FILE")
    if name:
        write_json(Path(name), {"kind": type(error).__name__, "message": str(error)})

"""One DVC stage as a process group of its own: streamed, killable as a whole, never orphaned.

DVC decides whether a stage is stale; this module only asks it to run one (`dvc repro
--single-item`), tells whether it did anything, and turns what a stage says about the user's data
back into the error that it raised.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import errors
from pipeline.credentials import without_credentials
from pipeline.errors import EquipoiseError, WorkspaceError
from pipeline.last_defence import DefectError
from pipeline.machine_errors import refusal_in_output
from pipeline.process_group import ended_after, process_group
from pipeline.progress import LIVE_SECONDS, SECONDS_VARIABLE
from pipeline.versions.dvc import DVC, dvc_environment
from pipeline.versions.dvc_files import refuse_excess_for_dvc
from pipeline.workspace import Workspace

# Where a stage's process leaves the error that it ended with, for its starter to raise again.
ERROR_FILE_VARIABLE = "EQUIPOISE_ERROR_FILE"
# Where DVC says what the machine refused, before its closing remarks.
RECENT_LINES = 30
# How DVC tells that a stage's process, or the shell around it, was ended by a signal.
_KILLED = re.compile(r"exited with -?(\d+)$")
# What DVC says of a dvc.lock or dvc.yaml that it cannot read.
_INVALID_FILE = re.compile(r"'(?:\./)?([^']+)' is invalid \(possible merge conflicts\)")
# DVC's advice to a person at a keyboard; in a log it is noise.
_ADVICE = (
    "To track the changes with git",
    "git add ",
    "To enable auto staging",
    "dvc config core.autostage",
    "Use `dvc push`",
    "Generating lock file",
    "Updating lock file",
    "Data and pipelines are up to date",
)

LineListener = Callable[[str], None]


@dataclass(frozen=True)
class StageOutcome:
    """What became of a stage: `cached` means that DVC found nothing to run."""

    cached: bool


class StageCrashError(RuntimeError):
    """A stage's process ended in a way that no user caused; the message says where to read more."""

    exit_code = 1

    def __init__(self, message: str):
        super().__init__(without_credentials(message))


def run_stage(
    workspace: Workspace,
    stage: str,
    *,
    on_line: LineListener = lambda _: None,
    environment: Mapping[str, str] | None = None,
    max_seconds: float = float("inf"),
) -> StageOutcome:
    """Bring one stage up to date, as `dvc repro --single-item STAGE` does.

    Args:
        workspace: Where dvc.yaml lies.
        stage: Its name in dvc.yaml.
        on_line: Receives every line of the stage's output as it comes, without its end.
        environment: What is added to the stage's environment.
        max_seconds: The stage is ended after this long.

    Raises:
        EquipoiseError: the stage refused; the very class and sentence that it raised itself.
        WorkspaceError: its time ran out.
        StageCrashError: the stage ended otherwise.
    """
    if stage.startswith("-"):
        raise WorkspaceError(f"`{stage}` is not the name of a stage in dvc.yaml.")
    refuse_excess_for_dvc(workspace.root)
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        error_file = Path(folder) / "error.json"
        told = stage_environment(workspace.root) | dict(environment or {})
        told[ERROR_FILE_VARIABLE] = str(error_file)
        told[SECONDS_VARIABLE] = f"{LIVE_SECONDS:g}"
        command = [*DVC, "repro", "--single-item", "--", stage]
        with (
            process_group(command, cwd=workspace.root, environment=told) as process,
            ended_after(process, max_seconds) as expired,
        ):
            output = _Output(stage, on_line)
            output.follow(process)
        if expired.is_set():
            raise WorkspaceError(
                f"The run's time (`run.max_minutes`) ran out in the stage `{stage}`. Finished "
                "stages are kept, and the same command continues from there. Raise the limit, or "
                "ask for less."
            )
        if process.returncode and output.invalid_file:
            raise WorkspaceError(
                f"{output.invalid_file} cannot be read, as after a merge with conflicts. Restore "
                f"it with `git checkout -- {shlex.quote(output.invalid_file)}`, or delete it: "
                "a dvc.lock is written anew, and what is in the cache is found again."
            )
        if process.returncode:
            told_here = _told_in(error_file)
            machine = refusal_in_output(output.recent, place=workspace.root)
            raise told_here or machine or _reason(stage, process.returncode, output.reason)
    return StageOutcome(cached=not output.ran)


class _Output:
    """What a stage's process says: passed on line by line, DVC's own remarks understood."""

    def __init__(self, stage: str, on_line: LineListener):
        self.ran = False
        self.recent: deque[str] = deque(maxlen=RECENT_LINES)
        self.invalid_file = ""
        self._start = f"Running stage '{stage}'"
        self._on_line = on_line

    @property
    def reason(self) -> str:
        """DVC's own error, after which a stage's helper may still write; else the last line."""
        errors = (line for line in reversed(self.recent) if line.startswith("ERROR: "))
        return next(errors, self.recent[-1] if self.recent else "")

    def follow(self, process: subprocess.Popen[str]) -> None:
        """Read to the end, and wait for the process to end."""
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.rstrip()
            self.ran = self.ran or line.startswith(self._start)
            invalid = _INVALID_FILE.search(line)
            self.invalid_file = invalid[1] if invalid else self.invalid_file
            if line and not line.strip().startswith(_ADVICE):
                self.recent.append(line)
                self._on_line(line)
        process.wait()


def stage_environment(root: Path) -> dict[str, str]:
    """The environment of a stage: this Python first on the path, one thread, no chatter.

    `python` in dvc.yaml is found through PATH, so that the same line works in any environment;
    the folder of the running interpreter comes first, so that it is this one.
    """
    environment = dict(os.environ)
    folder = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([folder, environment.get("PATH", os.defpath)])
    environment.update(dvc_environment(root))
    environment["PYTHONUNBUFFERED"] = "1"
    environment.setdefault("OMP_NUM_THREADS", "1")
    return environment


def _told_in(error_file: Path) -> Exception | None:
    """The error that the stage left for its starter; None where it left none."""
    try:
        told = json.loads(error_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if told["kind"] == DefectError.__name__:
        return StageCrashError(told["message"])
    kind: Any = getattr(errors, told["kind"], EquipoiseError)
    if "problems" in told:
        listed: Exception = kind(told["headline"], told["problems"])
        return listed
    error: Exception = kind(told["message"])
    return error


def _reason(stage: str, code: int, said: str) -> Exception:
    killed = _KILLED.search(said)
    if killed is not None and int(killed[1]) in (signal.SIGKILL, 128 + signal.SIGKILL):
        return StageCrashError(
            f"The stage `{stage}` was killed from outside, probably because the machine's memory "
            "ran out. Free some, then run the same command again: what is finished is kept."
        )
    number = -code if code < 0 else code - 128
    if 0 < number < signal.NSIG:
        return StageCrashError(f"The stage `{stage}` was ended by signal {number}.")
    if said.startswith("ERROR: ") and "failed to run" not in said:
        return WorkspaceError(f"DVC refused the stage `{stage}`: {said[len('ERROR: ') :]}")
    return StageCrashError(
        f"The stage `{stage}` ended unexpectedly ({said or f'exit code {code}'}). "
        "That is a defect of the program, not of your data; the log above holds the traceback."
    )

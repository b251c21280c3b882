"""`equipoise doctor`: is everything here as it must be for the next run, and what to do if not."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.checkup import LEVELS, check_up
from pipeline.terminal import say_beside
from pipeline.workspace import Workspace

_MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


def doctor(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="The workspace's folder.", show_default="here")
    ] = Path(),
) -> None:
    """Check versions, disk, git, remote, server, schedule, last run and clock.

    Each line is ok, a warning or a failure with the way out. The exit code is 0 when nothing failed
    (warnings included) and 1 otherwise.
    """
    worst = "ok"
    for finding in check_up(Workspace.at(workspace)):
        worst = max(worst, finding.level, key=LEVELS.index)
        head = f"{_MARKS[finding.level]}  {finding.subject + ':':<14} "
        say_beside(head, finding.sentence)
    if worst == "failure":
        raise typer.Exit(1)

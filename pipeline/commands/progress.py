"""What a run shows: a live table on a terminal, plain lines anywhere else."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from flows.audience import Audience
from pipeline.progress import PLAIN_SECONDS
from pipeline.terminal import guard_streams, one_line, rich_console

_WIDTH = 12


class PlainLines:
    """One line for everything told, for logs and pipes."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def began(self, stage: str) -> None:
        """Say that a stage has begun."""
        self._write(stage, "begins")

    def said(self, stage: str, line: str) -> None:
        """Pass on what a stage said."""
        self._write(stage, line)

    def advanced(self, stage: str, text: str) -> None:
        """Say how far a long stage is, once a minute."""
        now = time.monotonic()
        if now - self._told.get(stage, float("-inf")) >= PLAIN_SECONDS:
            self._told[stage] = now
            self._write(stage, text)

    def ended(self, stage: str, outcome: str, seconds: float) -> None:
        """Say how a stage ended, and how long it took."""
        self._write(stage, f"{outcome} ({seconds:.1f} s)")

    def _write(self, stage: str, text: str) -> None:
        sys.stderr.write(f"{stage + ':':<{_WIDTH}}{one_line(text)}\n")
        sys.stderr.flush()


class LiveTable:
    """A row a stage, with its state and time; what the stages say scrolls above."""

    def __init__(self, console: Console, stages: Sequence[str]):
        self.console = console
        self.progress = Progress(
            SpinnerColumn(finished_text="·"),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[outcome]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self.rows: dict[str, TaskID] = {
            stage: self.progress.add_task(f"{stage:<{_WIDTH}}", total=None, start=False, outcome="")
            for stage in stages
        }

    def began(self, stage: str) -> None:
        """Start the row's clock."""
        self.progress.start_task(self.rows[stage])

    def said(self, stage: str, line: str) -> None:
        """Show the line above the table."""
        told = f"{stage + ':':<{_WIDTH}}{one_line(line)}"
        self.console.print(Text(told, style="dim"), soft_wrap=True)

    def advanced(self, stage: str, text: str) -> None:
        """Show in the stage's row how far it is."""
        self.progress.update(self.rows[stage], outcome=one_line(text))

    def ended(self, stage: str, outcome: str, seconds: float) -> None:
        """Stop the row's clock and show how the stage ended."""
        row = self.rows[stage]
        told = f"{outcome} ({seconds:.1f} s)"
        self.progress.update(row, total=1, completed=1, outcome=told)
        self.progress.stop_task(row)


@contextlib.contextmanager
def screen(stages: Sequence[str]) -> Iterator[Audience]:
    """Whichever of the two fits where standard error leads."""
    console = rich_console(stderr=True)
    if not console.is_terminal:
        yield PlainLines()
        return
    table = LiveTable(console, stages)
    with table.progress:
        # Rich puts a stream of its own there meanwhile, which obeys colours.
        guard_streams()
        yield table

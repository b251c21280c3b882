"""A progress bar in bytes for what is read from a remote; nothing where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from pipeline.terminal import guard_streams, rich_console
from pipeline.versions.meter import OnProgress, no_matter


@contextmanager
def transfer(title: str) -> Iterator[OnProgress]:
    """Show a bar on the terminal's stderr while the block runs; yields what to tell it."""
    console = rich_console(stderr=True)
    if not console.is_terminal:
        yield no_matter
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress:
        # Rich puts a stream of its own there meanwhile, which obeys colours.
        guard_streams()
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)

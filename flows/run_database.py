"""The database of a run by hand: private to its server, and gone with it.

Prefect needs four seconds to make an empty one, so an empty one is kept and copied.
"""

import contextlib
import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pipeline.workspace import Workspace

_PREFIX = "run-"
_LOCK = "lock"


@dataclass(frozen=True)
class RunDatabase:
    """A SQLite file in a folder of its own, which only its owner may enter."""

    path: Path
    template: Path

    @property
    def url(self) -> str:
        """Its address for SQLAlchemy."""
        return f"sqlite+aiosqlite:///{self.path}"

    def keep_empty(self) -> None:
        """Keep a copy of it as it is now, before anything is in it, for the runs to come."""
        # Without a copy the next run only starts later.
        with contextlib.suppress(sqlite3.Error, OSError):
            if not self.template.exists():
                temporary = self.path.with_name("empty.db")
                _copy(self.path, temporary)
                temporary.replace(self.template)


@contextlib.contextmanager
def run_database(workspace: Workspace) -> Iterator[RunDatabase]:
    """A database for the length of this block; those of runs that were killed are removed."""
    home = workspace.private / "prefect"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_dead(home)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
    try:
        # The kernel gives the lock back when this process ends, however it ends.
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            database = RunDatabase(folder / "run.db", home / f"empty-{version('prefect')}.db")
            # Where the copy is missing or damaged, the server makes its own.
            with contextlib.suppress(sqlite3.Error, OSError):
                _copy(database.template, database.path)
            if not database.path.exists():
                database.template.unlink(missing_ok=True)
            yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_dead(home: Path) -> None:
    for path in home.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite file with what its log still holds.

    Raises:
        sqlite3.Error: it is none, or damaged; nothing is left at the target then.
    """
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            # One file, without a log beside it.
            new.execute("PRAGMA journal_mode = DELETE")
            [(verdict,)] = new.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
    except BaseException:
        target.unlink(missing_ok=True)
        raise

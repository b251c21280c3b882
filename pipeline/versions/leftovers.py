"""Locks that a killed git or DVC left behind, which would stop every later one.

Whoever holds the workspace's lease has no git or DVC of its own alive. What may still be at work is
a git or DVC that a person runs by hand, so the living processes are looked at before a lock counts
as left behind. The index of the user's own work tree is never touched: no run needs it, and
`equipoise doctor` tells of a lock on it.
"""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.at_work import is_git, processes
from pipeline.versions.dvc_locks import problem_of_list, remove
from pipeline.versions.git import Git

# A git at work on another machine or in another container cannot be seen. It needs milliseconds.
SETTLED_SECONDS = 10.0
_SHARED = ("packed-refs.lock", "shallow.lock", "config.lock", "HEAD.lock", "FETCH_HEAD.lock")


@dataclass(frozen=True)
class Leftover:
    """One thing that stands in the way, or will.

    Attributes:
        path: Where it lies.
        what: What it is, as the rest of a sentence that begins with the path.
        is_cleared: Whether the next run clears it away by itself.
    """

    path: Path
    what: str
    is_cleared: bool


def clear_git(root: Path) -> None:
    """Remove the locks on shared references that no living git can hold.

    Args:
        root: A workspace whose lease is held.
    """
    common = _common(root)
    if common is None:
        return
    locks = [*_shared_locks(common)]
    if not locks or _git_at_work(root, common):
        return
    youngest = max(_changed(lock) for lock in locks)
    time.sleep(max(0.0, min(SETTLED_SECONDS, youngest + SETTLED_SECONDS - time.time())))
    if not _git_at_work(root, common):
        for lock in locks:
            remove(lock)


def clear_own(administration: Path) -> None:
    """Remove every lock on the worktree of scheduled runs, whose lease is held.

    Args:
        administration: git's folder for that worktree.
    """
    for lock in (*administration.glob("*.lock"), administration / "locked"):
        if lock.exists():
            remove(lock)


def leftovers(root: Path, worktree: Path) -> Iterator[Leftover]:
    """What was left behind in a workspace and in the worktree of its scheduled runs."""
    common = _common(root)
    if common is not None and not _git_at_work(root, common):
        for lock in _shared_locks(common):
            yield Leftover(lock, "is a lock of a git that has ended", True)
        lock = common / "index.lock"
        if lock.exists():
            yield Leftover(lock, "is a lock of a git that has ended", False)
    administration = administration_of(worktree)
    if administration is not None:
        for lock in (*administration.glob("*.lock"), administration / "locked"):
            if lock.exists():
                yield Leftover(lock, "locks the worktree of scheduled runs", True)
    for place in (root, worktree):
        path = place / ".dvc" / "tmp" / "rwlock"
        told = problem_of_list(path, place)
        if told:
            yield Leftover(path, told, True)


def administration_of(place: Path) -> Path | None:
    """git's folder for a worktree, where its `.git` names one that exists."""
    with contextlib.suppress(OSError, ValueError):  # Not text, or a path that holds a NUL.
        text = (place / ".git").read_text(encoding="utf-8")
        folder = Path(place, text.removeprefix("gitdir:").strip())
        if text.startswith("gitdir:") and folder.is_dir() and folder.parent.name == "worktrees":
            return folder
    return None


def forget_worktree(git: Git, place: Path) -> None:
    """Remove a worktree with all that git knows of it, locked or damaged as it may be."""
    common = _common(git.directory)
    for administration in (common / "worktrees").glob("*") if common else ():
        named = ""
        with contextlib.suppress(OSError):
            named = (administration / "gitdir").read_text(errors="replace").strip()
        if named and Path(administration, named).resolve() == (place / ".git").resolve():
            shutil.rmtree(administration, ignore_errors=True)
    if place.is_symlink() or place.is_file():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    git.run("worktree", "prune")


def _common(root: Path) -> Path | None:
    try:
        return Path(root, Git(root).run("rev-parse", "--git-common-dir")).resolve()
    except VersionError:
        return None


def _shared_locks(common: Path) -> Iterator[Path]:
    yield from (common / name for name in _SHARED if (common / name).exists())
    yield from (common / "refs").rglob("*.lock")


def _git_at_work(root: Path, common: Path) -> bool:
    return any(processes(is_git, (root, common, common.parent)))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

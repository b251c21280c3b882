"""DVC's locks on a workspace: what a killed DVC left of them stops every later stage.

DVC keeps a list of who reads and writes which path (`.dvc/tmp/rwlock`). It takes any living process
whose id stands there for a DVC at work, and refuses everything where the list is damaged.
"""

import fcntl
import json
import logging
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import psutil

from pipeline.versions.at_work import is_dvc, processes
from pipeline.workspace import write_bytes

log = logging.getLogger(__name__)
LARGEST_LIST_BYTES = 1 << 20


def clear_dvc(root: Path) -> None:
    """Bring DVC's locks in order: only what a living DVC holds stays.

    Args:
        root: A workspace, or the worktree of scheduled runs, whose lease is held.
    """
    folder = root / ".dvc" / "tmp"
    if not folder.is_dir() or _held(folder / "lock") or _held(folder / "rwlock.lock"):
        return
    if any(processes(is_dvc, (root,))):
        _keep_living(folder / "rwlock", root)
        return
    content = _read_list(folder / "rwlock")
    if os.path.lexists(folder / "rwlock") and (content is None or _entries(content)):
        remove(folder / "rwlock")
    present = [lock for lock in (folder / "lock", *folder.glob("*.lock")) if os.path.lexists(lock)]
    for lock in [lock for lock in present if _outlives_its_process(lock)]:
        remove(lock)


def problem_of_list(path: Path, root: Path) -> str | None:
    """What is wrong with DVC's list of locks: it is damaged, or names a process that is none."""
    if not os.path.lexists(path) or any(processes(is_dvc, (root,))):
        return None
    content = _read_list(path)
    if content is None:
        return "is damaged, so DVC would refuse every stage"
    names = {entry["pid"] for entry in _entries(content)}
    living = [pid for pid in names if psutil.pid_exists(pid)]
    return f"names process {living[0]}, which is no DVC (any more)" if living else None


def _keep_living(path: Path, root: Path) -> None:
    """Take out of DVC's list what does not belong to a living DVC of this workspace."""
    living = {process.pid for process in processes(is_dvc, (root,))}
    content = _read_list(path)
    if content is None:
        return  # It may be in the midst of being written.
    writers = {key: one for key, one in content["write"].items() if one["pid"] in living}
    readers = {
        key: [one for one in many if one["pid"] in living] for key, many in content["read"].items()
    }
    kept = {"write": writers, "read": {key: many for key, many in readers.items() if many}}
    if kept != content:
        write_bytes(path, json.dumps(kept).encode())


def _read_list(path: Path) -> dict[str, Any] | None:
    """DVC's list of locks with both of its parts; None where it is damaged."""
    try:
        facts = path.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_LIST_BYTES:
            return None
        content = json.loads(path.read_bytes())
        kept = {"write": dict(content.get("write", {})), "read": dict(content.get("read", {}))}
        return kept if all(type(one["pid"]) is int for one in _entries(kept)) else None
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _entries(content: dict[str, Any]) -> list[dict[str, Any]]:
    readers = [one for many in content["read"].values() for one in many]
    return [*content["write"].values(), *readers]


def _held(path: Path) -> bool:
    """Whether a living process, also one in another container, has locked the file."""
    try:
        if not stat.S_ISREG(path.stat(follow_symlinks=False).st_mode):
            return False
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _outlives_its_process(lock: Path) -> bool:
    """Whether a lock is one of `core.hardlink_lock`, which holds for a year, or is no file."""
    facts = lock.stat(follow_symlinks=False)
    return not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1


def remove(path: Path) -> None:
    """Remove a file or folder that was left behind, and say so in the log."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    log.warning("%s was left behind by a process that has ended, and was removed.", path)

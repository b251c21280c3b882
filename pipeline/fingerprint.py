"""What files lie at a path and whether they changed: by size, times and inode, unread."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def fingerprint(path: Path, *, suffix: str = "") -> str:
    """SHA-256 over the names, sizes, times and inodes of the file at a path or all below it.

    The time of the last change of the inode is among them, which no program can set back, so that
    a file which was rewritten with its old size and date is seen all the same.
    """
    digest = hashlib.sha256()
    for found, status in _files(path, suffix):
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        digest.update(f"{found.relative_to(path)!s} {seen}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def last_changed(path: Path) -> Path | None:
    """The file at or below a path that was changed last, for a person; None without any."""
    changed = [(status.st_ctime_ns, found) for found, status in _files(path, "")]
    return max(changed)[1] if changed else None


def _files(path: Path, suffix: str) -> Iterator[tuple[Path, os.stat_result]]:
    if not path.is_dir():
        yield from _present(path)
        return
    # Links are not followed: they may lead in a circle, and what they lead to lies elsewhere.
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            if name.endswith(suffix):
                yield from _present(Path(folder, name))


def _present(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with contextlib.suppress(OSError):
        yield path, path.stat()

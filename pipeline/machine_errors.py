"""What the machine refuses, as one sentence: no room, no right to write, a broken disk, no memory.

Libraries wrap what the system says in errors of their own, with the number or only with its words,
so that both are looked for, along the chain of causes.
"""

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

from pipeline.errors import EquipoiseError, WorkspaceError

_ROOM = "Free some, then run the same command again: what is finished is kept."
_RIGHTS = "Give your user the right to read and write it, then run the same command again."
# What the system says → what that means, and the way out. "{free}" is the room that is left.
_MEANINGS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("cannot be written: the disk is full{free}", _ROOM),
    errno.EDQUOT: ("cannot be written: the disk quota of your user is used up{free}", _ROOM),
    errno.EROFS: (
        "cannot be written: its file system is read-only",
        "Mount it so that it can be written, or move the workspace to another disk.",
    ),
    errno.EACCES: ("cannot be used: permission is denied", _RIGHTS),
    errno.EPERM: ("cannot be used: the operation is not permitted", _RIGHTS),
    errno.ENAMETOOLONG: (
        "cannot be used: its name is too long for the file system",
        "Move the workspace to a folder with a shorter path, or shorten the name.",
    ),
    errno.EMFILE: (
        "cannot be opened: this process has too many files open",
        "Raise the limit with `ulimit -n`, then run the same command again.",
    ),
    errno.ENFILE: (
        "cannot be opened: this machine has too many files open",
        "End other programs, then run the same command again.",
    ),
    errno.EIO: (
        "cannot be read or written: the disk reports an input/output error",
        "Check the disk, and restore the file from a copy where it is damaged.",
    ),
    errno.EFBIG: (
        "cannot be written: it would be larger than this process or its file system allows",
        "Raise the limit with `ulimit -f`, then run the same command again.",
    ),
    errno.ENOMEM: (
        "cannot be used: the memory of this machine is used up",
        "End other programs, or ask for less in params.yaml, then run the same command again.",
    ),
    errno.ESTALE: (
        "cannot be used: its network file system has gone",
        "Mount it again, then run the same command again.",
    ),
    errno.ENOTDIR: (
        "cannot be used: a file stands where a folder must be",
        "Move that file away, then run the same command again.",
    ),
    errno.EISDIR: (
        "cannot be used: a folder stands where a file must be",
        "Move that folder away, then run the same command again.",
    ),
    errno.ELOOP: (
        "cannot be used: its links lead in a circle",
        "Delete the link, then run the same command again.",
    ),
}
_OF_ROOM = {errno.ENOSPC, errno.EDQUOT}
# With so much room left, a full disk must be another one.
MUCH_BYTES = 100 * 10**6
_NUMBER = re.compile(r"(?:\[errno |\(os error )(\d+)[\])]", re.IGNORECASE)
# What NumPy says, without a number, when a file takes less than it was given.
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")
_PATH = re.compile(r"""['"`](/[^'"`\n]+)['"`]""")
_BY_WORDS = {os.strerror(number).lower(): number for number in _MEANINGS}
_BY_WORDS |= {
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EROFS,
    "disk i/o error": errno.EIO,
    "unable to open database file": errno.EACCES,
    "can't allocate memory": errno.ENOMEM,
}
# Of these alone the words mean what they say, whoever wrote them.
_TOLD_BY_WORDS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.ENOMEM}


def machine_refusal(error: BaseException, *, place: Path) -> EquipoiseError | None:
    """The sentence for an error that the disk or the system caused; None for any other error.

    Args:
        error: What was raised; its causes, and the members of a group, are looked at as well.
        place: The folder that was worked in, named where the error names no path.
    """
    for one in _chain(error):
        if isinstance(one, BrokenExecutor):
            return WorkspaceError(
                "A process of this run was killed, probably because the machine's memory ran out. "
                "Free some, or set `trial.workers` lower, then run the same command again: what is "
                "finished is kept."
            )
        number, named = _number_of(one)
        if number is not None:
            return _refusal(number, Path(named) if named else None, place)
    return None


def refusal_of(error: Exception, *, place: Path) -> EquipoiseError | None:
    """What the user can mend: the error itself, or what the machine refused; None for a defect."""
    return error if isinstance(error, EquipoiseError) else machine_refusal(error, place=place)


def refusal_in_output(lines: Iterable[str], *, place: Path) -> EquipoiseError | None:
    """The same from what another program wrote before it failed; its last such line counts."""
    for line in reversed(list(lines)):
        # "remote:" is what git passes on of another machine, whose disks are none of ours.
        number = None if line.strip().startswith("remote:") else _number_in(line)
        if number in _TOLD_BY_WORDS:
            named = _PATH.search(line)
            return _refusal(number, Path(named[1]) if named else None, place)
    return None


def free_bytes(path: Path) -> int | None:
    """The room that is left where `path` lies, or would lie; None where nobody can say."""
    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        # A context is what was being handled, which need not be the reason; a cause is.
        if one.__cause__ is not None:
            waiting.append(one.__cause__)


def _number_of(error: BaseException) -> tuple[int | None, str | None]:
    if isinstance(error, EquipoiseError):
        return None, None
    if isinstance(error, MemoryError):
        return errno.ENOMEM, None
    text = str(error)
    if isinstance(error, OSError):
        named = error.filename2 or error.filename
        path = os.fsdecode(named) if isinstance(named, str | bytes) else _path_in(text)
        number = error.errno if error.errno in _MEANINGS else _number_in(text)
        return number, path
    number = _number_in(text)
    # "(os error 13)" is how libraries in Rust pass on what the system said.
    told = number in _TOLD_BY_WORDS or isinstance(error, sqlite3.Error) or "(os error" in text
    return (number, _path_in(text)) if told else (None, None)


def _number_in(text: str) -> int | None:
    found = _NUMBER.search(text)
    if found and int(found[1]) in _MEANINGS:
        return int(found[1])
    if _SHORT_WRITE.search(text):
        return errno.ENOSPC
    lowered = text.lower()
    return next((number for words, number in _BY_WORDS.items() if words in lowered), None)


def _path_in(text: str) -> str | None:
    found = _PATH.search(text)
    return found[1] if found else None


def _refusal(number: int, path: Path | None, place: Path) -> EquipoiseError:
    what, remedy = _MEANINGS[number]
    named = place / path if path is not None else place
    free = free_bytes(named)
    left = f" ({free / 1e6:,.1f} MB free)" if free is not None else ""
    begin = str(path) if path is not None else f"A file in {place}"
    if path is None and number in _OF_ROOM and free is not None and free > MUCH_BYTES:
        begin, left = f"A file, perhaps on another disk than {place},", ""
    return WorkspaceError(f"{begin} {what.format(free=left)}. {remedy}")

"""Kinds of calls of git and DVC: which transports each may use, and for how long."""

from dataclasses import dataclass, replace

from pipeline.addresses import TRANSPORTS


@dataclass(frozen=True)
class Kind:
    """What a call may do.

    Attributes:
        transports: Those that git may use, its children included.
        silent_seconds: It is ended after this long without a byte of output and without work.
        seconds: It is ended after this long in any case.
        output_bytes: It is ended when it writes more than this to stdout.
        file_bytes: No file that it writes may be larger; None for any size.
        in_words: What it does, for the sentence that tells why it was ended.
    """

    transports: tuple[str, ...]
    silent_seconds: float
    seconds: float
    output_bytes: int
    in_words: str
    file_bytes: int | None = None


_HOUR = 3600.0
_GIGABYTE = 1 << 30
# Objects, references and settings on this machine: milliseconds, unless a disk hangs.
LOCAL = Kind((), 120.0, 600.0, _GIGABYTE // 4, "reading the repository")
# Files of a work tree; a partial clone fetches some of them.
CHECKOUT = Kind(TRANSPORTS, 300.0, _HOUR, _GIGABYTE, "writing the work tree")
FETCH = Kind(TRANSPORTS, 60.0, _HOUR, 64 << 20, "reading the git remote")
# What a stranger sends is kept in a folder that is removed afterwards, and must fit there.
FOREIGN_FETCH = replace(FETCH, file_bytes=2 * _GIGABYTE)
# The other side's hooks may take their time before they answer.
PUSH = Kind(TRANSPORTS, 300.0, _HOUR, 64 << 20, "writing to the git remote")
# DVC hashes and moves data of any size, so that only standing still counts.
DATA = Kind(TRANSPORTS, 600.0, 24 * _HOUR, _GIGABYTE, "moving data")

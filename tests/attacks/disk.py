"""What the tests of disk faults share: the words of each fault, and children to meet them in."""

import errno
import os
import traceback
from pathlib import Path

from pipeline.machine_errors import machine_refusal

SAYS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota of your user is used up",
    errno.EROFS: "read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "not permitted",
    errno.ENAMETOOLONG: "too long",
    errno.EMFILE: "too many files open",
    errno.ENFILE: "too many files open",
    errno.EIO: "input/output error",
    errno.EFBIG: "larger than this process or its file system allows",
    errno.ENOMEM: "memory of this machine is used up",
    errno.ESTALE: "network file system has gone",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EISDIR: "a folder stands where a file must be",
    errno.ELOOP: "in a circle",
}
WITH_ROOM = (errno.ENOSPC, errno.EDQUOT)


def assert_sentence(message, number, path=None):
    assert SAYS[number] in message
    assert "\n" not in message
    assert "Traceback" not in message
    if path is not None:
        assert str(path) in message
    if number in WITH_ROOM:
        assert " MB free)" in message or "perhaps on another disk than" in message


def in_child(act, *, before=lambda: None):
    """What a child of its own that calls `act` makes of its error: a sentence, or a traceback."""
    reading, writing_end = os.pipe()
    child = os.fork()
    if not child:
        told = "no error"
        try:
            before()
            act()
        except BaseException as error:
            refusal = machine_refusal(error, place=Path("/place"))
            told = str(refusal) if refusal else traceback.format_exc()
        os.write(writing_end, told.encode())
        os._exit(0)
    os.close(writing_end)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read().decode()
    os.waitpid(child, 0)
    return told


def raising(number):
    def raise_it(*_, **__):
        raise OSError(number, os.strerror(number), "/data/x.parquet")

    return raise_it


def raising_anywhere(number):
    def raise_it(folder):
        raise OSError(number, os.strerror(number), str(folder / f".probe-{os.urandom(4).hex()}"))

    return raise_it

"""A file that holds one secret line for its owner alone, made on first use."""

import contextlib
import errno
import logging
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ServiceError

log = logging.getLogger(__name__)
_OWNER_ONLY = 0o600
_LARGEST_BYTES = 4096
_ATTEMPTS = 5


def secret_line(path: Path, make: Callable[[], str]) -> str:
    """The secret in the file; where there is none, or others could have read it, a new one.

    A link, a file of another owner, one that others may read, and one that is no single line are
    replaced: whoever could read or write it may know the secret. The log says so.

    Raises:
        ServiceError: the file cannot be made, or not kept from others.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for _ in range(_ATTEMPTS):
            found, fault = _read(path)
            if found is not None:
                return found
            if fault:
                log.warning("%s %s; it is replaced by a new one.", path, fault)
                path.unlink(missing_ok=True)
            _create(path, make())
    except OSError as error:
        raise ServiceError(
            f"{path} cannot be used ({error.strerror or error}). It must be a file of your own, in "
            "a folder where you may write; remove what is there and try again."
        ) from None
    raise ServiceError(
        f"{path} cannot be kept for its owner alone: on this file system others may read it "
        "(its mode does not stay 0600). Keep the workspace on another file system."
    )


def _read(path: Path) -> tuple[str | None, str]:
    """The secret, or None with what is wrong with the file; both empty where there is no file."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return None, "is a link or no plain file"
        if error.errno == errno.EACCES:
            return None, "cannot be read by its user"
        raise
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            return None, "is no plain file"
        if state.st_uid != os.geteuid():
            return None, f"belongs to user {state.st_uid}"
        if stat.S_IMODE(state.st_mode) & 0o077:
            return None, f"could be read by others (mode {stat.S_IMODE(state.st_mode):04o})"
        content = stream.read(_LARGEST_BYTES)
    line = content.decode("ascii", "replace").strip()
    if not line or not line.isprintable() or not line.isascii():
        return None, "does not hold one line of printable characters"
    return line, ""


def _create(path: Path, secret: str) -> None:
    """Write the file under another name and link it into place, whole, unless one stands there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), _OWNER_ONLY)
            stream.write(f"{secret}\n".encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # Another process was first; its secret holds.
        except OSError:  # A file system without hard links.
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()

"""A remote, or a cache, that is a folder on this machine."""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from pipeline.errors import VersionError
from pipeline.versions.objects import (
    Found,
    StoredObject,
    UnfitObjectError,
    is_object_name,
    object_path,
)

# A pipe without a writer or a device would hold up whoever opens it.
_CAREFUL = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link"),
)
_PREFIX = re.compile(r"[0-9a-f]{2}")


class LocalStore:
    """Objects in a folder; only regular files that lie in it count."""

    def __init__(self, root: Path):
        self._root = root

    def path(self, md5: str) -> Path:
        """Where an object lies."""
        return self._root / object_path(md5)

    def size(self, md5: str) -> int | None:
        """Bytes of an object, None where it is missing.

        Raises:
            UnfitObjectError: what stands there is no regular file of this folder.
        """
        try:
            return self._status(md5).st_size
        except FileNotFoundError:
            return None

    def sizes(self, hashes: Iterable[str]) -> dict[str, Found]:
        """Object → its bytes, or what stands there instead; missing ones are left out."""
        found: dict[str, Found] = {}
        for md5 in hashes:
            try:
                n_bytes = self.size(md5)
            except UnfitObjectError as unfit:
                found[md5] = unfit.what
            else:
                if n_bytes is not None:
                    found[md5] = n_bytes
        return found

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream.

        Raises:
            FileNotFoundError: it is missing.
            UnfitObjectError: what stands there is no regular file of this folder.
        """
        self._status(md5)
        try:
            handle = os.open(self.path(md5), _CAREFUL)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnfitObjectError(md5, f"not readable ({error.strerror})") from None
        try:
            # What was a file a moment ago may have been replaced since.
            _require_regular(md5, os.fstat(handle).st_mode)
            return os.fdopen(handle, "rb")
        except BaseException:
            os.close(handle)
            raise

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object; it appears whole or not at all.

        Raises:
            VersionError: the folder is a link that leads out of the store, or a folder stands in
                the object's place.
        """
        target = self.path(md5)
        target.parent.mkdir(parents=True, exist_ok=True)
        target = self._inside(md5)
        handle, name = tempfile.mkstemp(prefix=".", dir=target.parent)
        os.close(handle)
        try:
            shutil.copyfile(path, name)
            # DVC keeps its objects read-only.
            Path(name).chmod(0o444)
            Path(name).replace(target)
        except IsADirectoryError:
            Path(name).unlink(missing_ok=True)
            raise _by_hand(target) from None
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def remove(self, md5: str) -> None:
        """Remove an object; what is missing already is no error.

        Raises:
            VersionError: a folder stands in its place, or it lies outside of the store.
        """
        path = self._inside(md5)
        try:
            path.unlink(missing_ok=True)
        except OSError:
            # Linux and macOS tell differently that a folder cannot be unlinked.
            if path.is_dir():
                raise _by_hand(path) from None
            raise

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is; files with other names are none."""
        base = self._root / "files" / "md5"
        folders = sorted(base.iterdir()) if base.is_dir() else []
        for folder in folders:
            if not _PREFIX.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
                continue
            for path in sorted(folder.iterdir()):
                status = path.lstat()
                md5 = folder.name + path.name
                if is_object_name(md5) and stat.S_ISREG(status.st_mode):
                    yield StoredObject(md5, status.st_size, status.st_mtime)

    def _status(self, md5: str) -> os.stat_result:
        try:
            status = os.lstat(self._inside(md5))
        except NotADirectoryError:
            raise UnfitObjectError(md5, "below a file, where a folder is expected") from None
        except PermissionError as error:
            raise UnfitObjectError(md5, f"not readable ({error.strerror})") from None
        _require_regular(md5, status.st_mode)
        return status

    def _inside(self, md5: str) -> Path:
        """The object's path, whose folder lies in the store, whatever links there are."""
        path = self.path(md5)
        root = os.path.realpath(self._root)
        if not Path(os.path.realpath(path.parent)).is_relative_to(root):
            raise UnfitObjectError(
                md5, f"in a folder that leads out of {self._root}, and is left alone"
            )
        return path


def _require_regular(md5: str, mode: int) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            raise UnfitObjectError(md5, f"{kind}, where a regular file is expected")


def _by_hand(path: Path) -> VersionError:
    return VersionError(
        f"{path} is a folder, where an object's file is expected. Nothing was removed from it; "
        "look at what it holds, remove it, and run the same command again."
    )

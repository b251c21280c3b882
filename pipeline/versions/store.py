"""A remote's objects, one by one: list, compare, read back, fetch."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import VersionError
from pipeline.versions.lockfile import FOLDER_SUFFIX
from pipeline.versions.remote import Remote

CHUNK_BYTES = 1 << 20
CONNECTIONS = 8
OnBytes = Callable[[int], None]


class Store(Protocol):
    """Where a remote keeps its objects; an object is named by DVC's hash."""

    def size(self, md5: str) -> int | None:
        """Bytes of an object, None where it is missing."""

    def fetch(self, md5: str, path: Path) -> None:
        """Copy an object into a file."""


def open_store(remote: Remote) -> Store:
    """The objects of a remote, with the credentials that DVC would use."""
    path = remote.local_path
    return LocalStore(path) if path else CloudStore(remote)


def object_path(md5: str) -> str:
    """Where DVC 3 keeps an object, relative to the remote's root."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


class LocalStore:
    """A remote that is a folder on this machine."""

    def __init__(self, root: Path):
        self._root = root

    def size(self, md5: str) -> int | None:
        try:
            return (self._root / object_path(md5)).stat().st_size
        except FileNotFoundError:
            return None

    def fetch(self, md5: str, path: Path) -> None:
        shutil.copyfile(self._root / object_path(md5), path)


class CloudStore:
    """A remote behind any protocol that DVC speaks (S3 and others)."""

    def __init__(self, remote: Remote):
        from dvc.fs import get_cloud_fs

        kind, options, root = get_cloud_fs({}, url=remote.url, **remote.options)
        self._files: Any = kind(**options)
        self._root = root

    def _path(self, md5: str) -> str:
        return f"{self._root}/{object_path(md5)}"

    def size(self, md5: str) -> int | None:
        try:
            return int(self._files.size(self._path(md5)))
        except FileNotFoundError:
            return None

    def fetch(self, md5: str, path: Path) -> None:
        self._files.get_file(self._path(md5), str(path))


def compare(store: Store, expected: Mapping[str, int | None]) -> list[str]:
    """Every object that is missing or of another size, as sentences.

    Args:
        store: Where the objects should be.
        expected: Hash → bytes, None where the size is not known.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sizes = list(pool.map(store.size, expected))
    problems = []
    for (md5, asked), found in zip(expected.items(), sizes, strict=True):
        if found is None:
            problems.append(f"object {md5} is missing")
        elif asked is not None and found != asked:
            problems.append(f"object {md5} has {found} bytes where {asked} are expected")
    return problems


def read_back(store: Store, hashes: Iterable[str], *, scratch: Path) -> list[str]:
    """Fetch objects, hash them, and tell of every one that is not what its name says."""
    problems = []
    for md5 in hashes:
        path = scratch / "read-back"
        store.fetch(md5, path)
        with path.open("rb") as stream:
            found = hashlib.file_digest(
                stream, lambda: hashlib.md5(usedforsecurity=False)
            ).hexdigest()
        path.unlink()
        if found != md5.removesuffix(FOLDER_SUFFIX):
            problems.append(f"object {md5} holds other bytes (their hash is {found})")
    return problems


def fetch_checked(store: Store, md5: str, path: Path) -> None:
    """Fetch an object into a file and refuse bytes other than those its name promises.

    Raises:
        VersionError: the object is missing or damaged.
    """
    try:
        store.fetch(md5, path)
    except FileNotFoundError:
        raise VersionError(
            f"The remote lacks the object {md5}. Whoever released the version can bring it back "
            "with `dvc push` from a workspace that has the data."
        ) from None
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5.removesuffix(FOLDER_SUFFIX):
        raise VersionError(
            f"The remote's object {md5} is damaged: its bytes hash to {found}. It was not used. "
            "Whoever released the version can delete that object and run `dvc push` again."
        )

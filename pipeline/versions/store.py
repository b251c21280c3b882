"""A remote's objects, one by one: list, compare, read back, fetch."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from pipeline.errors import VersionError
from pipeline.versions.lockfile import FOLDER_SUFFIX, md5_of
from pipeline.versions.remote import Remote

CHUNK_BYTES = 1 << 20
CONNECTIONS = 8
OnBytes = Callable[[int], None]


@dataclass(frozen=True)
class StoredObject:
    """An object that a store holds: hash, bytes, and when it came (seconds since 1970)."""

    md5: str
    n_bytes: int
    modified: float | None


class Store(Protocol):
    """Where a remote keeps its objects; an object is named by DVC's hash."""

    def size(self, md5: str) -> int | None:
        """Bytes of an object, None where it is missing."""

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream.

        Raises:
            FileNotFoundError: it is missing.
        """

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object, in place of whatever stands there."""

    def remove(self, md5: str) -> None:
        """Remove an object."""

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is."""


def open_store(remote: Remote) -> Store:
    """The objects of a remote, with the credentials that DVC would use."""
    path = remote.local_path
    return LocalStore(path) if path else CloudStore(remote)


def object_path(md5: str) -> str:
    """Where DVC 3 keeps an object, relative to the remote's root."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


class LocalStore:
    """A remote (or a cache) that is a folder on this machine."""

    def __init__(self, root: Path):
        self._root = root

    def path(self, md5: str) -> Path:
        """Where an object lies."""
        return self._root / object_path(md5)

    def size(self, md5: str) -> int | None:
        """Bytes of an object, None where it is missing."""
        try:
            return self.path(md5).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream."""
        return self.path(md5).open("rb")

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object; it appears whole or not at all."""
        target = self.path(md5)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", dir=target.parent)
        os.close(handle)
        try:
            shutil.copyfile(path, name)
            # DVC keeps its objects read-only.
            Path(name).chmod(0o444)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def remove(self, md5: str) -> None:
        """Remove an object."""
        self.path(md5).unlink()

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is."""
        for path in sorted(self._root.glob("files/md5/??/*")):
            status = path.stat()
            yield StoredObject(path.parent.name + path.name, status.st_size, status.st_mtime)


class CloudStore:
    """A remote behind any protocol that DVC speaks (S3 and others)."""

    def __init__(self, remote: Remote):
        from dvc.fs import get_cloud_fs

        kind, options, root = get_cloud_fs({}, url=remote.url, **remote.options)
        self._files: Any = kind(**options)
        self._root = root

    def size(self, md5: str) -> int | None:
        """Bytes of an object, None where it is missing."""
        try:
            return int(self._files.size(self._path(md5)))
        except FileNotFoundError:
            return None

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream."""
        stream: IO[bytes] = self._files.open(self._path(md5), "rb")
        return stream

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object."""
        self._files.put_file(str(path), self._path(md5))

    def remove(self, md5: str) -> None:
        """Remove an object."""
        self._files.remove(self._path(md5))

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is."""
        found = self._files.find(f"{self._root}/files/md5", detail=True)
        for path, facts in sorted(found.items()):
            changed = facts.get("LastModified") or facts.get("mtime")
            modified = changed.timestamp() if hasattr(changed, "timestamp") else changed
            yield StoredObject("".join(path.split("/")[-2:]), int(facts["size"]), modified)

    def _path(self, md5: str) -> str:
        return f"{self._root}/{object_path(md5)}"


def sizes_of(store: Store, hashes: Iterable[str]) -> dict[str, int | None]:
    """Object → its bytes, None where it is missing."""
    names = list(hashes)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return dict(zip(names, pool.map(store.size, names), strict=True))


def compare(store: Store, expected: Mapping[str, int | None]) -> dict[str, str]:
    """Object → what is wrong with it, for every one that is missing or of another size.

    Args:
        store: Where the objects should be.
        expected: Hash → bytes, None where the size is not known.
    """
    problems = {}
    for md5, found in sizes_of(store, expected).items():
        asked = expected[md5]
        if found is None:
            problems[md5] = "missing"
        elif asked is not None and found != asked:
            problems[md5] = f"{found} bytes long where {asked} are expected"
    return problems


def read_back(
    store: Store, hashes: Iterable[str], *, on_bytes: OnBytes | None = None
) -> dict[str, str]:
    """Object → what is wrong with it, for every one whose bytes are not what its name says."""

    def check(md5: str) -> tuple[str, str | None]:
        try:
            found = _copy(store, md5, None, on_bytes)
        except FileNotFoundError:
            return md5, "missing"
        return md5, None if found == md5.removesuffix(FOLDER_SUFFIX) else "damaged: other bytes"

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return {md5: problem for md5, problem in pool.map(check, hashes) if problem}


def read_object(store: Store, md5: str) -> bytes:
    """A small object's bytes.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: its bytes are not what its name promises.
    """
    with store.open(md5) as stream:
        content = stream.read()
    if md5_of(content) != md5.removesuffix(FOLDER_SUFFIX):
        raise ValueError(f"the object {md5} is damaged")
    return content


def copy_good(source: LocalStore, target: Store, hashes: Iterable[str]) -> list[str]:
    """Copy objects that are good in `source` into `target`; returns those that were.

    DVC itself does not do this: where a folder's listing is in the remote, `dvc push` takes the
    files that it names for present.
    """
    good = [md5 for md5 in hashes if not read_back(source, [md5])]
    for md5 in good:
        target.put(md5, source.path(md5))
    return good


def fetch_checked(store: Store, md5: str, path: Path, *, on_bytes: OnBytes | None = None) -> None:
    """Fetch an object into a file and refuse bytes other than those its name promises.

    Raises:
        VersionError: the object is missing or damaged.
    """
    try:
        found = _copy(store, md5, path, on_bytes)
    except FileNotFoundError:
        raise VersionError(
            f"The remote lacks the object {md5}. Whoever released the version can bring it back "
            "with `equipoise verify --repair`."
        ) from None
    if found != md5.removesuffix(FOLDER_SUFFIX):
        path.unlink()
        raise VersionError(
            f"The remote's object {md5} is damaged: its bytes hash to {found}. It was not used. "
            "Whoever released the version can mend it with `equipoise verify --repair`."
        )


def _copy(store: Store, md5: str, path: Path | None, on_bytes: OnBytes | None) -> str:
    """Read an object once, writing it to `path` if there is one; returns the MD5 of its bytes."""
    digest = hashlib.md5(usedforsecurity=False)
    with store.open(md5) as source, path.open("wb") if path else nullcontext() as sink:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            if sink:
                sink.write(chunk)
            if on_bytes:
                on_bytes(len(chunk))
    return digest.hexdigest()

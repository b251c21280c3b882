"""A remote's objects, one by one: list, compare, read back, fetch."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from pipeline.errors import VersionError
from pipeline.versions.lockfile import FOLDER_SUFFIX, md5_of
from pipeline.versions.objects import Store, StoredObject, object_path
from pipeline.versions.remote import Remote

CHUNK_BYTES = 1 << 20
CONNECTIONS = 8
OnBytes = Callable[[int], None]


def open_store(remote: Remote) -> Store:
    """The objects of a remote, with the credentials that DVC would use."""
    path = remote.local_path
    if path:
        return LocalStore(path)
    # Only remotes beyond this machine need DVC's file systems, which are slow to import.
    from pipeline.versions.cloud_store import CloudStore

    return CloudStore(remote)


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

    def sizes(self, hashes: Iterable[str]) -> dict[str, int | None]:
        """Object → its bytes, None where it is missing."""
        return {md5: self.size(md5) for md5 in hashes}

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


def compare(store: Store, expected: Mapping[str, int | None]) -> dict[str, str]:
    """Object → what is wrong with it, for every one that is missing or of another size.

    Args:
        store: Where the objects should be.
        expected: Hash → bytes, None where the size is not known.
    """
    problems = {}
    for md5, found in store.sizes(expected).items():
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

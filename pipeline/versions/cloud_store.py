"""A remote beyond this machine, through the file systems that DVC itself uses."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from dvc.fs import get_cloud_fs

from pipeline.errors import TransferError, VersionError
from pipeline.versions.objects import Found, StoredObject, is_object_name, object_path
from pipeline.versions.remote import Remote

CHUNK_BYTES = 1 << 20


class CloudStore:
    """A remote behind any protocol that DVC speaks (S3 and others)."""

    def __init__(self, remote: Remote):
        self._remote = remote
        with self._reaching():
            kind, options, root = get_cloud_fs({}, url=remote.url, **remote.options)
            self._files: Any = kind(**options)
        self._root = root

    def sizes(self, hashes: Iterable[str]) -> dict[str, Found]:
        """Object → its bytes, None where the remote does not tell; missing ones are left out.

        One listing of the whole remote: a thousand objects a request, where asking for each would
        be a request an object.
        """
        found = self._listing()
        return {md5: _bytes_of(found[md5]) for md5 in hashes if md5 in found}

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream."""
        with self._reaching():
            stream = self._files.open(self._path(md5), "rb")
        return io.BufferedReader(_Stream(stream, self._reaching), CHUNK_BYTES)

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object."""
        with self._reaching():
            self._files.put_file(str(path), self._path(md5))

    def remove(self, md5: str) -> None:
        """Remove an object."""
        with self._reaching():
            self._files.remove(self._path(md5))

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is, as far as the remote tells its bytes."""
        for md5, facts in sorted(self._listing().items()):
            n_bytes = _bytes_of(facts)
            if n_bytes is not None:
                yield StoredObject(md5, n_bytes, _changed(facts))

    def _listing(self) -> dict[str, Mapping[str, Any]]:
        """Object → what the remote tells of it; whatever has another name is left out."""
        with self._reaching():
            # The library remembers listings, and others write to the remote as well.
            files = self._files.fs
            files.invalidate_cache()
            try:
                found = files.find(f"{self._root}/files/md5", detail=True)
            except FileNotFoundError:
                found = {}
        named = {"".join(path.split("/")[-2:]): facts for path, facts in found.items()}
        return {name: facts for name, facts in named.items() if is_object_name(name)}

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Turn whatever a protocol's library raises into one sentence, without secrets."""
        try:
            yield
        except (FileNotFoundError, VersionError):
            raise
        except Exception as error:
            raise TransferError(
                f"{self._remote.public_url} cannot be used: {self._remote.scrub(str(error))}. "
                "Check the address and the credentials, for example with `dvc push` and its like."
            ) from None

    def _path(self, md5: str) -> str:
        return f"{self._root}/{object_path(md5)}"


def _bytes_of(facts: Mapping[str, Any]) -> int | None:
    size = facts.get("size")
    return size if isinstance(size, int) and size >= 0 else None


def _changed(facts: Mapping[str, Any]) -> float | None:
    told = facts.get("LastModified") or facts.get("mtime")
    if isinstance(told, datetime):
        return told.timestamp()
    return float(told) if isinstance(told, int | float) else None


class _Stream(io.RawIOBase):
    """An object's bytes, which may stop coming at any of them."""

    def __init__(self, stream: IO[bytes], reaching: Callable[[], AbstractContextManager[None]]):
        self._stream = stream
        self._reaching = reaching

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._reaching():
            chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._stream.close()
        super().close()

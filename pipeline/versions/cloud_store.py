"""A remote beyond this machine, through the file systems that DVC itself uses."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from dvc.fs import get_cloud_fs

from pipeline.errors import TransferError
from pipeline.versions.objects import StoredObject, object_path
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

    def sizes(self, hashes: Iterable[str]) -> dict[str, int | None]:
        """Object → its bytes, None where it is missing.

        One listing of the whole remote: a thousand objects a request, where asking for each would
        be a request an object.
        """
        found = {one.md5: one.n_bytes for one in self.objects()}
        return {md5: found.get(md5) for md5 in hashes}

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
        """Every object there is."""
        with self._reaching():
            # The library remembers listings, and others write to the remote as well.
            files = self._files.fs
            files.invalidate_cache()
            try:
                found = files.find(f"{self._root}/files/md5", detail=True)
            except FileNotFoundError:
                found = {}
        for path, facts in sorted(found.items()):
            changed = facts.get("LastModified") or facts.get("mtime")
            modified = changed.timestamp() if hasattr(changed, "timestamp") else changed
            yield StoredObject("".join(path.split("/")[-2:]), int(facts["size"]), modified)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Turn whatever a protocol's library raises into one sentence, without secrets."""
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            raise TransferError(
                f"{self._remote.public_url} cannot be used: {self._remote.scrub(str(error))}. "
                "Check the address and the credentials, for example with `dvc push` and its like."
            ) from None

    def _path(self, md5: str) -> str:
        return f"{self._root}/{object_path(md5)}"


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

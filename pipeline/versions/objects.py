"""What a store of objects is, whatever lies behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol


def object_path(md5: str) -> str:
    """Where DVC 3 keeps an object, relative to the remote's root."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


@dataclass(frozen=True)
class StoredObject:
    """An object that a store holds: hash, bytes, and when it came (seconds since 1970)."""

    md5: str
    n_bytes: int
    modified: float | None


class Store(Protocol):
    """Where a remote keeps its objects; an object is named by DVC's hash."""

    def sizes(self, hashes: Iterable[str]) -> dict[str, int | None]:
        """Object → its bytes, None where it is missing."""

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

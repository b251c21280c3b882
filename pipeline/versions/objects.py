"""What an object of a store is, how it is named, and what a store of them can do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Protocol

from pydantic import Field, StringConstraints

from pipeline.errors import VersionError

# DVC's hash of a file, or of a folder's listing.
_NAME = re.compile(r"[0-9a-f]{32}(?:\.dir)?")
ObjectName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}(\.dir)?$", max_length=36)]
FileObjectName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$", max_length=32)]
ObjectBytes = Annotated[int, Field(ge=0, lt=2**53)]
# What a look at an object tells: its bytes, None where the store does not tell them, or in words
# what stands there instead of a file.
Found = int | None | str


class UnfitObjectError(VersionError):
    """What stands in an object's place is no object: no regular file, too long, or elsewhere.

    Attributes:
        what: That in words, to follow "the object … is".
    """

    def __init__(self, md5: str, what: str):
        super().__init__(f"The object {md5} is {what}.")
        self.md5, self.what = md5, what

    def __reduce__(self) -> tuple[type["UnfitObjectError"], tuple[str, str]]:
        return type(self), (self.md5, self.what)


def is_object_name(text: object) -> bool:
    """Whether a text is the name of an object."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def object_path(md5: str) -> str:
    """Where DVC 3 keeps an object, relative to the remote's root.

    Raises:
        VersionError: that is not the name of an object; every path of a store is made here.
    """
    if not is_object_name(md5):
        raise VersionError(
            f"{str(md5)[:80]!a} is not the name of an object (32 hexadecimal digits, with "
            "`.dir` after them for a folder). What names it was not written by this product."
        )
    return f"files/md5/{md5[:2]}/{md5[2:]}"


@dataclass(frozen=True)
class StoredObject:
    """An object that a store holds: hash, bytes, and when it came (seconds since 1970)."""

    md5: str
    n_bytes: int
    modified: float | None


class Store(Protocol):
    """Where a remote keeps its objects; an object is named by DVC's hash."""

    def sizes(self, hashes: Iterable[str]) -> Mapping[str, Found]:
        """Object → what a look at it tells; those that are missing are left out."""

    def open(self, md5: str) -> IO[bytes]:
        """An object's content as a stream.

        Raises:
            FileNotFoundError: it is missing.
            UnfitObjectError: what stands there is no regular file of the store's own.
        """

    def put(self, md5: str, path: Path) -> None:
        """Store a file's bytes as an object, in place of whatever stands there."""

    def remove(self, md5: str) -> None:
        """Remove an object."""

    def objects(self) -> Iterator[StoredObject]:
        """Every object there is."""

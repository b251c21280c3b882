"""Version numbers and the names of tags (GTO's grammar: NAME@vX.Y.Z and NAME#promoted#N)."""

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import VersionError

Change = Literal["major", "minor", "patch"]
STAGE = "promoted"
_NUMBER = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version; larger is newer."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read `v1.2.3` or `1.2.3`.

        Raises:
            VersionError: the text is something else.
        """
        match = _NUMBER.fullmatch(text)
        if not match:
            raise VersionError(f"{text!r} is not a version; one looks like v1.2.3.")
        return cls(*map(int, match.groups()))

    def bumped(self, change: Change) -> "Version":
        """The next version after a change of that size."""
        if change == "major":
            return Version(self.major + 1, 0, 0)
        if change == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(0, 1, 0)


def version_tag(name: str, version: Version) -> str:
    """`augmented@v1.2.3`."""
    return f"{name}@{version}"


def promoted_tag(name: str, number: int) -> str:
    """`augmented#promoted#N`."""
    return f"{name}#{STAGE}#{number}"


def version_of_tag(tag: str, name: str) -> Version | None:
    """The version that a tag of that artefact stands for; None for any other tag."""
    text = tag.removeprefix(f"{name}@v")
    return Version.parse(text) if text != tag and _NUMBER.fullmatch(text) else None


def number_of_promoted_tag(tag: str, name: str) -> int | None:
    """N of `augmented#promoted#N`; None for any other tag."""
    text = tag.removeprefix(f"{name}#{STAGE}#")
    return int(text) if text != tag and text.isdecimal() else None

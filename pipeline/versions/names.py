"""Version numbers and the names of tags (GTO's grammar: NAME@vX.Y.Z and NAME#promoted#N)."""

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import VersionError
from pipeline.params import RELEASE_NAME

Change = Literal["major", "minor", "patch"]
STAGE = "promoted"
_PART = "(0|[1-9][0-9]{0,8})"
_NUMBER = re.compile(rf"v?{_PART}\.{_PART}\.{_PART}")
_PROMOTION = re.compile("[0-9]{1,9}")


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


def checked_name(name: str) -> str:
    """The name, if a set can be released under it.

    Raises:
        VersionError: it is no such name.
    """
    if not re.fullmatch(RELEASE_NAME, name) or name.endswith("\n"):
        raise VersionError(
            f"{name[:80]!a} is not a name under which a set is released (`--name`); one has "
            "lower-case letters, digits and hyphens, and begins with a letter: `augmented`."
        )
    return name


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
    return int(text) if text != tag and _PROMOTION.fullmatch(text) else None


def artefact_of_tag(tag: str) -> str | None:
    """The artefact of which a tag names a version or a promotion; None for any other tag."""
    name = re.split("[@#]", tag, maxsplit=1)[0]
    known = version_of_tag(tag, name) or number_of_promoted_tag(tag, name) is not None
    return name if known and re.fullmatch(RELEASE_NAME, name) else None

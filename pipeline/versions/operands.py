"""What may stand as an operand in a call of git: names from outside, checked by type.

A text that comes from params, a tag, a listing, the command line or a repository becomes one of
these types before git sees it. Making one checks it, so that a value that exists is safe to pass;
`pipeline.versions.git` puts each behind `--end-of-options` or `--`, and takes no other text.
"""

import re
from dataclasses import dataclass

from pipeline.addresses import GitAddress
from pipeline.errors import VersionError

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# The rules of `git check-ref-format`: none of these stands in the name of a branch or tag.
_NOT_IN_NAMES = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[/.]$|^[/.-]|^@$"
)
LONGEST = 1024


@dataclass(frozen=True)
class Operand:
    """A checked text; `text` is what git is given."""

    text: str


@dataclass(frozen=True)
class Commit(Operand):
    """The full hash of a commit or of another object."""

    def __post_init__(self) -> None:
        if not _HASH.fullmatch(self.text):
            raise VersionError(f"{_shown(self.text)} is not the hash of a commit.")


@dataclass(frozen=True)
class Revision(Operand):
    """A commit by hash or by the plain name of a branch or tag; no expression of git's."""

    def __post_init__(self) -> None:
        if _NOT_IN_NAMES.search(self.text) or not 0 < len(self.text) <= LONGEST:
            raise VersionError(
                f"{_shown(self.text)} is not the plain name of a commit, branch or tag."
            )


@dataclass(frozen=True)
class Pattern(Operand):
    """Full names of references, with at most one * at the end: `refs/tags/augmented@*`."""

    def __post_init__(self) -> None:
        plain = self.text.removesuffix("*")
        if not plain.startswith("refs/") or _NOT_IN_NAMES.search(f"{plain}x"):
            raise VersionError(f"{_shown(self.text)} names no references.")


@dataclass(frozen=True)
class Copied(Operand):
    """References that a fetch takes over under the same name."""

    @classmethod
    def of(cls, pattern: Pattern) -> "Copied":
        """The references that a pattern names."""
        return cls(f"{pattern.text}:{pattern.text}")


@dataclass(frozen=True)
class Remote(Operand):
    """A remote by name, path or URL, as `pipeline.addresses` allows it."""

    def __post_init__(self) -> None:
        try:
            GitAddress(self.text)
        except ValueError as error:
            raise VersionError(f"The git remote {error}.") from None


@dataclass(frozen=True)
class Folder(Operand):
    """An absolute path on this machine."""

    def __post_init__(self) -> None:
        assert self.text.startswith("/")


@dataclass(frozen=True)
class Expression(Operand):
    """What this module's functions make of checked parts; never made of a text from outside."""


@dataclass(frozen=True)
class InTree(Operand):
    """A path inside a repository, from its root, taken letter by letter.

    Every operand of this kind stands behind `--`.
    """

    def __post_init__(self) -> None:
        parts = self.text.split("/")
        if self.text.startswith("/") or ".." in parts or "\0" in self.text or not self.text:
            raise VersionError(f"{_shown(self.text)} is not a path inside a repository.")


@dataclass(frozen=True)
class PathPattern(InTree):
    """The same for commands that take patterns, which are read from the current folder."""

    @classmethod
    def at(cls, path: str) -> "PathPattern":
        """The file or folder at a path from the repository's root."""
        return cls(f":(top,literal){InTree(path).text}")

    @classmethod
    def below(cls, name: str) -> "PathPattern":
        """Every file of a name (which may hold *) in the current folder and below."""
        return cls(f":(glob)**/{InTree(name).text}")


def peeled(revision: Revision) -> Expression:
    """The commit that a revision leads to."""
    return Expression(f"{revision.text}^{{commit}}")


def blob_at(revision: Revision, path: InTree) -> Expression:
    """A file as a revision holds it."""
    return Expression(f"{revision.text}:{path.text}")


def before(commit: Commit) -> Expression:
    """The commit on which another one was made."""
    return Expression(f"{commit.text}^{{commit}}^")


def between(one: Operand, other: Operand) -> Expression:
    """The commits that only one of two has behind it."""
    return Expression(f"{one.text}...{other.text}")


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else f"{text[:77]}…")

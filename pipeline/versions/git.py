"""git, as far as versions need it: objects and tags are written, the user's tree never is."""

import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.git_call import call_git
from pipeline.versions.operands import (
    Commit,
    InTree,
    Operand,
    PathPattern,
    Pattern,
    Revision,
    blob_at,
    peeled,
)
from pipeline.versions.process import CommandError, MissingProgramError, SilentError

NEUTRAL_IDENTITY = ("Equipoise", "equipoise@localhost")
NO_OBJECT = "0" * 40
STALE_LOCK_SECONDS = 10.0
_TAG_FORMAT = (
    "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00"
    "%(creatordate:iso-strict)%00%(contents)%00%01"
)


@dataclass(frozen=True)
class Git:
    """A git repository, bare or not.

    Attributes:
        directory: A folder inside the repository (the bare repository itself, or a work tree).
        foreign: Whether it is not the user's own, so that nothing that it brings may run.
        source: The folder of which this is a temporary reading, or a clone; None where unknown.
    """

    directory: Path
    foreign: bool = False
    source: Path | None = None

    def run(
        self,
        *arguments: str | Operand,
        environment: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> str:
        """What a git command prints, without the last line end.

        Args:
            arguments: The subcommand and its options as plain text that the source spells out,
                never one from outside; then operands, of the types in `operands`.
            environment: Variables to set on top of the present ones.
            content: What git reads on stdin.

        Raises:
            CommandError: git failed.
        """
        output = self.run_bytes(*arguments, environment=environment, content=content)
        return output.decode(errors="surrogateescape").removesuffix("\n")

    def run_bytes(
        self,
        *arguments: str | Operand,
        environment: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> bytes:
        """What a git command prints, as it is."""
        return call_git(
            self.directory,
            arguments,
            foreign=self.foreign,
            environment=environment,
            content=content,
        )

    def succeeds(self, *arguments: str | Operand) -> bool:
        """Whether a git command ends well.

        Raises:
            SilentError, MissingProgramError: git did not come to an answer.
        """
        try:
            self.run(*arguments)
        except (SilentError, MissingProgramError):
            raise
        except CommandError:
            return False
        return True

    def is_repository(self) -> bool:
        """Whether the folder lies in a git repository that git is willing to read."""
        return self.succeeds("rev-parse", "--git-dir")

    def prefix(self) -> str:
        """The folder's path inside its repository, "" at the root, else with a slash at its end."""
        return self.run("rev-parse", "--show-prefix")

    def head(self) -> str | None:
        """The commit of HEAD; None while the branch has no commit yet."""
        return self.commit_of("HEAD")

    def commit_of(self, revision: str) -> str | None:
        """The commit that a tag, branch or hash names; None where there is none.

        Raises:
            VersionError: the text is no plain name, but an option or an expression of git's.
        """
        try:
            return self.run("rev-parse", "--quiet", "--verify", peeled(Revision(revision)))
        except (SilentError, MissingProgramError):
            raise
        except CommandError:
            return None

    def identity(self) -> dict[str, str]:
        """Variables that give a commit its author: the user's own, or a neutral one without it.

        git alone would guess a name from the machine, or fail on a machine without a name.
        """
        name = self.run("config", "--default=", "--get", "user.name")
        email = self.run("config", "--default=", "--get", "user.email")
        if name and email:
            return {}
        values = zip(("NAME", "EMAIL"), (name, email), NEUTRAL_IDENTITY, strict=True)
        return {
            f"GIT_{role}_{field}": found or neutral
            for field, found, neutral in values
            for role in ("AUTHOR", "COMMITTER")
            if f"GIT_{role}_{field}" not in os.environ
        }

    def read(self, revision: str, path: str) -> bytes:
        """A file's content as a revision holds it.

        Raises:
            VersionError: the revision has no such file.
        """
        content = self.find(revision, path)
        if content is None:
            raise VersionError(f"{revision} in {self.directory} holds no file {path!r}.")
        return content

    def find(self, revision: str, path: str) -> bytes | None:
        """The same; None where there is no such file or no such revision."""
        where = blob_at(Revision(revision), InTree(path))
        try:
            return self.run_bytes("cat-file", "blob", where)
        except SilentError:
            raise
        except CommandError as error:
            refuse_lazy(self.directory, error)
            return None

    def files(self, revision: str, path: str = "") -> list[str]:
        """The file at a path, or every file below that folder, as paths from the root.

        Every file of the revision where no path is named.
        """
        paths = [InTree(path)] if path else []
        options = ("-r", "-z", "--name-only", "--full-tree")
        listed = self.run("ls-tree", *options, Revision(revision), *paths)
        return [name for name in listed.split("\0") if name]

    def write_blob(self, content: bytes) -> str:
        """Store a file's content, bytes as they are, and return its hash."""
        return self.run("hash-object", "-w", "--no-filters", "--stdin", content=content)

    def write_commit(
        self, files: Mapping[str, bytes], *, index: Path, replaces: Sequence[str], message: str
    ) -> str:
        """A commit on top of HEAD that holds `files` as well; no branch and no work tree changes.

        Args:
            files: Path from the repository's root → content.
            index: Where the private index may lie; it is removed again.
            replaces: Folders, from the root, of which only what is in `files` is to remain.
            message: The commit's message.

        Returns:
            The commit's hash.
        """
        environment = {"GIT_INDEX_FILE": str(index)}
        head = self.head()
        parent = Commit(head) if head else None
        _remove_index(index)
        try:
            if parent:
                self.run("read-tree", parent, environment=environment)
            stale = [
                path
                for folder in replaces
                for path in self.run(
                    "ls-files", "-z", "--full-name", PathPattern.at(folder), environment=environment
                ).split("\0")
                if path
            ]
            lines = [f"0 {NO_OBJECT}\t{path}" for path in stale]
            lines += [
                f"100644 {self.write_blob(content)}\t{path}" for path, content in files.items()
            ]
            self.run(
                "update-index",
                "-z",
                "--index-info",
                environment=environment,
                content="\0".join([*lines, ""]).encode(),
            )
            tree = self.run("write-tree", environment=environment)
        finally:
            _remove_index(index)
        parents = ["-p", parent.text] if parent else []
        return self.run(
            "commit-tree",
            *parents,
            Commit(tree),
            environment=self.identity(),
            content=message.encode(),
        )

    def write_tags(self, tags: Mapping[str, str], *, commit: str) -> None:
        """Annotated tags on a commit, all of them or none.

        Args:
            tags: Name → message.
            commit: What they point at.

        Raises:
            VersionError: one of the names is taken.
        """
        tagger = self.run("var", "GIT_COMMITTER_IDENT", environment=self.identity())
        lines = ["start"]
        for name, message in tags.items():
            text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message}\n"
            tag = self.run("mktag", content=text.encode())
            lines.append(f"create refs/tags/{name} {tag}")
        lines += ["prepare", "commit", ""]
        self._remove_stale_locks(tags)
        try:
            self.run("update-ref", "--stdin", content="\n".join(lines).encode())
        except CommandError as error:
            raise VersionError(
                f"The tags {', '.join(tags)} could not be written: {error.output}. "
                "If another run released at the same moment, run the same command again."
            ) from None

    def _remove_stale_locks(self, tags: Iterable[str]) -> None:
        """Remove locks that a killed git left on these tags; a living one needs milliseconds."""
        common = Path(self.directory, self.run("rev-parse", "--git-common-dir"))
        for name in tags:
            lock = common / "refs" / "tags" / f"{name}.lock"
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
                    lock.unlink()

    def tags(self, pattern: str) -> Iterator["Tag"]:
        """Every tag whose name is the pattern, or begins with it where it ends in *."""
        output = self.run("for-each-ref", _TAG_FORMAT, Pattern(f"refs/tags/{pattern}"))
        for entry in re.split(r"\x00\x01\n?", output):
            if entry:
                name, object_name, peeled, date, message = entry.split("\0", 4)
                yield Tag(name, peeled or object_name, date, message)


def refuse_lazy(directory: Path, error: CommandError) -> None:
    """Tell that an object is missing because the clone is a partial one; else do nothing.

    What it lacks is never fetched on the way: the address and the program for that would be the
    repository's own to choose.

    Raises:
        VersionError: git wanted to fetch the object.
    """
    if "transport '" in error.output or "lazy fetching disabled" in error.output:
        raise VersionError(
            f"{directory} is a partial clone, and lacks files that are needed here. Fetch them "
            "there with `git fetch --refetch --no-filter --tags`, then run the same command again."
        ) from None


def _remove_index(index: Path) -> None:
    for path in (index, index.with_name(f"{index.name}.lock")):
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Tag:
    """A tag: its name, the commit it names, its ISO 8601 date, and its message."""

    name: str
    commit: str
    date: str
    message: str

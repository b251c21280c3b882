"""Repositories that are not the user's own, read without anything of theirs being run.

The border: the repository that holds the current folder is the user's own. Its settings were
written on this machine (a clone brings none), and git itself refuses it where another user owns it.
Every other one, named by a folder or an address, is foreign, and only its references and objects
are looked at:

- A folder is read through a temporary repository of our own, which borrows the folder's objects.
  The folder's settings, hooks, drivers and partial-clone remotes are never in force; no program is
  started for it and nothing is copied.
- An address is fetched into a temporary repository of our own: the tags of versions alone, each
  with its own commit and no history, every object checked by `git fsck`'s rules, with limits of
  time and size.
"""

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.credentials import without_credentials
from pipeline.errors import VersionError
from pipeline.versions.access import require_repository
from pipeline.versions.git import Git
from pipeline.versions.names import artefact_of_tag
from pipeline.versions.operands import Copied, Pattern, Remote
from pipeline.versions.process import CommandError, SilentError

TAGS = "refs/tags/"
MOST_TAGS = 10_000
# So many references fit on a command line by far.
TAGS_AT_ONCE = 500


@contextlib.contextmanager
def borrowed(folder: Path) -> Iterator[Git]:
    """A temporary bare repository with a foreign folder's versions, on the folder's own objects.

    Raises:
        VersionError: the folder is no repository that git will read, or borrows objects itself.
    """
    there = require_repository(folder, foreign=True)
    common = Path(there.directory, there.run("rev-parse", "--git-common-dir")).resolve()
    objects = common / "objects"
    alternates = objects / "info" / "alternates"
    if objects.is_symlink() or alternates.is_symlink() or alternates.exists():
        raise VersionError(
            f"{folder} takes objects from another folder ({alternates} names it), which is not "
            "followed for a repository that is not your own. Where you trust it, make a whole "
            f"copy with `git clone --bare --no-local {shlex.quote(str(folder))} COPY.git`, "
            "and name that."
        )
    if '"' in str(objects) or "\n" in str(objects):
        raise VersionError(f"{folder} has a path that git cannot take objects from; rename it.")
    form = there.run("rev-parse", "--show-object-format")
    listed = there.run("for-each-ref", "--format=%(objectname) %(refname)", Pattern("refs/tags"))
    lines = [line.split(" ", 1) for line in listed.split("\n") if line]
    with _temporary(sha256=form == "sha256") as git:
        (git.directory / "objects" / "info").mkdir(exist_ok=True)
        (git.directory / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        kept = sorted((tag, name) for name, tag in lines if _is_version(tag))
        _refuse_many(len(kept), str(folder))
        packed = "".join(f"{name} {tag}\n" for tag, name in kept)
        (git.directory / "packed-refs").write_text(packed)
        origin = there.run("config", "--default=", "--get", "remote.origin.url")
        source = common.parent if common.name == ".git" else Path(origin)
        yield replace(git, source=source)


@contextlib.contextmanager
def fetched(where: str) -> Iterator[Git]:
    """A temporary bare repository with the versions of a repository behind an address.

    Raises:
        VersionError: the address is of no allowed form, cannot be read, or sends too much.
    """
    address = Remote(where)
    with _temporary() as git:
        try:
            listed = git.run("ls-remote", "--refs", "--tags", address)
            names = [line.partition("\t")[2] for line in listed.split("\n")]
            tags = [name for name in names if _is_version(name)]
            _refuse_many(len(tags), where)
            for start in range(0, len(tags), TAGS_AT_ONCE):
                _fetch(git, address, tags[start : start + TAGS_AT_ONCE])
        except CommandError as error:
            raise VersionError(
                f"{without_credentials(where)} cannot be read: {error.output}. Check the address, "
                "and that `git ls-remote` with it works."
            ) from None
        yield git


def _fetch(git: Git, address: Remote, tags: list[str]) -> None:
    refs = [Copied.of(Pattern(tag)) for tag in tags]
    options = ("--progress", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    try:
        git.run("fetch", *options, "--depth=1", address, *refs)
    except SilentError:
        raise
    except CommandError as error:
        # A folder of files behind plain HTTP gives whole histories or nothing.
        if "does not support shallow" not in error.output:
            raise
        git.run("fetch", *options, address, *refs)


def _is_version(reference: str) -> bool:
    return reference.startswith(TAGS) and artefact_of_tag(reference[len(TAGS) :]) is not None


def _refuse_many(n_tags: int, where: str) -> None:
    if n_tags > MOST_TAGS:
        raise VersionError(
            f"{without_credentials(where)} has {n_tags} tags of versions, and {MOST_TAGS} are the "
            "most that are read. Read a clone of it in which the others are deleted."
        )


@contextlib.contextmanager
def _temporary(*, sha256: bool = False) -> Iterator[Git]:
    """A new bare repository of our own without hooks or settings, removed with this block."""
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        git = Git(Path(folder), foreign=True)
        form = ("--object-format=sha256",) if sha256 else ()
        git.run("init", "--quiet", "--bare", "--template=", *form)
        yield git

"""The team's git remote: whose version numbers are taken, and where new tags go."""

from collections.abc import Callable

from pipeline.credentials import without_credentials
from pipeline.errors import TransferError
from pipeline.versions.git import Git
from pipeline.versions.names import number_of_promoted_tag, version_of_tag
from pipeline.versions.operands import Copied, Pattern, Remote
from pipeline.versions.process import CommandError


class UnpushedError(TransferError):
    """A version stands here, and the team's git remote has not got it yet."""


def fetch_tags(git: Git, git_remote: str | None, name: str) -> None:
    """Learn of versions that others released, so that no number is given twice.

    Raises:
        TransferError: the remote cannot be reached.
    """
    if not git_remote:
        return
    remote, wanted = Remote(git_remote), [Copied.of(pattern) for pattern in _patterns(name)]
    try:
        git.run("fetch", "--progress", "--no-tags", remote, *wanted)
    except CommandError as error:
        raise TransferError(
            f"The git remote {git_remote!r} (`release.git_remote` in params.yaml) cannot be read, "
            f"so the next version number is not known: {error.output}"
        ) from None


def publish_tags(
    git: Git, git_remote: str | None, name: str, *, on_line: Callable[[str], None]
) -> None:
    """Push every tag of the artefact's versions that the remote lacks, with their commits.

    All of them or none, and only where the team asked for it. What an earlier push left behind
    goes with this one.

    Raises:
        UnpushedError: the push failed; the tags stand here, and the next release pushes them.
    """
    if not git_remote:
        return
    tags: list[str] = []
    remote, shown = Remote(git_remote), without_credentials(git_remote)
    try:
        tags = _missing_tags(git, remote, name)
        if tags:
            on_line(f"release: pushing {' and '.join(tags)} to the git remote {shown}")
            refs = [Pattern(f"refs/tags/{tag}") for tag in tags]
            git.run("push", "--progress", "--atomic", remote, *refs)
    except CommandError as error:
        standing = f"{' and '.join(tags)} stands" if tags else "The version stands"
        raise UnpushedError(
            f"{standing} in this repository, but could not be pushed to "
            f"{git_remote!r}: {error.output}\nFix that, then run the same command again; it "
            "pushes what is missing."
        ) from None


def _patterns(name: str) -> list[Pattern]:
    """The tags of an artefact's versions and promotions."""
    return [Pattern(f"refs/tags/{name}{sign}*") for sign in "@#"]


def _missing_tags(git: Git, remote: Remote, name: str) -> list[str]:
    """The tags of versions and promotions that stand here and not in the remote."""
    patterns = _patterns(name)
    lines = git.run("ls-remote", "--refs", remote, *patterns).split("\n")
    there = {line.partition("\trefs/tags/")[2] for line in lines}
    here = git.run("for-each-ref", "--format=%(refname:strip=2)", *patterns).split("\n")
    return [
        tag
        for tag in here
        if tag not in there
        and (version_of_tag(tag, name) or number_of_promoted_tag(tag, name) is not None)
    ]

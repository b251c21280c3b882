"""The team's git remote: whose version numbers are taken, and where new tags go."""

from collections.abc import Callable, Sequence

from pipeline.errors import TransferError
from pipeline.versions.git import Git
from pipeline.versions.process import CommandError


def fetch_tags(git: Git, git_remote: str | None, name: str) -> None:
    """Learn of versions that others released, so that no number is given twice.

    Raises:
        TransferError: the remote cannot be reached.
    """
    if not git_remote:
        return
    wanted = [f"refs/tags/{name}{sign}*:refs/tags/{name}{sign}*" for sign in "@#"]
    try:
        git.run("fetch", "--quiet", "--no-tags", git_remote, *wanted)
    except CommandError as error:
        raise TransferError(
            f"The git remote {git_remote!r} (`release.git_remote` in params.yaml) cannot be read, "
            f"so the next version number is not known: {error.output}"
        ) from None


def publish_tags(
    git: Git, git_remote: str | None, tags: Sequence[str], *, on_line: Callable[[str], None]
) -> None:
    """Push tags, and with them their commit, all of them or none, where the team asked for it.

    Raises:
        TransferError: the push failed; the tags stand here, and the next release pushes them.
    """
    if not git_remote:
        return
    on_line(f"release: pushing {' and '.join(tags)} to the git remote {git_remote}")
    try:
        git.run("push", "--quiet", "--atomic", git_remote, *(f"refs/tags/{tag}" for tag in tags))
    except CommandError as error:
        raise TransferError(
            f"{' and '.join(tags)} stands in this repository, but could not be pushed to "
            f"{git_remote!r}: {error.output}\nMend that and run the same command again; it pushes "
            "what is missing."
        ) from None

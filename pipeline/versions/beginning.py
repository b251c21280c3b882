"""A worktree begins from what has been computed: dvc.lock, its reports, the data in the cache.

DVC's run cache alone would not do: it keeps no stage with outputs outside of the cache, other than
metrics and plots, and the trial, which takes longest, writes such outputs. A release's commit holds
them. What is brought back is not trusted: DVC compares it with the commit's params, code and data,
and runs what is stale.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from pipeline.errors import VersionError
from pipeline.params import load_params
from pipeline.versions.agreement import SETTINGS
from pipeline.versions.dvc import run_dvc
from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, list_releases
from pipeline.versions.lockfile import COMMITTED, LOCK, Output, read_outputs
from pipeline.versions.operands import Commit, PathPattern, Revision, before, between
from pipeline.versions.process import CommandError
from pipeline.workspace import Workspace, write_bytes


def is_as_released(worktree: Workspace) -> bool:
    """Whether the newest release was made with just the settings that the commit holds."""
    git, releases = Git(worktree.root), _releases(worktree)
    paths = [f"{git.prefix()}{name}" for name in SETTINGS]
    # Where the code itself is in the repository, nobody commits code.json.
    names = [PathPattern.at(path) for path in paths if git.find("HEAD", path) is not None]
    options = ("--quiet", "--no-ext-diff", "--no-textconv")
    return bool(releases) and git.succeeds(
        "diff", *options, Commit(releases[-1].commit), Revision("HEAD"), *names
    )


def begin_with_known_results(worktree: Workspace) -> None:
    """Bring back the results that describe the worktree's commit best.

    What cannot be brought back is computed anew, which is slow and no error.

    Args:
        worktree: At its commit, with DVC's settings of this machine.
    """
    git, releases = Git(worktree.root), _releases(worktree)
    with contextlib.suppress(VersionError):
        lock = _best_lock(git, releases)
        if lock is None:
            return
        outputs = read_outputs(lock, where=LOCK)
        write_bytes(worktree.root / LOCK, lock)
        for path, content in _committed_files(git, releases, outputs):
            write_bytes(worktree.root / path, content)
    with contextlib.suppress(CommandError):
        # It fails for outputs that the cache no longer holds, after it has brought the others.
        run_dvc(worktree.root, "checkout", "--quiet")


def _releases(worktree: Workspace) -> list[Release]:
    name = load_params(worktree.params_file).release.name
    return [release for release in list_releases(Git(worktree.root), name) if release.record]


def _best_lock(git: Git, releases: Sequence[Release]) -> bytes | None:
    """The newest release's dvc.lock, unless somebody committed another one since.

    A release hangs its lock on the commit that it ran on, and the branch keeps the one before, or
    none. A lock that was committed after that, or that stands on another branch or an older commit,
    belongs to the params committed beside it, which the release's does not.
    """
    path = git.prefix() + LOCK
    own = git.find("HEAD", path)
    if not releases:
        return own
    newest = releases[-1]
    if own is not None and _touched_since(git, Commit(newest.commit), path):
        return own
    return git.read(newest.commit, released_prefix(git, newest) + LOCK)


def _touched_since(git: Git, release: Commit, path: str) -> bool:
    """Whether a commit that only HEAD, or only what a release was made on, has changed the file."""
    base = before(release)
    if not git.succeeds("rev-parse", "--quiet", "--verify", base):
        return True  # The release was the first commit of all.
    both = between(base, Revision("HEAD"))
    return git.run("rev-list", "--max-count=1", both, PathPattern.at(path)) != ""


def _committed_files(
    git: Git, releases: Sequence[Release], outputs: Iterable[Output]
) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file of the outputs that lie in git, from the releases' commits.

    The bytes are as they were committed: line ends that git converts would change the hash.
    """
    wanted = {output for output in outputs if output.path.startswith(f"{COMMITTED}/")}
    for release in reversed(releases):
        if not wanted:
            return
        prefix = released_prefix(git, release)
        named = read_outputs(git.read(release.commit, prefix + LOCK), where=release.tag)
        for output in wanted.intersection(named):
            wanted.discard(output)
            for name in git.files(release.commit, prefix + output.path):
                yield name.removeprefix(prefix), git.read(release.commit, name)

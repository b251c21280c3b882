"""Whether git can work with a repository, asked before anything depends on it.

git tells one thing ("not a git repository") for several, and some of its failures come only after
hours of training. Each becomes one sentence with the cause and a remedy that works.
"""

import re
import shlex
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.git import Git
from pipeline.versions.process import CommandError, MissingProgramError, SilentError

# `rev-parse` knows `--end-of-options` from this version on.
OLDEST = (2, 30)
_OWNER = re.compile(r"safe\.directory (.+)")
_VERSION = re.compile(r"git version (\d+)\.(\d+)")


class NoRepositoryError(VersionError):
    """A folder lies in no git repository."""


def require_repository(folder: Path, *, foreign: bool = False) -> Git:
    """The git repository in which a folder lies.

    Args:
        folder: The folder.
        foreign: Whether it is not the user's own (see `pipeline.versions.foreign`).

    Raises:
        NoRepositoryError: it lies in none.
        VersionError: git is missing or too old, another user owns the repository, or it is damaged.
    """
    git = Git(folder, foreign=foreign)
    try:
        git.run("rev-parse", "--git-dir")
    except MissingProgramError:
        raise VersionError(
            "The program git is not installed, or is not on the PATH, and versions are git tags. "
            f"Install git {_dotted(OLDEST)} or later, then run the same command again."
        ) from None
    except SilentError:
        raise
    except CommandError as error:
        raise _refusal(folder, error) from None
    return git


def require_usable(folder: Path) -> Git:
    """The same, and that its newest commit can be read: what a run needs before it trains.

    Raises:
        VersionError: as above, or git is too old, or the branch or its commit is damaged.
    """
    git = require_repository(folder)
    found = _VERSION.search(git.run("--version"))
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise VersionError(
            f"git is {found[1]}.{found[2]} here, and {_dotted(OLDEST)} or later is needed. Install "
            "a newer one, then run the same command again."
        )
    if git.head() is None:
        _refuse_damaged_branch(git)
    return git


def _refuse_damaged_branch(git: Git) -> None:
    """Tell a branch without a commit (which is fine) from one whose commit is lost."""
    common = Path(git.directory, git.run("rev-parse", "--git-common-dir")).resolve()
    try:
        named = git.run("rev-parse", "--quiet", "--verify", "HEAD")
    except CommandError:
        # Of a damaged branch git does not even tell the name.
        own = Path(git.directory, git.run("rev-parse", "--git-dir"))
        branch = (own / "HEAD").read_text(errors="replace").removeprefix("ref:").strip()
        path = common / branch
        if not path.is_file():
            return
        raise VersionError(
            f"{path} is damaged and names no commit, as after a power cut. "
            f"{_way_back(common, branch)}"
        ) from None
    raise VersionError(
        f"The repository of {git.directory} has lost the commit {named[:12]}, on which its branch "
        "stands. `git fsck` lists what else is missing; fetch it from another clone with "
        "`git fetch --refetch REMOTE`, or clone the repository again."
    )


def _way_back(common: Path, branch: str) -> str:
    log = common / "logs" / branch
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    last = lines[-1].split(" ")[1] if lines and lines[-1].count(" ") > 1 else ""
    if not re.fullmatch("[0-9a-f]{40,64}", last):
        return "Restore it from another clone, or clone the repository again."
    return (
        f"Its last commit was {last[:12]}: delete that file, then run "
        f"`git update-ref {shlex.quote(branch)} {last}`."
    )


def _refusal(folder: Path, error: CommandError) -> VersionError:
    owned = _OWNER.search(error.output)
    if "dubious ownership" in error.output or owned:
        place = owned[1].strip("'\" ") if owned else str(folder)
        return VersionError(
            f"{place} belongs to another user ({_owner_of(Path(place))}), and git refuses to work "
            "in it. If you trust what is in it, allow it with "
            f"`git config --global --add safe.directory {shlex.quote(place)}`, then run the same "
            "command again."
        )
    if "not a git repository" not in error.output:
        told = " ".join(error.output.split())[:300]
        return VersionError(
            f"git cannot read the repository of {folder}: {told}. Fix that (see `git status` "
            "there), then run the same command again."
        )
    broken = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)
    if broken is None:
        return NoRepositoryError(
            f"{folder} is not in a git repository, and versions are git tags. Run `git init` "
            "there, then run the same command again."
        )
    return _damaged(broken / ".git")


def _damaged(place: Path) -> VersionError:
    if place.is_file():
        return VersionError(
            f"{place} leads to a repository that is not there any more, as after a folder was "
            "moved. Run `git worktree repair` in the first work tree, or clone the repository "
            "again."
        )
    if (place / "objects").is_dir() and (place / "refs").is_dir():
        heads = sorted(path.name for path in (place / "refs" / "heads").glob("*"))
        branch = "main" if "main" in heads or not heads else heads[0]
        branch = branch if re.fullmatch(r"[\w.-]+", branch) else "BRANCH"
        return VersionError(
            f"{place / 'HEAD'} is missing or damaged, so that git sees no repository there. Write "
            f"it anew with `printf 'ref: refs/heads/{branch}\\n' > "
            f"{shlex.quote(str(place / 'HEAD'))}` (with your branch's name), then run the same "
            "command again."
        )
    return VersionError(
        f"{place} has no objects or no refs, so that git sees no repository there. Restore the "
        "folder from a backup, or clone the repository again."
    )


def _owner_of(place: Path) -> str:
    try:
        return place.owner()
    except (KeyError, OSError, NotImplementedError):
        try:
            return f"user {place.stat().st_uid}"
        except OSError:
            return "unknown"


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(str(part) for part in version)

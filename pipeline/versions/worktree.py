"""The git worktree in which scheduled runs work, out of reach of the user's own tree.

It lies in the workspace's private folder and stays there between runs, so that a run finds what the
last one left. Each run moves it to the newest commit: the upstream's, where that is ahead of the
user's branch, else the branch's own. The branch itself is never moved.
"""

import os
import shutil
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.params import Params
from pipeline.versions.dvc import run_dvc
from pipeline.versions.git import Git
from pipeline.versions.setup import keep_private
from pipeline.workspace import Workspace, write_bytes

LOCK = "dvc.lock"


def fetch_upstream(workspace: Workspace) -> str | None:
    """Fetch what the user's branch tracks; the remote's name, or None where it tracks nothing.

    Raises:
        CommandError: the remote cannot be reached.
    """
    git = Git(workspace.root)
    upstream = _upstream(git)
    if upstream is None:
        return None
    branch = git.run("symbolic-ref", "--short", "HEAD")
    remote = git.run("config", "--get", f"branch.{branch}.remote")
    if remote != ".":
        git.run("fetch", "--quiet", remote)
    return remote


def open_worktree(workspace: Workspace) -> Workspace:
    """The workspace's worktree, made or moved to the newest commit.

    Raises:
        VersionError: the folder is in no repository, or there is no commit yet.
    """
    git = Git(workspace.root)
    commit = _newest_commit(git) if git.is_repository() else None
    if commit is None:
        raise VersionError(
            f"{workspace.root} has no commit yet, and a scheduled run works on what is committed. "
            "Commit params.yaml and dvc.yaml, then try again."
        )
    place = workspace.private / "worktree"
    prefix = git.prefix()
    tree = Git(place)
    if (place / ".git").is_file() and tree.succeeds("rev-parse", "--verify", "HEAD"):
        _move(tree, commit, place / prefix / LOCK)
    else:
        shutil.rmtree(place, ignore_errors=True)
        git.run("worktree", "prune")
        workspace.private.mkdir(exist_ok=True, mode=0o700)
        git.run("worktree", "add", "--quiet", "--detach", str(place), commit)
    moved = Workspace.at(place / prefix)
    keep_private(moved.root)
    return moved


def bring_source(workspace: Workspace, worktree: Workspace, params: Params) -> str | None:
    """Let the worktree see the source data: pulled where DVC tracks them, else the user's folder.

    Returns:
        What was done, as a sentence; None where the source brings its own data.

    Raises:
        CommandError: DVC could not bring the data.
    """
    path = params.source.path
    if path is None:
        return None
    target = worktree.root / path
    if (worktree.root / f"{path}.dvc").is_file():
        run_dvc(worktree.root, "pull", "--quiet", f"{path}.dvc")
        return f"{path} is as its newest commit names it."
    own = workspace.root / path
    if target.exists() or target.is_symlink():
        return f"{path} is read where it lies."
    if not own.exists():
        return f"{path} does not exist."
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(os.path.relpath(own, target.parent))
    return f"{path} is read where it lies."


def _newest_commit(git: Git) -> str | None:
    head, upstream = git.head(), _upstream(git)
    if head and upstream and git.succeeds("merge-base", "--is-ancestor", head, upstream):
        return upstream
    return head


def _upstream(git: Git) -> str | None:
    if not git.succeeds("symbolic-ref", "--quiet", "HEAD"):
        return None
    return git.commit_of("@{upstream}")


def _move(tree: Git, commit: str, lock: Path) -> None:
    """Check out `commit`, and keep what the last scheduled run wrote into dvc.lock."""
    kept = lock.read_bytes() if lock.is_file() else None
    tree.run("checkout", "--quiet", "--detach", "--force", commit)
    if kept is not None:
        write_bytes(lock, kept)

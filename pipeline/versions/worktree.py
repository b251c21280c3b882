"""The git worktree in which scheduled runs work, out of reach of the user's own tree.

It lies in the workspace's private folder and stays there between runs, so that a run finds what the
last one left; a new one begins from what is known already. Each run moves it to the newest commit:
the upstream's, where that is ahead of the user's branch, else the branch's own. The branch itself
is never moved.
"""

import logging
import os
import re
from pathlib import Path

from pipeline.errors import TransferError, VersionError
from pipeline.params import Params, load_params, parse_params
from pipeline.versions.access import require_usable
from pipeline.versions.beginning import begin_with_known_results, is_as_released
from pipeline.versions.dvc import run_dvc
from pipeline.versions.git import Git
from pipeline.versions.leftovers import administration_of, clear_own, forget_worktree
from pipeline.versions.lockfile import LOCK
from pipeline.versions.operands import Commit, Folder, Pattern, Remote
from pipeline.versions.process import CommandError
from pipeline.versions.remote import effective_remote
from pipeline.versions.setup import keep_private
from pipeline.workspace import Workspace, read_json, write_bytes, write_json

log = logging.getLogger(__name__)

SEEDS = 2**32
# As many characters of a commit's hash name it to a reader.
SHOWN = 12


def fetch_upstream(workspace: Workspace) -> str | None:
    """Fetch what the user's branch tracks; the remote's name, or None where it tracks nothing.

    Raises:
        TransferError: the remote cannot be reached.
    """
    git = Git(workspace.root)
    upstream = _upstream(git)
    if upstream is None:
        return None
    branch = git.run("symbolic-ref", "HEAD")
    remote = git.run("for-each-ref", "--format=%(upstream:remotename)", Pattern(branch)) or "."
    if remote != ".":
        try:
            git.run("fetch", "--progress", Remote(remote))
        except CommandError as error:
            raise TransferError(
                f"The git remote {remote!r} of {workspace.root} cannot be read: {error.output}"
            ) from None
    return remote


def require_commit(workspace: Workspace) -> Git:
    """The repository around the workspace, which has a commit to work on.

    Raises:
        VersionError: the folder is in no repository, or there is no commit yet.
    """
    git = require_usable(workspace.root)
    if git.head() is None:
        raise VersionError(
            f"{workspace.root} has no commit yet, and a scheduled run works on what is committed. "
            "Commit params.yaml and dvc.yaml, then try again."
        )
    return git


def open_worktree(workspace: Workspace) -> Workspace:
    """The workspace's worktree, made or moved to the newest commit.

    Raises:
        VersionError: the folder is in no repository, or there is no commit yet.
    """
    git = require_commit(workspace)
    commit = _newest_commit(git)
    place = workspace.private / "worktree"
    prefix = git.prefix()
    before = _moved(place, commit, place / prefix / LOCK) if _is_linked(git, place) else None
    if before is None:
        forget_worktree(git, place)
        workspace.private.mkdir(exist_ok=True, mode=0o700)
        git.run("worktree", "add", "--quiet", "--detach", Folder(str(place)), Commit(commit))
    worktree = Workspace.at(place / prefix)
    keep_private(worktree.root)
    # A new commit may hold the settings of a run by hand, which has computed everything already.
    if before is None or (before != commit and is_as_released(worktree)):
        begin_with_known_results(worktree)
    return worktree


def _is_linked(git: Git, place: Path) -> bool:
    """Whether a folder is a worktree of this very repository, and not of one it was copied from.

    git links the two by absolute paths: those of a moved workspace lead nowhere, and those of a
    copied one into the workspace that it was copied from, whose worktree would be moved instead.
    """
    administration = administration_of(place)
    if administration is None or (place / ".git").is_symlink():
        return False
    common = Path(git.directory, git.run("rev-parse", "--git-common-dir")).resolve()
    return administration.resolve().parent == common / "worktrees"


def committed_params(workspace: Workspace, *, own: bool = False) -> Params:
    """What params.yaml says in the commit that a scheduled run works on, as far as it is fetched.

    Args:
        own: Read the user's branch alone, whatever its upstream says.

    Raises:
        VersionError: there is no commit yet, or it holds no params.yaml.
        ParamsError: what is committed cannot be used.
    """
    git = require_commit(workspace)
    commit = git.run("rev-parse", "HEAD") if own else _newest_commit(git)
    content = git.read(commit, f"{git.prefix()}params.yaml")
    return parse_params(content, where=f"params.yaml of the commit {commit[:SHOWN]}")


def bring_source(workspace: Workspace, worktree: Workspace, params: Params) -> str | None:
    """Let the worktree see the source data: pulled where DVC tracks them, else the user's folder.

    Returns:
        What was done, as a sentence; None where the source brings its own data.

    Raises:
        TransferError: DVC could not bring the data.
    """
    path = params.source.path
    if path is None:
        return None
    target = worktree.root / path
    if (worktree.root / f"{path}.dvc").is_file():
        try:
            run_dvc(worktree.root, "pull", "--quiet", "--", f"{path}.dvc")
        except CommandError as error:
            remote = effective_remote(worktree.root)
            raise TransferError(
                f"The source data {path} could not be pulled: {remote.scrub(error.output)}"
            ) from None
        return f"{path} is up to date with its newest commit."
    own = workspace.root / path
    if target.exists() or target.is_symlink():
        return f"{path} is read where it lies."
    if not own.exists():
        return f"{path} does not exist."
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(os.path.relpath(own, target.parent))
    return f"{path} is read where it lies."


def apply_refreshes(workspace: Workspace, worktree: Workspace, *, refresh: bool) -> int:
    """Set the worktree's seed: the committed one, plus one for every refresh since then.

    The count is kept beside the worktree, since the next unchanged run must find the same seed, and
    DVC would hand an old seed's outputs back as new.

    Returns:
        The seed that the run uses.
    """
    path = workspace.private / "refreshes.json"
    committed = load_params(worktree.params_file).seed
    kept = read_json(path) if path.is_file() else {}
    count = kept.get("count", 0) if kept.get("seed") == committed else 0
    count += refresh
    write_json(path, {"seed": committed, "count": count})
    seed = (committed + count) % SEEDS
    text = worktree.params_file.read_text(encoding="utf-8")
    told, found = re.subn(r"(?m)^seed:[^#\n]*?(?=\s*(#|$))", f"seed: {seed}", text, count=1)
    write_bytes(worktree.params_file, (told if found else f"seed: {seed}\n{text}").encode())
    assert load_params(worktree.params_file).seed == seed
    return seed


def which_commit(workspace: Workspace) -> str:
    """The commit that a scheduled run works on and why that one, as a sentence.

    Raises:
        VersionError: the folder is in no repository, or there is no commit yet.
    """
    git = require_commit(workspace)
    commit, upstream = _newest_commit(git), _upstream(git)
    if upstream in (None, commit) or _is_ancestor(git, upstream, commit):
        return f"The newest commit is {commit[:SHOWN]}."
    return (
        f"The newest commit of your branch is {commit[:SHOWN]}. Its upstream {upstream[:SHOWN]} "
        "has diverged from it, and is left out until you merge it."
    )


def _newest_commit(git: Git) -> str:
    head, upstream = git.run("rev-parse", "HEAD"), _upstream(git)
    return upstream if upstream and _is_ancestor(git, head, upstream) else head


def _is_ancestor(git: Git, one: str, other: str) -> bool:
    return git.succeeds("merge-base", "--is-ancestor", Commit(one), Commit(other))


def _upstream(git: Git) -> str | None:
    if not git.succeeds("symbolic-ref", "--quiet", "HEAD"):
        return None
    try:
        return git.run("rev-parse", "--quiet", "--verify", "@{upstream}^{commit}")
    except CommandError:
        return None


def _moved(place: Path, commit: str, lock: Path) -> str | None:
    """Check out `commit` in the worktree, and keep what the last run wrote into dvc.lock.

    Returns:
        The commit that it was at; None where there is no worktree, or none that can be mended.
    """
    administration, tree = administration_of(place), Git(place)
    if administration is None:
        return None
    clear_own(administration)
    before = tree.head()
    if before is None:
        return None
    kept = lock.read_bytes() if lock.is_file() else None
    arguments = ("checkout", "--quiet", "--detach", "--force", Commit(commit))
    try:
        tree.run(*arguments)
    except CommandError as error:
        log.warning("The worktree of scheduled runs was repaired: %s", error.output)
        (administration / "index").unlink(missing_ok=True)
        clear_own(administration)
        if not tree.succeeds(*arguments):
            return None
    if kept is not None:
        write_bytes(lock, kept)
    return before

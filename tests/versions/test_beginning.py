"""A new worktree takes over what is known, and nothing that does not belong to its commit."""

import shutil

import pytest

from pipeline.params import load_params
from pipeline.versions.release import release
from pipeline.versions.staleness import first_stale
from pipeline.versions.worktree import open_worktree
from pipeline.workspace import Workspace
from tests.versions.conftest import finish, sh, users_state

STAGE = "all"
ADDED = """\
  added:
    cmd: 'false'
    deps: [data/augmented]
    outs: [data/added]
artifacts:
"""


def commit(workspace: Workspace, *paths: str) -> None:
    sh(workspace.root, "git", "add", *paths)
    identity = ["-c", "user.name=A", "-c", "user.email=a@b"]
    sh(workspace.root, "git", *identity, "commit", "--quiet", "--message", "more")


def lock_of(workspace: Workspace) -> bytes:
    return (workspace.root / "dvc.lock").read_bytes()


def run_again(workspace: Workspace, *, seed: int, released: bool) -> bytes:
    """Let another run end in the workspace; returns its dvc.lock."""
    finish(workspace.root, seed=seed, gain=4.0)
    if released:
        release(workspace, load_params(workspace.params_file))
    return lock_of(workspace)


def test_in_a_released_workspace_nothing_is_stale(released):
    worktree = open_worktree(released)
    assert first_stale(worktree, [STAGE]) is None
    assert worktree.metrics_file.read_bytes() == released.metrics_file.read_bytes()


def test_the_users_tree_index_and_branch_stay_as_they_are(released):
    before = users_state(released.root)
    worktree = open_worktree(released)
    assert users_state(released.root) == before
    staged = sh(worktree.root, "git", "diff", "--cached", "--name-only")
    assert staged == ""


def test_a_stage_that_was_added_since_is_the_first_stale_one(released):
    pipeline = released.root / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("artifacts:\n", ADDED))
    commit(released, "dvc.yaml")
    assert first_stale(open_worktree(released), [STAGE, "added"]) == "added"


def test_a_lock_that_nobody_committed_is_taken_from_the_release(released):
    newest = run_again(released, seed=1, released=True)
    sh(released.root, "git", "checkout", "--quiet", "dvc.lock", "params.yaml")
    assert lock_of(released) != newest
    assert lock_of(open_worktree(released)) == newest


def test_a_lock_that_was_committed_since_the_release_stays(released):
    newest = run_again(released, seed=1, released=False)
    commit(released, "dvc.lock")
    assert lock_of(open_worktree(released)) == newest


def test_going_back_to_an_older_run_brings_back_what_that_one_found(released):
    older, metrics = lock_of(released), released.metrics_file.read_bytes()
    run_again(released, seed=1, released=True)
    commit(released, "dvc.lock")
    (released.root / "dvc.lock").write_bytes(older)
    commit(released, "dvc.lock")
    worktree = open_worktree(released)
    assert lock_of(worktree) == older
    assert worktree.metrics_file.read_bytes() == metrics
    assert first_stale(worktree, [STAGE]) is None


@pytest.mark.parametrize("missing", ["cache", "release"])
def test_what_is_not_to_be_had_leaves_the_stage_stale_and_is_no_error(released, missing):
    if missing == "cache":
        shutil.rmtree(released.root / ".dvc" / "cache")
    else:
        tags = sh(released.root, "git", "tag", "--list").split()
        sh(released.root, "git", "tag", "--delete", *tags)
    assert first_stale(open_worktree(released), [STAGE]) == STAGE


@pytest.mark.parametrize("settings_too", [True, False])
def test_a_run_by_hand_is_taken_over_once_its_settings_are_committed(released, settings_too):
    older = lock_of(open_worktree(released))
    newest = run_again(released, seed=1, released=True)
    (released.root / "notes.txt").write_text("what was tried")
    commit(released, "notes.txt", *["params.yaml"] * settings_too)
    worktree = open_worktree(released)
    assert lock_of(worktree) == (newest if settings_too else older)
    assert first_stale(worktree, [STAGE]) is None

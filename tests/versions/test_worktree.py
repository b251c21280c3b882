"""Scheduled runs work in a tree of their own, and the user's never moves."""

import subprocess
from pathlib import Path

import pytest

from pipeline.errors import VersionError
from pipeline.params import Params, SourceParams
from pipeline.sources.location import resolved_path
from pipeline.versions.worktree import bring_source, fetch_upstream, open_worktree, which_commit
from pipeline.workspace import Workspace
from tests.toy_workspace import toy_workspace, writes


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def workspace(tmp_path):
    return toy_workspace(tmp_path / "own", stages={"a": writes("a")})


def test_the_worktree_holds_what_is_committed_and_the_users_tree_stays(workspace):
    (workspace.root / "input.txt").write_text("uncommitted")
    before = git(workspace.root, "status", "--porcelain"), git(workspace.root, "rev-parse", "HEAD")
    worktree = open_worktree(workspace)
    assert (worktree.root / "input.txt").read_text() == "1"
    after = git(workspace.root, "status", "--porcelain"), git(workspace.root, "rev-parse", "HEAD")
    assert after == before


def test_the_worktree_follows_new_commits_and_keeps_its_own_lock(workspace):
    worktree = open_worktree(workspace)
    (worktree.root / "dvc.lock").write_text("of the last scheduled run")
    (workspace.root / "dvc.lock").write_text("of the user")
    (workspace.root / "input.txt").write_text("2")
    git(workspace.root, "add", "--all")
    git(workspace.root, "commit", "--quiet", "--message", "more")
    again = open_worktree(workspace)
    assert again.root == worktree.root
    assert (again.root / "input.txt").read_text() == "2"
    assert (again.root / "dvc.lock").read_text() == "of the last scheduled run"


def test_an_upstream_that_is_ahead_is_used_and_the_branch_is_not_moved(workspace, tmp_path):
    git(tmp_path, "clone", "--quiet", str(workspace.root), "clone")
    clone = Workspace.at(tmp_path / "clone")
    head = git(clone.root, "rev-parse", "HEAD")
    (workspace.root / "input.txt").write_text("from upstream")
    git(workspace.root, "commit", "--quiet", "--all", "--message", "upstream")
    assert fetch_upstream(clone) == "origin"
    worktree = open_worktree(clone)
    assert (worktree.root / "input.txt").read_text() == "from upstream"
    assert git(clone.root, "rev-parse", "HEAD") == head


def test_an_upstream_that_has_gone_another_way_is_left_out_and_named(workspace, tmp_path):
    git(tmp_path, "clone", "--quiet", str(workspace.root), "clone")
    clone = Workspace.at(tmp_path / "clone")
    for root in (workspace.root, clone.root):
        (root / "input.txt").write_text(f"of {root.name}")
        git(root, "commit", "--quiet", "--all", "--message", root.name)
    fetch_upstream(clone)
    assert (open_worktree(clone).root / "input.txt").read_text() == "of clone"
    theirs = git(workspace.root, "rev-parse", "HEAD")[:12]
    assert f"Its upstream {theirs} has diverged from it" in which_commit(clone)
    git(clone.root, "reset", "--quiet", "--hard", "HEAD^")
    assert which_commit(clone) == f"The newest commit is {theirs}."


def test_a_folder_deleted_by_hand_is_made_anew(workspace):
    worktree = open_worktree(workspace)
    subprocess.run(["rm", "-r", worktree.root], check=True)
    assert (open_worktree(workspace).root / "input.txt").is_file()


def test_a_workspace_below_the_repositorys_root_is_found_in_the_worktree(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    (repository / "inner").mkdir()
    (repository / "inner" / "params.yaml").write_text("seed: 1\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "first")
    worktree = open_worktree(Workspace.at(repository / "inner"))
    assert worktree.root.name == "inner"
    assert worktree.params_file.is_file()


def test_a_repository_without_a_commit_is_refused_with_the_way_out(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    with pytest.raises(VersionError, match="no commit yet"):
        open_worktree(Workspace.at(tmp_path))


def test_a_plain_source_folder_is_read_where_it_lies(workspace):
    raw = workspace.root / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "picture").write_text("1")
    worktree = open_worktree(workspace)
    params = Params(source=SourceParams(kind="image_folder", path="data/raw"))
    for _ in range(2):
        assert bring_source(workspace, worktree, params) == "data/raw is read where it lies."
    (raw / "another").write_text("2")
    assert (worktree.root / "data" / "raw" / "another").read_text() == "2"
    assert resolved_path(params.source, worktree.root) == raw

"""A repository of another user's, a damaged one, and a git that is missing or too old.

Each is told by its cause before anything is trained, with a remedy that is applied here.
"""

import os
import subprocess

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.checkup import git_identity
from pipeline.errors import VersionError
from pipeline.params import load_params
from pipeline.stages.ready import make_ready
from pipeline.versions.access import require_usable
from pipeline.versions.setup import make_repository
from tests.toy_workspace import toy_workspace, writes
from tests.versions.conftest import sh


@pytest.fixture
def toy(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return toy_workspace(tmp_path / "toy place", stages={"one": writes("one")})


def remedy(told):
    """The command between the first pair of backquotes."""
    return str(told.value).split("`")[1]


def refused(toy, match):
    with pytest.raises(VersionError, match=match) as told:
        require_usable(toy.root)
    assert "git init" not in str(told.value)
    assert "\n" not in str(told.value)
    return told


@pytest.fixture
def of_another_user(toy, monkeypatch):
    """git takes the folder for another user's, unless it is told otherwise."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    return toy


def test_a_repository_of_another_user_is_told_by_its_owner(of_another_user, monkeypatch):
    told = refused(of_another_user, r"belongs to another user \(.+\), and git refuses")
    assert remedy(told).startswith("git config --global --add safe.directory")
    subprocess.run(["sh", "-c", remedy(told)], check=True)
    assert require_usable(of_another_user.root).head()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_it_is_so_for_a_folder_that_was_given_away(toy):
    for path in (toy.root, *toy.root.rglob("*")):
        os.chown(path, 4321, 4321, follow_symlinks=False)
    told = refused(toy, r"belongs to another user \(user 4321\)")
    subprocess.run(["sh", "-c", remedy(told)], check=True)
    assert require_usable(toy.root).head()


def test_no_command_trains_before_it_tells(of_another_user):
    root = of_another_user.root
    for arguments in (["run", "-w", str(root)], ["schedule", "-w", str(root), "--every", "1h"]):
        told = CliRunner().invoke(app, arguments)
        assert told.exit_code == 2
        assert "belongs to another user" in told.output
        assert "git init" not in told.output
    with pytest.raises(VersionError, match="belongs to another user"):
        make_ready(of_another_user, load_params(of_another_user.params_file))
    with pytest.raises(VersionError, match="belongs to another user"):
        make_repository(root)
    with pytest.raises(VersionError, match="belongs to another user"):
        git_identity(of_another_user)


@pytest.mark.parametrize("content", [None, b"", b"garbage\n", b"ref: \n"])
def test_a_lost_head_is_named_and_the_remedy_works(toy, content):
    head, branch = toy.root / ".git" / "HEAD", sh(toy.root, "git", "branch", "--show-current")
    head.unlink()
    if content is not None:
        head.write_bytes(content)
    told = refused(toy, "HEAD is missing or damaged")
    subprocess.run(["sh", "-c", remedy(told)], check=True)
    assert sh(toy.root, "git", "branch", "--show-current") == branch
    assert require_usable(toy.root).head()


@pytest.mark.parametrize("content", [b"", b"\0" * 41, b"zzzz\n"])
def test_a_branch_that_a_power_cut_emptied_is_named_and_the_remedy_works(toy, content):
    head = require_usable(toy.root).head()
    path = toy.root / ".git" / sh(toy.root, "git", "symbolic-ref", "HEAD").strip()
    path.write_bytes(content)
    told = refused(toy, "is damaged and names no commit")
    path.unlink()
    sh(toy.root, "sh", "-c", remedy(told))
    assert require_usable(toy.root).head() == head


def test_a_lost_commit_is_named(toy):
    commit = require_usable(toy.root).head()
    path = toy.root / ".git" / "objects" / commit[:2] / commit[2:]
    path.unlink()
    refused(toy, f"has lost the commit {commit[:12]}")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("printf '[core' >> .git/config", "bad config"),
        ("git config core.repositoryformatversion 99", "Expected git repo version"),
        ("rm -r .git/objects", "has no objects or no refs"),
        ("rm -r .git && echo 'gitdir: /nowhere/at/all' > .git", "leads to a repository"),
        ("rm -r .git && printf garbage > .git", "invalid gitfile format"),
    ],
)
def test_other_damage_is_told_in_one_sentence(toy, change, match):
    sh(toy.root, "sh", "-c", change)
    refused(toy, match)


def test_only_where_there_is_none_git_init_is_the_advice(toy):
    sh(toy.root, "rm", "-r", ".git")
    with pytest.raises(VersionError, match="is not in a git repository") as told:
        require_usable(toy.root)
    sh(toy.root, "sh", "-c", remedy(told))
    require_usable(toy.root)


def test_a_branch_without_a_commit_is_no_damage(toy):
    sh(toy.root, "git", "checkout", "--quiet", "--orphan", "fresh")
    assert require_usable(toy.root).head() is None


def test_a_missing_git_is_named(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(toy, "The program git is not installed, or is not on the PATH")


@pytest.mark.parametrize(
    ("version", "is_refused"),
    [("2.29.3", True), ("1.8.3.1", True), ("2.30.0", False), ("2.9.0", True), ("3.0.0", False)],
)
def test_a_git_that_is_too_old_is_named(toy, tmp_path, monkeypatch, version, is_refused):
    real = sh(tmp_path, "sh", "-c", "command -v git").strip()
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "git"
    old.write_text(
        f'#!/bin/sh\nfor word; do [ "$word" = --version ] && echo "git version {version}" && exit; '
        f'done\nexec {real} "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    if is_refused:
        refused(toy, "2.30 or later is needed")
    else:
        require_usable(toy.root)

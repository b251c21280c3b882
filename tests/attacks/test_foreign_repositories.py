"""A folder or an address of a stranger's, whose settings would run programs when it is read."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import VersionError
from pipeline.versions import git_call
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.repository import open_repository
from tests.released import release
from tests.versions.conftest import sh


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A repository of a stranger's with two versions."""
    root = tmp_path_factory.mktemp("stranger") / "made"
    root.mkdir()
    release(root, "v0.1.0", promotion=1)
    commit = release(root, "v0.2.0")
    sh(root, "git", "update-ref", "refs/heads/main", commit)
    return root


@pytest.fixture
def stranger(made_once, tmp_path):
    return Path(shutil.copytree(made_once, tmp_path / "stranger"))


@pytest.fixture
def mark(tmp_path):
    """A file that exists once a program of the stranger has run."""
    return tmp_path / "the-stranger-was-here"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """The user stands in a folder of his own."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")


def config(root, *pairs):
    for key, value in pairs:
        sh(root, "git", "config", "--add", key, value)


def program(mark, folder):
    """A program of the stranger's, which leaves its mark."""
    path = folder / "program.sh"
    path.write_text(f"#!/bin/sh\ntouch {mark}\nexit 1\n")
    path.chmod(0o755)
    return str(path)


def lose(root, path):
    """Remove an object of the newest version, so that git must fetch it from the promisor."""
    blob = sh(root, "git", "rev-parse", f"augmented@v0.2.0:{path}").strip()
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def promise(root, mark, made_once):
    """The attack as it was: a partial clone whose remote names a program."""
    config(
        root,
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.url", str(made_once)),
        ("remote.evil.promisor", "true"),
        ("remote.evil.partialclonefilter", "blob:none"),
        ("remote.evil.uploadpack", f"touch {mark}; git-upload-pack"),
    )


def commands(repo, folder):
    return {
        "versions": ["versions"],
        "report": ["report", "v0.2.0", "--to", folder / "reports"],
        "diff": ["diff", "v0.1.0", "v0.2.0"],
        "pull": ["pull", "v0.2.0", "--to", folder / "pulled"],
        "verify": ["verify"],
        "reproduce": ["reproduce", "v0.2.0"],
    }


def ask(arguments, repo):
    result = CliRunner().invoke(app, [*map(str, arguments), "--repo", str(repo)])
    assert result.exit_code in (0, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.parametrize("name", ["versions", "report", "diff", "pull", "verify", "reproduce"])
@pytest.mark.parametrize("lost", ["dvc.lock", "reports/report.html", "reports/metrics.json"])
def test_a_promisor_of_a_folder_is_asked_for_nothing(
    stranger, made_once, mark, tmp_path, name, lost
):
    lose(stranger, lost)
    promise(stranger, mark, made_once)
    ask(commands(stranger, tmp_path)[name], stranger)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["versions", "report", "diff", "pull", "verify", "reproduce"])
def test_it_is_asked_for_nothing_either_by_whoever_stands_in_the_folder(
    stranger, made_once, mark, tmp_path, monkeypatch, name
):
    lose(stranger, "dvc.lock")
    promise(stranger, mark, made_once)
    config(stranger, ("core.fsmonitor", program(mark, tmp_path)))
    monkeypatch.chdir(stranger)
    ask(commands(stranger, tmp_path)[name], ".")
    assert not mark.exists()


def test_a_bare_repository_among_the_files_of_one_s_own_is_a_strangers(
    stranger, tmp_path, monkeypatch
):
    own = tmp_path / "home"
    sh(own, "git", "init", "--quiet")
    sh(own, "git", "clone", "--quiet", "--bare", str(stranger), "data/hidden")
    (own / "data" / "work").mkdir()
    for path, is_foreign in (("data/hidden", True), ("data/work", False), (".", False)):
        with open_repository(path) as git:
            assert git.foreign == is_foreign


def test_the_attack_works_on_git_itself(stranger, made_once, mark):
    lose(stranger, "dvc.lock")
    promise(stranger, mark, made_once)
    subprocess.run(
        ["git", "cat-file", "blob", "augmented@v0.2.0:dvc.lock"], cwd=stranger, check=False
    )
    assert mark.exists()


@pytest.mark.parametrize("as_url", [False, True])
def test_no_setting_of_a_folder_is_in_force(stranger, mark, tmp_path, as_url):
    run = program(mark, tmp_path)
    included = tmp_path / "included"
    included.write_text(f"[core]\n\tfsmonitor = {run}\n\tpager = {run}\n")
    config(
        stranger,
        ("core.fsmonitor", run),
        ("core.hooksPath", str(tmp_path)),
        ("core.sshCommand", run),
        ("core.gitProxy", run),
        ("core.askPass", run),
        ("core.pager", run),
        ("core.editor", run),
        ("core.alternateRefsCommand", run),
        ("pager.for-each-ref", run),
        ("credential.helper", f"!{run}"),
        ("diff.external", run),
        ("diff.x.textconv", run),
        ("filter.x.smudge", run),
        ("filter.x.process", run),
        ("gpg.program", run),
        ("uploadpack.packObjectsHook", run),
        ("alias.for-each-ref", f"!{run}"),
        ("include.path", str(included)),
    )
    (stranger / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    for hook in ("reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc"):
        shutil.copy(run, stranger / ".git" / "hooks" / hook)
    repo = f"file://{stranger}" if as_url else stranger
    for name in ("versions", "report"):
        assert ask(commands(repo, tmp_path)[name], repo).exit_code == 0
    assert not mark.exists()


def test_the_folder_is_read_without_a_change_and_without_a_copy(stranger):
    before = {path: path.stat().st_mtime_ns for path in stranger.rglob("*")}
    with open_repository(str(stranger)) as git:
        assert git.foreign
        assert git.directory != stranger
        assert [str(one.version) for one in list_releases(git, "augmented")] == ["v0.1.0", "v0.2.0"]
        assert b"It helps" in git.read("augmented@v0.2.0", "reports/report.html")
        assert not any((git.directory / "objects").glob("??/*"))
        place = git.directory
    assert not place.exists()
    assert {path: path.stat().st_mtime_ns for path in stranger.rglob("*")} == before


@pytest.mark.parametrize("bare", [False, True])
def test_work_trees_and_bare_clones_of_others_are_read_as_well(stranger, tmp_path, bare):
    there = tmp_path / "there"
    if bare:
        sh(tmp_path, "git", "clone", "--quiet", "--bare", str(stranger), str(there))
    else:
        sh(
            stranger,
            "git",
            "worktree",
            "add",
            "--quiet",
            "--detach",
            str(there),
            "augmented@v0.1.0",
        )
    with open_repository(str(there)) as git:
        assert [str(one.version) for one in list_releases(git, "augmented")] == ["v0.1.0", "v0.2.0"]


def test_objects_of_elsewhere_are_not_followed_and_the_remedy_works(stranger, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", "--shared", str(stranger), "shared.git")
    shared = tmp_path / "shared.git"
    with (
        pytest.raises(VersionError, match="takes objects from another folder") as refused,
        open_repository(str(shared)),
    ):
        pass
    remedy = str(refused.value).split("`")[1]
    sh(tmp_path, "sh", "-c", remedy)
    with open_repository(str(tmp_path / "COPY.git")) as git:
        assert len(list_releases(git, "augmented")) == 2


def test_a_folder_of_another_user_is_refused_with_the_remedy_that_works(
    stranger, tmp_path, monkeypatch
):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with (
        pytest.raises(VersionError, match="belongs to another user") as refused,
        open_repository(str(stranger)),
    ):
        pass
    sh(tmp_path, "sh", "-c", str(refused.value).split("`")[1])
    monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    with open_repository(str(stranger)) as git:
        assert len(list_releases(git, "augmented")) == 2


def test_one_s_own_partial_clone_fetches_nothing_on_the_way_and_the_remedy_works(
    stranger, tmp_path, mark, monkeypatch
):
    config(stranger, ("uploadpack.allowFilter", "true"))
    sh(
        tmp_path, "git", "clone", "--quiet", "--no-checkout", "--filter=blob:none",
        f"file://{stranger}", "own",
    )  # fmt: skip
    own = tmp_path / "own"
    config(own, ("remote.origin.uploadpack", f"touch {mark}; git-upload-pack"))
    monkeypatch.chdir(own)
    with pytest.raises(VersionError, match="partial clone") as refused:
        Git(own).read("augmented@v0.2.0", "dvc.lock")
    assert not mark.exists()
    sh(own, "git", "config", "--unset", "remote.origin.uploadpack")
    sh(own, "sh", "-c", str(refused.value).split("`")[1])
    assert Git(own).read("augmented@v0.2.0", "dvc.lock")


@pytest.fixture
def served(stranger):
    """The stranger's repository behind the git protocol, on this machine."""
    (stranger / ".git" / "git-daemon-export-ok").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}",
         f"--base-path={stranger.parent}", "--export-all", str(stranger.parent)],
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    url = f"git://127.0.0.1:{port}/stranger"
    while subprocess.run(["git", "ls-remote", url], capture_output=True, check=False).returncode:
        assert process.poll() is None
        time.sleep(0.05)
    yield url
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_of_an_address_only_the_versions_are_fetched(stranger, served):
    sh(stranger, "git", "tag", "nightly")
    sh(stranger, "git", "tag", "Other@v1.0.0")
    sh(stranger, "git", "branch", "work", "nightly")
    with open_repository(served) as git:
        names = git.run("for-each-ref", "--format=%(refname)").splitlines()
        assert names == [
            "refs/tags/augmented#promoted#1", "refs/tags/augmented@v0.1.0",
            "refs/tags/augmented@v0.2.0",
        ]  # fmt: skip
        assert git.read("augmented@v0.2.0", "dvc.lock")


def test_a_repository_whose_objects_break_the_rules_of_git_is_refused(stranger, served):
    blob = sh(stranger, "git", "rev-parse", "augmented@v0.2.0:dvc.lock").strip()
    raw = (
        b"100644 dvc.lock\0"
        + bytes.fromhex(blob)
        + b"40000 .git\0"
        + bytes.fromhex(sh(stranger, "git", "rev-parse", "augmented@v0.2.0^{tree}").strip())
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        cwd=stranger, input=raw, capture_output=True, check=True,
    )  # fmt: skip
    tree = made.stdout.decode().strip()
    commit = sh(
        stranger, "git", "-c", "user.name=a", "-c", "user.email=b@c", "commit-tree", "-m", "x", tree
    ).strip()
    sh(stranger, "git", "tag", "augmented@v0.3.0", commit)
    with pytest.raises(VersionError, match="cannot be read"), open_repository(served):
        pass


def test_more_tags_than_anybody_releases_are_refused(stranger, monkeypatch):
    monkeypatch.setattr("pipeline.versions.foreign.MOST_TAGS", 2)
    with pytest.raises(VersionError, match="3 tags of versions"), open_repository(str(stranger)):
        pass


def test_a_file_larger_than_the_limit_ends_the_fetch(stranger, served, monkeypatch):
    small = replace(git_call.FOREIGN_FETCH, file_bytes=4096)
    monkeypatch.setattr(git_call, "FOREIGN_FETCH", small)
    big = stranger / "big"
    big.write_bytes(os.urandom(1 << 20))
    sh(stranger, "git", "add", "big")
    sh(stranger, "git", "-c", "user.name=a", "-c", "user.email=b@c", "commit", "-qm", "big")
    sh(stranger, "git", "tag", "augmented@v0.3.0")
    with pytest.raises(VersionError, match="cannot be read"), open_repository(served):
        pass

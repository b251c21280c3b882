"""Locks of a killed git or DVC, and a damaged worktree: the next run goes on."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from pipeline.commands.checkup import locks
from pipeline.versions.dvc_locks import clear_dvc
from pipeline.versions.git import Git
from pipeline.versions.leftovers import clear_git
from pipeline.versions.stage_process import run_stage
from pipeline.versions.worktree import fetch_upstream, open_worktree
from pipeline.workspace import Workspace
from tests.toy_workspace import toy_workspace, writes
from tests.versions.conftest import sh


@pytest.fixture
def toy(tmp_path):
    return toy_workspace(tmp_path / "toy", stages={"one": writes("one")})


@pytest.fixture(autouse=True)
def no_time_to_settle(monkeypatch):
    monkeypatch.setattr("pipeline.versions.leftovers.SETTLED_SECONDS", 0.1)


def lock_list(toy, content):
    path = toy.root / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def entry(pid):
    return {"pid": pid, "cmd": "/usr/bin/dvc repro one"}


RECYCLED = os.getppid()
LISTS = {
    "empty": b"",
    "cut": b'{"write": {"/x": {"pid": 12',
    "binary": b"\x00\xff\x00",
    "a list": b"[]",
    "a number": b"7",
    "other types": b'{"write": {"/x": {"pid": "7", "cmd": 1}}}',
    "deep": b"[" * 100_000,
    "huge": b" " * (2 << 20),
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS)
def test_a_damaged_list_of_locks_refuses_no_stage(toy, content):
    path = lock_list(toy, content)
    assert "DVC would refuse every stage" in locks(toy)[1]
    clear_dvc(toy.root)
    assert not path.exists()
    assert locks(toy)[0] == "ok"
    assert not run_stage(toy, "one").cached if content == b"" else True


def test_a_recycled_process_id_in_the_list_refuses_no_stage(toy):
    paths = {str(toy.root / name): entry(RECYCLED) for name in ("one.out", "input.txt")}
    readers = {str(toy.root / "input.txt"): [entry(RECYCLED), entry(1)]}
    lock_list(toy, json.dumps({"write": paths, "read": readers}).encode())
    assert "which is no DVC (any more)" in locks(toy)[1]
    clear_dvc(toy.root)
    assert not run_stage(toy, "one").cached


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_list_of_locks_that_is_no_file_is_removed_without_being_opened(toy, make):
    (toy.root / ".dvc" / "tmp").mkdir()
    make(toy.root / ".dvc" / "tmp" / "rwlock")
    assert locks(toy)[0] == "warning"
    clear_dvc(toy.root)
    assert not (toy.root / ".dvc" / "tmp" / "rwlock").exists()


def test_a_stale_claim_of_a_hardlink_lock_is_removed_and_a_plain_lock_stays(toy):
    folder = toy.root / ".dvc" / "tmp"
    folder.mkdir()
    (folder / "0123.lock").write_text("claim")
    os.link(folder / "0123.lock", folder / "rwlock.lock")
    (folder / "lock").write_text("12345\n")
    clear_dvc(toy.root)
    assert sorted(path.name for path in folder.iterdir()) == ["lock"]


@pytest.fixture
def living(toy):
    """A DVC that a person runs in the workspace, by its name and folder."""
    program = "import time; print(flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "dvc", "repro"], cwd=toy.root, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_the_locks_of_a_living_dvc_stay_and_those_beside_them_go(toy, living):
    kept, gone = {"/a": entry(living.pid)}, {"/b": entry(RECYCLED)}
    path = lock_list(toy, json.dumps({"write": kept | gone, "read": {}}).encode())
    clear_dvc(toy.root)
    assert json.loads(path.read_bytes()) == {"write": kept, "read": {}}
    assert locks(toy)[0] == "ok"


@pytest.mark.parametrize(
    "name",
    [
        "packed-refs.lock",
        "shallow.lock",
        "config.lock",
        "HEAD.lock",
        "refs/tags/augmented@v0.1.0.lock",
        "refs/remotes/origin/main.lock",
        "refs/heads/deep/er.lock",
    ],
)
def test_shared_locks_of_a_dead_git_go_and_the_doctor_tells_of_them(toy, name):
    lock = toy.root / ".git" / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert f"{lock} is a lock of a git that has ended" in locks(toy)[1]
    clear_git(toy.root)
    assert not lock.exists()


def test_the_users_own_index_is_left_to_the_user_and_the_advice_works(toy):
    lock = toy.root / ".git" / "index.lock"
    lock.touch()
    clear_git(toy.root)
    assert lock.exists()
    level, told = locks(toy)
    assert level == "warning"
    sh(toy.root, "sh", "-c", told.split("`")[1])
    assert locks(toy)[0] == "ok"


def test_no_lock_is_removed_while_a_git_is_at_work_there(toy):
    lock = toy.root / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    process = subprocess.Popen(
        ["git", "cat-file", "--batch"], cwd=toy.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        while psutil.Process(process.pid).name() != "git":
            time.sleep(0.01)
        clear_git(toy.root)
        assert lock.exists()
        assert locks(toy)[0] == "ok"
    finally:
        process.communicate()
    clear_git(toy.root)
    assert not lock.exists()


def test_a_fetch_goes_on_after_a_killed_one(toy, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(toy.root), "origin.git")
    sh(toy.root, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    sh(toy.root, "git", "fetch", "--quiet", "origin")
    branch = sh(toy.root, "git", "branch", "--show-current").strip()
    sh(toy.root, "git", "branch", "--quiet", f"--set-upstream-to=origin/{branch}")
    commit = sh(toy.root, "git", "-c", "user.name=a", "-c", "user.email=b", "commit-tree", "-p",
                "HEAD", "-m", "more", "HEAD^{tree}").strip()  # fmt: skip
    sh(toy.root, "git", "push", "--quiet", "origin", f"{commit}:refs/heads/{branch}")
    sh(toy.root, "git", "update-ref", f"refs/remotes/origin/{branch}", "HEAD")
    (toy.root / ".git" / "refs" / "remotes" / "origin" / f"{branch}.lock").touch()
    clear_git(toy.root)
    assert fetch_upstream(toy) == "origin"
    assert Git(toy.root).head() != commit
    assert Git(open_worktree(toy).root).head() == commit


def administration(toy):
    (found,) = (toy.root / ".git" / "worktrees").iterdir()
    return found


def damage(toy, how):
    place, own = toy.private / "worktree", administration(toy)
    if how == "locked":
        (own / "locked").write_text("initializing")
    elif how == "locked and gone":
        (own / "locked").touch()
        subprocess.run(["rm", "-r", str(place)], check=True)
    elif how.endswith(".lock"):
        (own / how).touch()
    elif how == "no HEAD":
        (own / "HEAD").unlink()
    elif how == "no folder":
        subprocess.run(["rm", "-r", str(own)], check=True)
    else:
        path, content = {
            "index": (own / "index", b"DIRC\0\0\0\2garbage"),
            "empty index": (own / "index", b""),
            "HEAD": (own / "HEAD", b""),
            "commondir": (own / "commondir", b"/nowhere"),
            "gitfile": (place / ".git", b"\0\xff"),
            "other gitfile": (place / ".git", b"gitdir: /nowhere/worktrees/x\n"),
        }[how]
        path.write_bytes(content)


@pytest.mark.parametrize(
    "how",
    [
        "locked", "locked and gone", "index.lock", "HEAD.lock", "ORIG_HEAD.lock", "index",
        "empty index", "HEAD", "no HEAD", "commondir", "gitfile", "other gitfile", "no folder",
    ],
)  # fmt: skip
def test_a_worktree_that_is_locked_or_damaged_is_mended_or_made_anew(toy, how):
    open_worktree(toy)
    damage(toy, how)
    (toy.root / "params.yaml").write_text("seed: 2\n")
    sh(toy.root, "git", "-c", "user.name=a", "-c", "user.email=b", "commit", "-qam", "two")
    again = open_worktree(toy)
    assert isinstance(again, Workspace)
    assert (again.root / "params.yaml").read_text() == "seed: 2\n"
    assert Git(again.root).head() == Git(toy.root).head()
    assert len(list((toy.root / ".git" / "worktrees").iterdir())) == 1

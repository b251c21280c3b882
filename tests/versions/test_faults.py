"""A release that is killed, or runs out of disk, leaves nothing half done; the next finishes it."""

import contextlib
import os
import random
import resource
import shutil
import signal
import time

import numpy as np
import pytest

from pipeline.errors import EquipoiseError
from pipeline.params import load_params
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.workspace import Workspace
from tests.versions.conftest import sh, take_in, users_state

STEPS = (
    "release: sending",
    "release: sent",
    "release: the remote holds",
    "release: wrote the commit",
    "release: tagged",
)


def start(workspace, *, kill_at=None, before=lambda: None):
    """Release in a process of its own that kills itself with -9 when told the line `kill_at`."""

    def listen(line):
        if kill_at and line.startswith(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child:
        with contextlib.suppress(PermissionError):
            os.setpgid(child, child)
        return child
    code = 99
    try:
        os.setpgid(0, 0)
        before()
        release(workspace, load_params(workspace.params_file), on_line=listen)
        code = 0
    except EquipoiseError as error:
        (workspace.root / ".equipoise" / "told").write_text(str(error))
        code = error.exit_code
    finally:
        os._exit(code)


def end_of(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def versions_of(workspace):
    return [str(one.version) for one in list_releases(Git(workspace.root), "augmented")]


def assert_whole(workspace, tmp_path, version="v0.1.0"):
    """There is exactly one version, promoted once, and it can be pulled and verified."""
    git = Git(workspace.root)
    (one,) = list_releases(git, "augmented")
    assert (str(one.version), one.promotion) == (version, 1)
    pull(git, one, tmp_path / "pulled")


def test_killed_at_each_step_the_same_command_ends_with_exactly_one_version(workspace, tmp_path):
    (workspace.root / "uncommitted.txt").write_text("mine")
    before = users_state(workspace.root)
    for step in STEPS:
        assert end_of(start(workspace, kill_at=step)) == -signal.SIGKILL, step
        assert versions_of(workspace) == (["v0.1.0"] if step == STEPS[-1] else [])
        assert users_state(workspace.root) == before
    # Nobody has been told of the version yet, since the run that made it was killed.
    assert release(workspace, load_params(workspace.params_file)).is_new
    assert users_state(workspace.root) == before
    assert_whole(workspace, tmp_path)


def test_ten_kills_at_random_times_lose_nothing(workspace, tmp_path):
    before = users_state(workspace.root)
    chance = random.Random(20261121)
    for _ in range(10):
        child = start(workspace)
        time.sleep(chance.uniform(0.05, 1.2))
        os.killpg(child, signal.SIGKILL)
        assert end_of(child) in (0, -signal.SIGKILL)
        assert users_state(workspace.root) == before
    release(workspace, load_params(workspace.params_file))
    assert users_state(workspace.root) == before
    assert_whole(workspace, tmp_path)


def test_locks_that_a_killed_git_left_behind_do_not_stop_the_next_release(workspace, params):
    # What SIGKILL leaves between `prepare` and `commit` of git's reference transaction.
    left = (
        workspace.root / ".git" / "refs" / "tags" / "augmented@v0.1.0.lock",
        workspace.private / "release-index.lock",
    )
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (0, 0))
    assert release(workspace, params).version == "v0.1.0"
    assert not any(path.exists() for path in left)


@pytest.fixture
def large(finished_run, tmp_path):
    """A finished run one of whose outputs holds a file of 3 MB."""
    shutil.copytree(finished_run, tmp_path / "large", symlinks=True)
    root = tmp_path / "large"
    noise = np.random.default_rng(0).bytes(3_000_000)
    (root / "data" / "trial" / "noise.bin").write_bytes(noise)
    take_in(root)
    return Workspace(root)


def test_a_full_disk_ends_in_a_sentence_and_leaves_the_released_version_intact(large, tmp_path):
    (large.root / "data" / "trial" / "noise.bin").rename(tmp_path / "noise.bin")
    take_in(large.root)
    release(large, load_params(large.params_file))
    (tmp_path / "noise.bin").rename(large.root / "data" / "trial" / "noise.bin")
    take_in(large.root)

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    assert end_of(start(large, before=no_room)) == 2
    assert "nothing was released" in (large.root / ".equipoise" / "told").read_text()
    assert_whole(large, tmp_path)
    assert release(large, load_params(large.params_file)).version == "v0.1.1"


def test_too_little_room_is_told_before_anything_is_sent(workspace, params, monkeypatch):
    usage = shutil.disk_usage(workspace.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(Exception, match="0 MB free, and the release needs"):
        release(workspace, params)
    assert not (workspace.root / ".equipoise" / "remote").exists()
    assert sh(workspace.root, "git", "tag") == ""

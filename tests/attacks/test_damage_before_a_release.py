"""What the remote had before is read back at every release: nothing damaged becomes a version."""

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import VersionError
from pipeline.params import load_params
from pipeline.versions.evidence import gather
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.local_store import LocalStore
from pipeline.versions.pin import read_settings
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from tests.attacks.stranger import own_remote
from tests.versions.conftest import finish, sh


@pytest.fixture
def next_run(released, released_run):
    """A released workspace with a remote of its own, where the next run has finished."""
    store = own_remote(released.root, released_run)
    before = {one.md5: one.n_bytes for one in store.objects()}
    finish(released.root, seed=1)
    return released, store, before


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def objects_of(workspace):
    """The objects that the finished run will release."""
    params, git = load_params(workspace.params_file), Git(workspace.root)
    return gather(workspace, params, git, read_settings(workspace)).objects


def kept_by_next(workspace, before):
    """Objects of the first version that the next one holds as well, the largest first."""
    return sorted(set(before) & set(objects_of(workspace)), key=lambda md5: -before[md5])


def test_every_object_that_was_there_before_is_read_back(next_run, monkeypatch):
    workspace, store, before = next_run
    kept = kept_by_next(workspace, before)
    assert kept
    for md5 in kept:
        flip(store.path(md5))
    with pytest.raises(VersionError, match="holds damaged data") as refused:
        release(workspace, load_params(workspace.params_file))
    assert all(f"object {md5} is damaged: other bytes" in str(refused.value) for md5 in kept)
    assert sh(workspace.root, "git", "tag", "--list", "augmented@*").split() == ["augmented@v0.1.0"]

    # The remedy of the sentence.
    assert "equipoise verify --repair" in str(refused.value)
    monkeypatch.chdir(workspace.root)
    mended = CliRunner().invoke(app, ["verify", "--repair"])
    assert mended.exit_code == 0, mended.output
    assert f"{len(kept)} problem" in mended.output
    release(workspace, load_params(workspace.params_file))


@pytest.mark.parametrize("position", [0, -1])
def test_one_flipped_bit_is_enough_each_time(next_run, position):
    workspace, store, before = next_run
    flip(store.path(kept_by_next(workspace, before)[position]))
    for _ in range(3):
        with pytest.raises(VersionError, match="holds damaged data"):
            release(workspace, load_params(workspace.params_file))


def test_what_an_interrupted_run_left_damaged_is_replaced_and_told(next_run, tmp_path):
    workspace, store, before = next_run
    objects = objects_of(workspace)
    fresh = sorted(set(objects) - set(before))
    for number, md5 in enumerate(fresh):
        # DVC takes these for sent: of the right size with other bytes, or cut off.
        scratch = tmp_path / "scratch"
        scratch.write_bytes(b"x" * (objects[md5] - number % 2))
        store.put(md5, scratch)
    told = []
    release(workspace, load_params(workspace.params_file), on_line=told.append)
    assert all(any(f"object {md5} was " in line for line in told) for md5 in fresh)
    git = Git(workspace.root)
    pull(git, list_releases(git, "augmented")[-1], tmp_path / "pulled")


@pytest.mark.parametrize("is_edited", [False, True])
def test_what_neither_cache_nor_remote_holds_is_brought_back_only_as_it_was(next_run, is_edited):
    workspace, store, before = next_run
    cache = LocalStore(workspace.root / ".dvc" / "cache")
    new = sorted(md5 for md5 in set(objects_of(workspace)) - set(before) if md5[-4:] != ".dir")
    flip(cache.path(new[0]))
    with pytest.raises(VersionError, match="does not hold what was sent") as refused:
        release(workspace, load_params(workspace.params_file))
    for place in (cache, store):
        place.path(new[0]).unlink(missing_ok=True)
    if is_edited:
        for path in workspace.synthetic.rglob("*.parquet"):
            path.write_bytes(path.read_bytes() + b"edited")
    lock = (workspace.root / "dvc.lock").read_bytes()
    (command,) = re.findall("`(dvc [^`]*)`", str(refused.value))
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=workspace.root, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode != 0) == is_edited
    assert (workspace.root / "dvc.lock").read_bytes() == lock
    if is_edited:
        with pytest.raises(VersionError, match="is not what its stage wrote"):
            release(workspace, load_params(workspace.params_file))
    else:
        assert release(workspace, load_params(workspace.params_file))

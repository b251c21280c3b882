"""An object that is no regular file of the remote, or longer than it should be, is not read."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from pipeline.errors import VersionError
from pipeline.versions.git import Git
from pipeline.versions.local_store import LocalStore
from pipeline.versions.pull import pull
from pipeline.versions.store import read_back
from pipeline.versions.verification import verify
from tests.attacks.stranger import details_with, in_release, own_remote, rewrite, the_release


@pytest.fixture
def attacked(released, released_run):
    store = own_remote(released.root, released_run)
    return released.root, store


def largest_file(store):
    paths = [path for path in store._root.rglob("*") if path.is_file()]
    path = max(paths, key=lambda path: path.stat().st_size)
    return path, path.parent.name + path.name


def as_pipe(path):
    os.mkfifo(path)


def as_link_to_zeros(path):
    path.symlink_to("/dev/zero")


def as_folder(path):
    path.mkdir()


def as_socket(path):
    place = Path.cwd()
    os.chdir(path.parent)  # The address of a socket has 108 bytes at most.
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(place)


def as_link_out(path):
    outside = path.parents[4] / "outside"
    outside.write_bytes(b"x")
    path.symlink_to(outside)


def as_link_to_another(path):
    other = next(one for one in path.parent.parent.rglob("*") if one.is_file())
    path.symlink_to(other)


def as_link_to_nothing(path):
    path.symlink_to("nowhere")


def as_link_to_itself(path):
    path.symlink_to(path.name)


WORDS = {
    as_pipe: "a named pipe",
    as_link_to_zeros: "a link",
    as_folder: "a folder",
    as_socket: "a socket",
    as_link_out: "a link",
    as_link_to_another: "a link",
    as_link_to_nothing: "a link",
    as_link_to_itself: "a link",
}


@pytest.mark.parametrize("make", WORDS)
def test_it_is_refused_by_pull_named_by_verify_and_mended_by_repair(attacked, make, tmp_path):
    root, store = attacked
    path, md5 = largest_file(store)
    path.unlink()
    make(path)
    git, release = Git(root), the_release(root)
    with pytest.raises(VersionError, match=f"object {md5} is {WORDS[make]}"):
        pull(git, release, tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()
    (problem,) = verify(git, [release], read_data=True).problems
    assert (problem.md5, problem.what.startswith(WORDS[make])) == (md5, True)
    assert read_back(store, [md5])[md5].startswith(WORDS[make])
    if make is as_folder:
        (problem,) = verify(git, [release], read_data=True, repair=True).problems
        assert "is a folder, where an object's file is expected" in problem.remedy
        path.rmdir()  # The remedy of that sentence.
    assert verify(git, [release], read_data=True, repair=True).problems == []
    pull(git, release, tmp_path / "pulled")


def test_a_folder_of_objects_that_leads_elsewhere_is_neither_read_nor_written(attacked, tmp_path):
    root, store = attacked
    path, _ = largest_file(store)
    outside = tmp_path / "outside"
    shutil.move(path.parent, outside)
    path.parent.symlink_to(outside)
    before = sorted(outside.iterdir())
    git, release = Git(root), the_release(root)
    with pytest.raises(VersionError, match="in a folder that leads out of"):
        pull(git, release, tmp_path / "pulled")
    problems = verify(git, [release], read_data=True, repair=True).problems
    assert problems
    assert all("in a folder that leads out of" in problem.what for problem in problems)
    assert sorted(outside.iterdir()) == before


def test_a_bad_copy_in_a_cache_whose_folder_leads_elsewhere_is_not_deleted(attacked, tmp_path):
    root, _ = attacked
    cache = LocalStore(root / ".dvc" / "cache")
    path, _ = largest_file(cache)
    outside = tmp_path / "outside"
    shutil.move(path.parent, outside)
    path.parent.symlink_to(outside)
    for one in outside.iterdir():
        one.chmod(0o644)
        one.write_bytes(b"precious")
    before = sorted(outside.iterdir())
    found = verify(Git(root), [the_release(root)], read_data=True, repair=True)
    assert sorted(outside.iterdir()) == before
    assert all("leads out of" in problem.what for problem in found.problems)


def test_a_remote_that_is_itself_a_link_works(attacked, tmp_path):
    root, _ = attacked
    remote = root / ".equipoise" / "remote"
    shutil.move(remote, tmp_path / "bigger-disk")
    remote.symlink_to(tmp_path / "bigger-disk")
    pull(Git(root), the_release(root), tmp_path / "pulled")


@pytest.mark.parametrize("sparse_bytes", [2**20, 2**40])
def test_not_a_byte_more_than_the_release_states_is_written(attacked, sparse_bytes, tmp_path):
    root, store = attacked
    path, md5 = largest_file(store)
    path.chmod(0o644)
    os.truncate(path, sparse_bytes)
    written = []
    git, release = Git(root), the_release(root)
    with pytest.raises(VersionError, match=f"object {md5} is longer than the [0-9,]+ bytes"):
        pull(git, release, tmp_path / "pulled", on_progress=lambda done, _: written.append(done))
    assert max(written, default=0) <= 2**20 + sum(
        one.stat().st_size for one in store._root.rglob("*") if one.is_file() and one != path
    )
    assert not (tmp_path / "pulled").exists()


def test_a_version_that_states_more_than_the_disk_holds_is_refused_before_it_is_read(
    attacked, tmp_path
):
    root, store = attacked
    _, md5 = largest_file(store)
    objects = json.loads(in_release(root, "reports/release.json"))["objects"]
    rewrite(root, {"reports/release.json": details_with(root, objects={**objects, md5: 2**50})})
    with pytest.raises(VersionError, match=r"needs 1,125,899,9\d\d MB, and the disk of .* has"):
        pull(Git(root), the_release(root), tmp_path / "pulled")


def test_an_object_of_no_stated_size_is_not_fetched(attacked, tmp_path):
    root, store = attacked
    _, md5 = largest_file(store)
    objects = json.loads(in_release(root, "reports/release.json"))["objects"]
    objects.pop(md5)
    rewrite(root, {"reports/release.json": details_with(root, objects=objects)})
    with pytest.raises(VersionError, match=f"does not say how large the object {md5} is"):
        pull(Git(root), the_release(root), tmp_path / "pulled")


def test_a_file_in_place_of_a_folder_of_objects_is_told(attacked, tmp_path):
    root, store = attacked
    path, _ = largest_file(store)
    shutil.rmtree(path.parent)
    path.parent.write_text("no folder")
    with pytest.raises(VersionError, match="below a file, where a folder is expected"):
        pull(Git(root), the_release(root), tmp_path / "pulled")

import os
import shutil

import pytest

from pipeline.errors import VersionError
from pipeline.versions.garbage import find_garbage, remove
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.versions.store import LocalStore
from pipeline.versions.verification import verify
from tests.versions.conftest import finish, sh

ORPHAN = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


@pytest.fixture(scope="module")
def two_versions(finished_run, tmp_path_factory):
    """Two releases with data of their own."""
    root = tmp_path_factory.mktemp("two") / "workspace"
    shutil.copytree(finished_run, root, symlinks=True)
    for seed in (0, 4):
        release(*finish(root, seed=seed))
    return root


@pytest.fixture
def root(two_versions, tmp_path):
    """The same in its place, since versions name their remote by its path, and put back after."""
    kept, root = tmp_path / "kept", two_versions
    shutil.copytree(root, kept, symlinks=True)
    for store in stores(root):
        path = store.path(ORPHAN)
        path.parent.mkdir(exist_ok=True)
        path.write_text("nobody needs this")
        os.utime(path, (0, 0))
    yield root
    shutil.rmtree(root)
    shutil.copytree(kept, root, symlinks=True)


def stores(root):
    return LocalStore(root / ".dvc" / "cache"), LocalStore(root / ".equipoise" / "remote")


def names(objects):
    return {one.md5 for one in objects}


def test_what_nothing_points_at_goes_and_every_version_still_pulls(root, tmp_path):
    git = Git(root)
    garbage = find_garbage(git, "augmented", keep=2, in_remote=True)
    assert names(garbage.cache) == names(garbage.remote) == {ORPHAN}
    remove(git, garbage)
    releases = list_releases(git, "augmented")
    assert verify(git, releases, read_data=True).problems == []
    for number, one in enumerate(releases):
        pull(git, one, tmp_path / f"pulled-{number}")


def test_older_versions_leave_the_cache_but_never_the_remote(root):
    git = Git(root)
    garbage = find_garbage(git, "augmented", keep=1, in_remote=True)
    assert names(garbage.remote) == {ORPHAN}
    assert len(garbage.cache) > 1
    remove(git, garbage)
    assert verify(git, list_releases(git, "augmented"), read_data=True).problems == []
    cache, _ = stores(root)
    newest = list_releases(git, "augmented")[-1]
    assert newest.record is not None
    assert all(cache.size(md5) for md5 in newest.record.outputs.values())


def test_looking_removes_nothing(root):
    before = [names(store.objects()) for store in stores(root)]
    find_garbage(Git(root), "augmented", keep=0, in_remote=True)
    assert [names(store.objects()) for store in stores(root)] == before


def test_what_the_work_tree_needs_stays_even_when_no_version_is_kept(root):
    garbage = find_garbage(Git(root), "augmented", keep=0)
    newest = list_releases(Git(root), "augmented")[-1]
    assert newest.record is not None
    assert not names(garbage.cache) & set(newest.record.outputs.values())


def test_the_last_good_copy_is_never_removed(root):
    _, remote = stores(root)
    oldest = list_releases(Git(root), "augmented")[0]
    assert oldest.record is not None
    md5 = oldest.record.outputs["data/augmented"]
    remote.remove(md5)
    garbage = find_garbage(Git(root), "augmented", keep=1)
    assert md5 not in names(garbage.cache)
    assert garbage.kept_back == 1


def test_what_came_to_the_remote_today_stays(root):
    _, remote = stores(root)
    os.utime(remote.path(ORPHAN))
    assert find_garbage(Git(root), "augmented", keep=2, in_remote=True).remote == []


def test_data_that_only_a_branch_names_stay(root):
    git = Git(root)
    for tag in sh(root, "git", "tag").split():
        sh(root, "git", "branch", f"keep-{tag.replace('@', '-').replace('#', '-')}", tag)
        sh(root, "git", "tag", "-d", tag)
    assert names(find_garbage(git, "augmented", keep=0).cache) == {ORPHAN}


def test_a_branch_whose_needs_nobody_knows_stops_everything(root):
    git = Git(root)
    oldest = list_releases(git, "augmented")[0]
    assert oldest.record is not None
    sh(root, "git", "branch", "other", oldest.tag)
    sh(root, "git", "tag", "-d", oldest.tag)
    for store in stores(root):
        store.remove(oldest.record.outputs["data/augmented"])
    with pytest.raises(VersionError, match="nothing was removed"):
        find_garbage(git, "augmented", keep=0)

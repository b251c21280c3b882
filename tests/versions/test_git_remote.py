import pytest

from pipeline.errors import VersionError
from pipeline.params import Params, ReleaseParams
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.release import release
from tests.versions.conftest import finish, sh

WITH_REMOTE = Params(release=ReleaseParams(git_remote="origin"))


@pytest.fixture
def origin(workspace, tmp_path):
    """An empty bare repository that the workspace knows as `origin`."""
    sh(tmp_path, "git", "init", "--quiet", "--bare", "origin.git")
    sh(workspace.root, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    return tmp_path / "origin.git"


def versions_of(root):
    return [str(one.version) for one in list_releases(Git(root), "augmented")]


def test_a_release_is_pushed_with_its_commit_and_no_branch(workspace, origin):
    outcome = release(workspace, WITH_REMOTE)
    assert versions_of(origin) == ["v0.1.0"]
    assert sh(origin, "git", "branch", "--list") == ""
    assert sh(origin, "git", "cat-file", "-t", outcome.commit).strip() == "commit"


def test_a_number_that_a_colleague_used_is_not_given_twice(workspace, origin):
    release(workspace, WITH_REMOTE)
    sh(workspace.root, "git", "tag", "-d", "augmented@v0.1.0", "augmented#promoted#1")
    changed, _ = finish(workspace.root, seed=3)
    outcome = release(changed, WITH_REMOTE)
    assert outcome.version == "v0.2.0"
    assert "augmented#promoted#2" in sh(origin, "git", "tag").split()


def test_what_could_not_be_pushed_is_pushed_by_the_next_run(workspace, origin):
    release(workspace, Params())
    assert versions_of(origin) == []
    assert not release(workspace, WITH_REMOTE).is_new
    assert versions_of(origin) == ["v0.1.0"]


def test_a_git_remote_out_of_reach_is_told_before_anything_is_sent(workspace, origin):
    sh(workspace.root, "git", "remote", "set-url", "origin", "/nowhere/to/be/found.git")
    with pytest.raises(VersionError, match=r"'origin' \(`release.git_remote` in params.yaml\)"):
        release(workspace, WITH_REMOTE)
    assert not (workspace.private / "remote").exists()

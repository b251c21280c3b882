import json

import pytest

from pipeline.errors import TransferError, VersionError
from pipeline.params import ReleaseParams, load_params
from pipeline.versions.git import Git
from pipeline.versions.git_remote import publish_tags
from pipeline.versions.listing import list_releases
from pipeline.versions.release import release
from pipeline.workspace import write_bytes
from tests.released import release as release_by_hand
from tests.versions.conftest import finish, sh


def release_to(workspace, remote="origin"):
    """Release with `release.git_remote` set in params.yaml, as its user would."""
    params = load_params(workspace.params_file)
    asked = params.model_copy(update={"release": ReleaseParams(git_remote=remote)})
    write_bytes(workspace.params_file, json.dumps(asked.model_dump(mode="json")).encode())
    return release(workspace, load_params(workspace.params_file))


@pytest.fixture
def origin(workspace, tmp_path):
    """An empty bare repository that the workspace knows as `origin`."""
    sh(tmp_path, "git", "init", "--quiet", "--bare", "origin.git")
    sh(workspace.root, "git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    return tmp_path / "origin.git"


def versions_of(root):
    return [str(one.version) for one in list_releases(Git(root), "augmented")]


def tags_of(root):
    return sh(root, "git", "tag").split()


def test_a_release_is_pushed_with_its_commit_and_no_branch(workspace, origin):
    outcome = release_to(workspace)
    assert versions_of(origin) == ["v0.1.0"]
    assert sh(origin, "git", "branch", "--list") == ""
    assert sh(origin, "git", "cat-file", "-t", outcome.commit).strip() == "commit"


def test_a_number_that_a_colleague_used_is_not_given_twice(workspace, origin):
    release_to(workspace)
    sh(workspace.root, "git", "tag", "-d", "augmented@v0.1.0", "augmented#promoted#1")
    changed, _ = finish(workspace.root, seed=3)
    outcome = release_to(changed)
    assert outcome.version == "v0.2.0"
    assert "augmented#promoted#2" in sh(origin, "git", "tag").split()


def test_what_could_not_be_pushed_is_pushed_by_the_next_run(workspace, origin):
    release(workspace, load_params(workspace.params_file))
    assert versions_of(origin) == []
    assert not release_to(workspace).is_new
    assert versions_of(origin) == ["v0.1.0"]


@pytest.fixture
def refusing(origin):
    """`origin` takes no push while this file exists."""
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return hook


def test_a_release_whose_push_failed_is_pushed_with_its_promotion_and_is_still_news(
    workspace, origin, refusing
):
    with pytest.raises(TransferError, match="could not be pushed to 'origin'"):
        release_to(workspace)
    refusing.unlink()
    again = release_to(workspace)
    assert tags_of(origin) == ["augmented#promoted#1", "augmented@v0.1.0"]
    assert again.is_new
    assert again.sentence.startswith("Released augmented v0.1.0: helps, +3.0 points")
    assert not release_to(workspace).is_new


def publish(root):
    """Publish what stands here; returns what was told."""
    told = []
    publish_tags(Git(root), "origin", "augmented", on_line=told.append)
    return told


def test_a_version_whose_push_failed_is_pushed_with_the_next_one(workspace, origin, refusing):
    release_by_hand(workspace.root, "v0.1.0", promotion=1)
    with pytest.raises(TransferError):
        publish(workspace.root)
    refusing.unlink()
    release_by_hand(workspace.root, "v0.2.0")
    publish(workspace.root)
    assert versions_of(origin) == ["v0.1.0", "v0.2.0"]
    assert publish(workspace.root) == []


def test_no_tag_but_those_of_this_datasets_versions_is_pushed(workspace, origin):
    release_by_hand(workspace.root, "v0.1.0")
    for name in ("augmented@v0.0.9-mine", "augmented#mine", "other@v1.0.0", "mine"):
        sh(workspace.root, "git", "tag", name)
    publish(workspace.root)
    assert tags_of(origin) == ["augmented@v0.1.0"]


def test_a_git_remote_out_of_reach_is_told_before_anything_is_sent(workspace, origin):
    sh(workspace.root, "git", "remote", "set-url", "origin", "/nowhere/to/be/found.git")
    with pytest.raises(VersionError, match=r"'origin' \(`release.git_remote` in params.yaml\)"):
        release_to(workspace)
    assert not (workspace.private / "remote").exists()

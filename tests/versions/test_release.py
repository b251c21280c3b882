import shutil
import sys
from pathlib import Path

import pytest

from pipeline.errors import VersionError
from pipeline.params import load_params
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.workspace import Workspace, sha256_of, verify_manifest
from tests.versions.conftest import dvc, finish, sh, users_state


def released_versions(workspace):
    return [str(one.version) for one in list_releases(Git(workspace.root), "augmented")]


def test_the_first_release_is_v0_1_0_and_promoted_when_the_verdict_allows(released_run):
    tags = sh(released_run, "git", "tag").split()
    assert tags == ["augmented#promoted#1", "augmented@v0.1.0"]


def test_a_release_leaves_branch_index_and_uncommitted_files_alone(workspace, params):
    (workspace.root / "staged.txt").write_text("staged")
    sh(workspace.root, "git", "add", "staged.txt")
    (workspace.root / "dvc.yaml").open("a").write("# edited, not committed\n")
    before = users_state(workspace.root)
    release(workspace, params)
    assert users_state(workspace.root) == before


def test_the_released_commit_holds_what_a_consumer_needs_and_no_more(workspace, params):
    (workspace.root / "private-notes.txt").write_text("not to be released")
    outcome = release(workspace, params)
    names = sh(workspace.root, "git", "ls-tree", "-r", "--name-only", outcome.tag).split()
    assert {"params.yaml", "dvc.yaml", "dvc.lock", ".dvc/config", "reports/metrics.json"} <= set(
        names
    )
    assert "private-notes.txt" not in names
    config = sh(workspace.root, "git", "show", f"{outcome.tag}:.dvc/config")
    assert f"url = {workspace.root}/.equipoise/remote" in config
    assert (
        sh(workspace.root, "git", "rev-parse", f"{outcome.tag}^{{commit}}~1", "HEAD").split()[0]
        == sh(workspace.root, "git", "rev-parse", "HEAD").strip()
    )


def test_nothing_changed_means_no_version_and_a_sentence(released, params):
    outcome = release(released, params)
    assert not outcome.is_new
    assert outcome.sentence == (
        "Nothing changed since augmented v0.1.0, so there is no new version."
    )
    assert released_versions(released) == ["v0.1.0"]


def test_another_seed_is_a_patch_and_without_promotion_there_is_one_tag_less(released):
    root = released.root
    workspace, params = finish(root, seed=0, promoted=False)
    outcome = release(workspace, params)
    assert (outcome.version, outcome.promoted) == ("v0.1.1", False)
    assert sh(root, "git", "tag", "--list", "*promoted*").split() == ["augmented#promoted#1"]


def test_other_source_data_are_a_minor_step(released):
    workspace, params = finish(released.root, seed=5)
    assert release(workspace, params).version == "v0.2.0"
    assert released_versions(workspace) == ["v0.1.0", "v0.2.0"]


def test_a_release_works_before_the_first_commit(finished_run, tmp_path, params):
    root = tmp_path / "workspace"
    shutil.copytree(finished_run, root, ignore=shutil.ignore_patterns(".git"))
    sh(root, "git", "init", "--quiet")
    outcome = release(Workspace(root), params)
    assert sh(root, "git", "rev-list", outcome.tag).split() == [outcome.commit]


def test_a_release_works_on_a_detached_head_without_an_identity(workspace, params, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    sh(workspace.root, "git", "checkout", "--quiet", "--detach")
    outcome = release(workspace, params)
    author = sh(workspace.root, "git", "show", "-s", "--format=%an <%ae>", outcome.commit)
    assert author.strip() == "Equipoise <equipoise@localhost>"


def test_a_promotion_that_was_cut_off_is_made_good(released, params):
    sh(released.root, "git", "tag", "-d", "augmented#promoted#1")
    outcome = release(released, params)
    assert not outcome.is_new
    assert sh(released.root, "git", "tag").split() == ["augmented#promoted#1", "augmented@v0.1.0"]


def test_an_output_that_changed_after_its_stage_is_refused(workspace, params):
    (workspace.augmented / "README.md").write_text("edited by hand")
    with pytest.raises(VersionError, match="is not what its stage wrote"):
        release(workspace, params)
    assert released_versions(workspace) == []


def test_data_that_did_not_reach_the_remote_are_never_released(workspace, params):
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    with pytest.raises(VersionError):
        release(workspace, params)
    assert released_versions(workspace) == []


def test_objects_that_dvc_takes_for_present_are_sent_all_the_same(workspace, params):
    # `dvc push` looks no further where a folder's listing is in the remote already.
    dvc(workspace.root, "push", "--quiet")
    store = workspace.root / ".equipoise" / "remote" / "files" / "md5"
    for path in store.rglob("*"):
        if path.is_file() and path.suffix != ".dir":
            path.unlink()
    assert release(workspace, params).is_new
    pull(Git(workspace.root), list_releases(Git(workspace.root), "augmented")[0], store / "pulled")


def test_a_folder_outside_git_is_refused_with_the_way_out(tmp_path, params):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    with pytest.raises(VersionError, match="Run `git init`"):
        release(Workspace(tmp_path), params)


def test_plain_dvc_gets_the_data_from_a_bare_clone(released_run, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(released_run), "bare.git")
    dvc(tmp_path, "get", "bare.git", "data/augmented", "--rev", "augmented@v0.1.0", "-o", "got")
    listed = load_params(released_run / "params.yaml")
    assert listed.seed == 0
    assert sha256_of(tmp_path / "got" / "manifest.json") == sha256_of(
        released_run / "data" / "augmented" / "manifest.json"
    )


def test_a_workspace_in_a_folder_of_a_larger_repository_releases_and_pulls(
    finished_run, tmp_path, params
):
    root = tmp_path / "large" / "projects" / "digits"
    shutil.copytree(finished_run, root, ignore=shutil.ignore_patterns(".git"))
    sh(tmp_path / "large", "git", "init", "--quiet")
    (tmp_path / "large" / "other.txt").write_text("of another project")
    outcome = release(Workspace(root), params)
    names = sh(tmp_path / "large", "git", "ls-tree", "-r", "--name-only", outcome.tag).split()
    assert "projects/digits/dvc.lock" in names
    assert "other.txt" not in names
    git = Git(tmp_path / "large")
    pull(git, list_releases(git, "augmented")[0], tmp_path / "pulled")


def test_the_plain_commands_of_dvc_and_gto_work_on_a_bare_clone(released_run, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(released_run), "bare.git")
    gto = Path(sys.executable).with_name("gto")
    shown = sh(tmp_path, str(gto), "show", "--repo", "bare.git")
    assert "v0.1.0" in shown
    assert "#promoted" in shown
    dvc(tmp_path, "artifacts", "get", "bare.git", "augmented", "--stage", "promoted", "-o", "got")
    verify_manifest(tmp_path / "got")

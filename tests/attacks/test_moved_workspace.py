"""A workspace that was renamed, moved, copied or cloned finds its data, and none is built anew."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.identity import identity_token
from pipeline.cli import app
from pipeline.commands.checkup import remote as remote_check
from pipeline.errors import VersionError
from pipeline.params import load_params
from pipeline.stages.ready import require_remote
from pipeline.versions.dvc import run_dvc
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.versions.remote import effective_remote, remote_of_config
from pipeline.versions.remote_settings import set_remote
from pipeline.versions.setup import keep_private
from pipeline.versions.verification import verify
from pipeline.versions.worktree import open_worktree
from pipeline.workspace import Workspace, verify_manifest
from tests.attacks.stranger import files_below, in_release, rewrite
from tests.versions.conftest import dvc, finish, sh

TAG = "augmented@v0.1.0"


def released_in(workspace: Workspace) -> Workspace:
    release(workspace, load_params(workspace.params_file))
    return workspace


def moved_to(workspace: Workspace, name: str) -> Workspace:
    """Rename the workspace's folder; the old path is gone."""
    target = workspace.root.parent / name
    workspace.root.rename(target)
    return Workspace(target)


@pytest.fixture
def moved(workspace):
    """A workspace that released v0.1.0 and was renamed since; its old path must stay away."""
    place = moved_to(released_in(workspace), "moved here")
    yield place
    assert not workspace.root.exists()


def is_well(root: Path, tmp_path: Path) -> None:
    """All versions verify, byte by byte, and can be pulled."""
    git = Git(root)
    releases = list_releases(git, "augmented")
    assert verify(git, releases, read_data=True).problems == []
    for one in releases:
        folder = tmp_path / f"pulled-{root.name}-{one.version}"
        pull(git, one, folder)
        shutil.rmtree(folder)


def flip_largest(remote: Path) -> None:
    path = max((one for one in remote.rglob("*") if one.is_file()), key=lambda p: p.stat().st_size)
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)


def test_it_verifies_pulls_and_repairs_where_it_is(moved, tmp_path):
    is_well(moved.root, tmp_path)
    flip_largest(moved.root / ".equipoise" / "remote")
    git = Git(moved.root)
    releases = list_releases(git, "augmented")
    assert verify(git, releases, repair=True).mended == 1
    is_well(moved.root, tmp_path)


def test_doctor_and_the_start_of_a_run_find_the_remote(moved):
    level, sentence = remote_check(moved)
    assert (level, str(moved.root) in sentence) == ("ok", True)
    keep_private(moved.root)
    run_dvc(moved.root, "status", "--json")
    for name in ("config", "config.local"):
        assert "workspace" not in (moved.root / ".dvc" / name).read_text()


def test_it_releases_further_versions_beside_the_old_one(moved, tmp_path):
    finish(moved.root, seed=1)
    outcome = release(moved, load_params(moved.params_file))
    assert outcome.version != "v0.1.0"
    is_well(moved.root, tmp_path)


def test_plain_dvc_gets_its_versions(moved, tmp_path):
    dvc(tmp_path, "get", str(moved.root), "data/augmented", "--rev", TAG, "-o", "plain")
    verify_manifest(tmp_path / "plain")


@pytest.mark.parametrize("bare", [False, True])
def test_a_clone_of_it_finds_the_data_through_where_it_was_cloned_from(moved, tmp_path, bare):
    options = ["--bare"] if bare else []
    sh(tmp_path, "git", "clone", "--quiet", *options, str(moved.root), "clone")
    is_well(tmp_path / "clone", tmp_path)


def test_a_version_from_before_paths_were_published_from_the_workspace_is_found(moved, tmp_path):
    config = in_release(moved.root, ".dvc/config").decode()
    old = config.partition("['remote \"storage-inside\"']")[0]
    assert old != config
    rewrite(moved.root, {".dvc/config": old.encode()})
    is_well(moved.root, tmp_path)


def test_in_a_copy_nothing_is_read_from_or_written_to_the_original(workspace, tmp_path):
    released_in(workspace)
    keep_private(workspace.root)
    tree = open_worktree(workspace)
    copy = tmp_path / "copy"
    shutil.copytree(workspace.root, copy, symlinks=True)
    before = files_below(workspace.root)
    flip_largest(copy / ".equipoise" / "remote")
    git = Git(copy)
    assert verify(git, list_releases(git, "augmented"), repair=True).mended == 1
    # Its scheduled runs work in a worktree of its own.
    (copy / "more.txt").write_text("more")
    sh(copy, "git", "add", "more.txt")
    sh(copy, "git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "more")
    own = open_worktree(Workspace(copy))
    assert (own.root / "more.txt").is_file()
    assert not (tree.root / "more.txt").exists()
    assert effective_remote(own.root).local_path == copy / ".equipoise" / "remote"
    assert files_below(workspace.root) == before
    is_well(copy, tmp_path)


def test_the_worktree_of_scheduled_runs_is_made_anew_where_it_is(workspace):
    open_worktree(released_in(workspace))
    place = moved_to(workspace, "moved")
    tree = open_worktree(place)
    assert tree.root == place.root / ".equipoise" / "worktree"
    assert effective_remote(tree.root).local_path == place.root / ".equipoise" / "remote"
    assert "workspace" not in (tree.root / ".dvc" / "config.local").read_text()
    assert not workspace.root.exists()


def test_a_remote_that_was_set_inside_moves_along(workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(workspace.root)
    set_remote(workspace.root, "store", {})
    assert "url = ../store" in (workspace.root / ".dvc" / "config").read_text()
    released_in(workspace)
    published = remote_of_config(in_release(workspace.root, ".dvc/config"), where="x")
    assert (published.inside, published.url) == ("store", str(workspace.root / "store"))
    is_well(moved_to(workspace, "moved").root, tmp_path)


def test_an_absolute_path_of_before_is_told_and_the_remedy_works(workspace, tmp_path, monkeypatch):
    set_remote(workspace.root, str(workspace.root / "store"), {})
    config = workspace.root / ".dvc" / "config"
    config.write_text(config.read_text().replace("../store", str(workspace.root / "store")))
    released_in(workspace)
    text = in_release(workspace.root, ".dvc/config").decode()
    rewrite(workspace.root, {".dvc/config": text.partition("['remote \"storage-ins")[0].encode()})
    place = moved_to(workspace, "moved")
    for attempt in (
        lambda: remote_check(place),
        lambda: require_remote(place, load_params(place.params_file)),
    ):
        with pytest.raises(VersionError, match=r"is missing, although v0\.1\.0 was released to it"):
            attempt()
    git = Git(place.root)
    with pytest.raises(VersionError, match="no folder is made there"):
        verify(git, list_releases(git, "augmented"), repair=True)
    assert not workspace.root.exists()
    monkeypatch.chdir(place.root)
    assert CliRunner().invoke(app, ["remote", "set", "store"]).exit_code == 0
    is_well(place.root, tmp_path)
    assert remote_check(place)[0] == "ok"


def test_a_workspace_below_the_top_of_its_repository_moves_as_well(workspace, tmp_path):
    top = tmp_path / "top"
    (top / "projects").mkdir(parents=True)
    shutil.move(workspace.root, top / "projects" / "digits")
    place = Workspace(top / "projects" / "digits")
    shutil.rmtree(place.root / ".git")
    sh(top, "git", "init", "--quiet", "--initial-branch=main")
    sh(top, "git", "add", ".")
    sh(top, "git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "begin")
    released_in(place)
    top.rename(tmp_path / "elsewhere")
    is_well(tmp_path / "elsewhere" / "projects" / "digits", tmp_path)
    sh(tmp_path, "git", "clone", "--quiet", "--bare", "elsewhere", "bare.git")
    is_well(tmp_path / "bare.git", tmp_path)


@pytest.fixture
def on_nas(workspace, tmp_path):
    """A workspace that released v0.1.0 to a folder on another disk."""
    set_remote(workspace.root, str(tmp_path / "nas" / "store"), {})
    return released_in(workspace), tmp_path / "nas"


@pytest.mark.parametrize("is_mount_point", [False, True])
def test_a_remote_that_vanished_is_told_and_not_filled_anew(on_nas, tmp_path, is_mount_point):
    workspace, nas = on_nas
    nas.rename(tmp_path / "unplugged")
    if is_mount_point:
        (nas / "store").mkdir(parents=True)
    before = files_below(workspace.root)
    finish(workspace.root, seed=1)
    words = "holds no data" if is_mount_point else "is missing"
    for attempt in (
        lambda: remote_check(workspace),
        lambda: require_remote(workspace, load_params(workspace.params_file)),
        lambda: release(workspace, load_params(workspace.params_file)),
    ):
        with pytest.raises(VersionError, match=rf"store {words}, although v0\.1\.0 was released"):
            attempt()
    assert not any(path.is_file() for path in nas.rglob("*"))
    assert sh(workspace.root, "git", "tag", "--list", "augmented@*").split() == [TAG]
    assert before
    # Plugged in again.
    shutil.rmtree(nas, ignore_errors=True)
    (tmp_path / "unplugged").rename(nas)
    release(workspace, load_params(workspace.params_file))
    is_well(workspace.root, tmp_path)


def test_a_remote_that_is_lost_is_brought_back_as_the_sentence_says(on_nas, tmp_path):
    workspace, nas = on_nas
    shutil.rmtree(nas)
    with pytest.raises(VersionError) as told:
        remote_check(workspace)
    command = str(told.value).partition("`mkdir -p ")[2].partition("`")[0]
    Path(command).mkdir(parents=True)
    git = Git(workspace.root)
    assert verify(git, list_releases(git, "augmented"), repair=True).problems == []
    is_well(workspace.root, tmp_path)
    assert remote_check(workspace)[0] == "ok"


def test_a_remote_that_moved_is_found_where_it_is_named(on_nas, tmp_path):
    workspace, nas = on_nas
    nas.rename(tmp_path / "new-nas")
    set_remote(workspace.root, str(tmp_path / "new-nas" / "store"), {})
    assert remote_check(workspace)[0] == "ok"
    is_well(workspace.root, tmp_path)


def test_the_first_version_of_a_clone_goes_to_a_remote_of_its_own(released, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", str(released.root), "clone")
    clone = Workspace(tmp_path / "clone")
    finish(clone.root, seed=5)
    require_remote(clone, load_params(clone.params_file))
    assert remote_check(clone)[0] == "ok"
    release(clone, load_params(clone.params_file))
    assert (clone.root / ".equipoise" / "remote" / "files").is_dir()


@pytest.mark.parametrize("url", ["../", "..", "../../outside", "../a/../../b", "/abs", "a", "../."])
def test_a_path_from_the_workspace_that_leads_out_of_it_is_not_followed(url):
    config = (
        "[core]\nremote = storage\n['remote \"storage\"']\nurl = /data\n"
        f"['remote \"storage-inside\"']\nurl = {url}\n"
    )
    assert remote_of_config(config.encode(), where="x").inside == ""


def test_a_copy_does_not_take_the_server_of_the_original_for_its_own(tmp_path):
    original, copy = Workspace(tmp_path / "original"), Workspace(tmp_path / "copy")
    token = identity_token(original)
    shutil.copytree(original.root, copy.root)
    assert identity_token(copy) != token
    assert identity_token(original) == token
    copy.root.rename(tmp_path / "moved")
    assert identity_token(Workspace(tmp_path / "moved")) not in (token, identity_token(original))


@pytest.mark.parametrize("how", ["the workspace", "a bare clone", "a file address"])
def test_it_is_read_from_another_folder_as_well(moved, tmp_path, monkeypatch, how):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(moved.root), "bare.git")
    named = {"the workspace": str(moved.root), "a bare clone": "bare.git"}
    repo = named.get(how, f"file://{moved.root}")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["pull", "v0.1.0", "--repo", repo, "--to", "pulled"])
    assert result.exit_code == 0, result.output
    verify_manifest(tmp_path / "pulled")


def test_a_remote_that_was_deleted_inside_a_moved_workspace_is_filled_again_there(moved, tmp_path):
    shutil.rmtree(moved.root / ".equipoise" / "remote")
    git = Git(moved.root)
    assert verify(git, list_releases(git, "augmented"), repair=True).problems == []
    is_well(moved.root, tmp_path)


def test_a_clone_without_the_data_names_where_they_were(moved, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", str(moved.root), "clone")
    moved.root.rename(tmp_path / "away")
    git = Git(tmp_path / "clone")
    with pytest.raises(VersionError, match=r"workspace/\.equipoise/remote, a folder"):
        pull(git, list_releases(git, "augmented")[0], tmp_path / "pulled")


def test_an_address_from_the_workspace_is_not_read_from_the_current_folder(
    moved, tmp_path, monkeypatch
):
    config = b"[core]\nremote = storage\n['remote \"storage\"']\nurl = ../.equipoise/remote\n"
    rewrite(moved.root, {".dvc/config": config})
    monkeypatch.chdir(tmp_path)
    is_well(moved.root, tmp_path)

"""What only a release needs is asked before anything is trained."""

import logging
import shutil

import pytest

from flows import augmentation as flow
from pipeline.errors import TransferError, VersionError
from pipeline.params import load_params
from pipeline.versions.pin import take_pin
from pipeline.versions.readiness import require_releasable
from pipeline.versions.remote_settings import set_remote


def test_a_workspace_whose_release_can_follow_is_let_through(workspace, params):
    require_releasable(workspace, params)


def test_no_default_remote_is_told(workspace, params):
    config = (workspace.root / ".dvc" / "config").read_text()
    (workspace.root / ".dvc" / "config").write_text(config.replace("remote = storage", ""))
    with pytest.raises(VersionError, match=r"equipoise remote set URL"):
        require_releasable(workspace, params)
    set_remote(workspace.root, str(workspace.root / "store"), {})
    require_releasable(workspace, params)


def test_a_folder_without_git_is_told(workspace, params):
    shutil.rmtree(workspace.root / ".git")
    with pytest.raises(VersionError, match="git init"):
        require_releasable(workspace, params)


def test_a_git_remote_that_cannot_be_read_is_told(workspace):
    workspace.params_file.write_text("seed: 0\nrelease: {git_remote: /not/there.git}\n")
    with pytest.raises(TransferError, match=r"/not/there\.git"):
        require_releasable(workspace, load_params(workspace.params_file))


def test_a_file_in_the_place_of_the_remote_is_told(workspace, params):
    (workspace.root / ".equipoise").mkdir(exist_ok=True)
    (workspace.root / ".equipoise" / "remote").write_text("no folder")
    with pytest.raises(VersionError, match="is no folder"):
        require_releasable(workspace, params)


def test_a_remote_that_does_not_answer_is_told_without_its_secrets(workspace, params, monkeypatch):
    class Silent:
        def sizes(self, _):
            raise ConnectionError("no route to host")

    monkeypatch.setattr("pipeline.versions.readiness.open_store", lambda _: Silent())
    with pytest.raises(TransferError, match=r"does not answer \(no route to host\)"):
        require_releasable(workspace, params)


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_no_stage_that_takes_hours_begins_where_the_release_could_not_follow(
    workspace, monkeypatch, stage
):
    workspace.params_file.write_text("seed: 0\nrelease: {git_remote: /not/there.git}\n")
    ran = []
    monkeypatch.setattr(flow, "get_run_logger", logging.getLogger)
    monkeypatch.setattr(flow, "bring_up", lambda *_, **__: ran.append(stage))
    with pytest.raises(TransferError):
        flow.bring_up_to_date.fn(str(workspace.root), stage, False, 9.0, take_pin(workspace))
    assert ran == []

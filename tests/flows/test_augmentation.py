"""What a run notes and tells however it ends; the flow is called without a server."""

import logging
import subprocess

import pytest

from flows import augmentation as flow
from pipeline.errors import ParamsError, TrainingError
from pipeline.last_run import read_last_run
from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace
from tests.toy_workspace import toy_workspace, writes

OUTCOME = ReleaseOutcome(
    version="v0.1.0",
    tag="augmented@v0.1.0",
    promoted=True,
    commit="",
    is_new=True,
    sentence="Released augmented v0.1.0: helps.",
)


def git(workspace, *arguments):
    identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=workspace.root, check=True)


def commit_params(workspace, text):
    workspace.params_file.write_text(text)
    git(workspace, "commit", "--quiet", "--all", "--message", "params")


@pytest.fixture
def workspace(tmp_path):
    """Its committed params.yaml names one block, and an uncommitted edit of it is half done."""
    workspace = toy_workspace(tmp_path / "own", stages={"a": writes("a")})
    commit_params(workspace, "seed: 1\nrun: {notify: [slack-webhook/team]}\n")
    workspace.params_file.write_text("seed: [\n")
    return workspace


@pytest.fixture
def told(monkeypatch):
    """Through which blocks people were told what; the run is this process's own, and no task."""
    found = []
    monkeypatch.setattr(flow, "get_run_logger", logging.getLogger)
    monkeypatch.setattr(flow, "end_with_parent", lambda: None)
    monkeypatch.setattr(flow, "fetch", flow.fetch.fn)
    monkeypatch.setattr(flow, "notify", lambda *told: found.append(told))
    return found


def ends(monkeypatch, outcome):
    """Let the stages end in that outcome, or in that error."""

    def loop(place, params, *, scheduled):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(flow, "_loop", loop)


def test_a_scheduled_run_uses_no_uncommitted_params(workspace, told, monkeypatch):
    ends(monkeypatch, OUTCOME)
    assert flow.augmentation.fn(str(workspace.root), scheduled=True) == OUTCOME.sentence
    [(blocks, occasion)] = told
    assert blocks == ("slack-webhook/team",)
    assert occasion.subject == "Equipoise: augmented@v0.1.0 promoted"


def test_a_failure_is_noted_and_told_whatever_is_half_edited(workspace, told, monkeypatch):
    ends(monkeypatch, TrainingError("The training diverged."))
    flow.augmentation.fn(str(workspace.root), scheduled=True)
    last = read_last_run(workspace)
    assert last is not None
    assert (last.state, last.sentence) == ("Diverged", "The training diverged.")
    [(blocks, occasion)] = told
    assert blocks == ("slack-webhook/team",)
    assert occasion.subject == "Equipoise: a run failed"


def test_a_colleagues_broken_params_are_told_to_those_whom_the_own_branch_names(
    workspace, told, tmp_path
):
    git(workspace, "checkout", "--quiet", "--", "params.yaml")
    git(workspace, "clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Workspace.at(tmp_path / "clone")
    commit_params(workspace, "sead: 1\n")
    state = flow.augmentation.fn(str(clone.root), scheduled=True)
    assert isinstance(state.data, ParamsError)
    last = read_last_run(clone)
    assert last is not None
    assert "Did you mean `seed`?" in last.sentence
    [(blocks, _)] = told
    assert blocks == ("slack-webhook/team",)


def test_a_run_by_hand_uses_the_users_own_params(workspace, told, monkeypatch):
    workspace.params_file.write_text("seed: 1\nrun: {notify: [email/me]}\n")
    ends(monkeypatch, OUTCOME)
    flow.augmentation.fn(str(workspace.root))
    [(blocks, _)] = told
    assert blocks == ("email/me",)

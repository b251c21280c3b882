"""What a run notes and tells however it ends; the flow is called without a server."""

import logging
import subprocess

import pytest

from flows import augmentation as flow
from flows.notifications import Occasion
from pipeline.errors import ParamsError, TrainingError, TransferError
from pipeline.last_run import read_last_run
from pipeline.versions.git_remote import UnpushedError
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


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture
def logged(monkeypatch):
    """The lines of the run's own logger.

    It has no parent: whatever libraries did to the root logger of this process before does not
    reach it.
    """
    heard, logger = Heard(), logging.Logger("run")
    logger.addHandler(heard)
    monkeypatch.setattr(flow, "get_run_logger", lambda: logger)
    return heard.texts


@pytest.fixture
def told(monkeypatch, logged):
    """Through which blocks people were told what; the run is this process's own, and no task."""
    found = []
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


@pytest.mark.parametrize("stale", ["prepare", "evaluate"])
def test_no_generator_is_trained_for_a_trial_that_could_not_be_held(
    workspace, told, monkeypatch, stale
):
    workspace.params_file.write_text("seed: 1\n")
    run = []

    def refuse(*_):
        raise ParamsError("Class 'rare' has too few groups.")

    monkeypatch.setattr(flow, "make_ready", lambda *_: None)
    monkeypatch.setattr(flow, "refuse_futile_training", refuse)
    monkeypatch.setattr(flow, "stage_names", lambda _: ["prepare", "train", "evaluate"])
    monkeypatch.setattr(flow, "first_stale", lambda *_: stale)
    monkeypatch.setattr(flow, "bring_up_to_date", lambda _, stage, *__: run.append(stage))
    monkeypatch.setattr(flow, "release", Releases())
    monkeypatch.setattr(flow, "show_artifacts", lambda *_: None)
    monkeypatch.setattr(flow, "shelve", lambda *_: None)
    flow.augmentation.fn(str(workspace.root))
    # A generator that is there already costs nothing; the trial refuses by itself.
    assert run == (["prepare"] if stale == "prepare" else ["prepare", "train", "evaluate"])


def breaks(*_):
    raise OSError("no room for the page")


def test_a_version_that_cannot_be_put_on_the_shelf_stands_all_the_same(
    workspace, told, monkeypatch, logged
):
    workspace.params_file.write_text("seed: 1\n")
    monkeypatch.setattr(flow, "release_version", lambda *_, **__: OUTCOME)
    monkeypatch.setattr(flow, "shelve", breaks)
    assert flow.release.fn(str(workspace.root)) == OUTCOME
    assert any(
        "could not be put on the shelf of reports (OSError: no room" in line for line in logged
    )


def test_a_version_that_cannot_be_shown_is_news_and_no_failure(
    workspace, told, monkeypatch, logged
):
    workspace.params_file.write_text("seed: 1\nrun: {notify: [email/me]}\n")
    monkeypatch.setattr(flow, "make_ready", lambda *_: None)
    monkeypatch.setattr(flow, "stage_names", lambda _: [])
    monkeypatch.setattr(flow, "release", Releases())
    monkeypatch.setattr(flow, "show_artifacts", breaks)
    assert flow.augmentation.fn(str(workspace.root)) == OUTCOME.sentence
    assert any("could not be shown in the UI (OSError: no room" in line for line in logged)
    [(_, occasion)] = told
    assert occasion.subject == "Equipoise: augmented@v0.1.0 promoted"


class Releases:
    """Stands in for the task that releases."""

    def with_options(self, **_):
        return lambda *_: OUTCOME


def test_no_failure_says_that_the_last_version_stays_where_a_new_one_stands():
    assert "last version stays" in Occasion.of_failure(TransferError("No network.")).body
    assert "last version" not in Occasion.of_failure(UnpushedError("v2 stands here.")).body

"""The flow `augmentation`: every stage of dvc.yaml as a task, then the release.

Take the decorators away and the code still runs. DVC decides what is stale and keeps the results;
Prefect orders, shows and, where the outside world is touched, tries again. It never caches and
never sees data, only paths.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.states import Failed

from flows.artifacts import show_artifacts, shown_in_ui
from flows.audience import step
from flows.notifications import Occasion, committed_receivers, notify
from flows.orphan import end_with_parent
from flows.predecessor import crash, end_silent
from flows.schedule import FLOW
from flows.seal import unserved
from flows.settings import sweep
from pipeline.credentials import without_credentials
from pipeline.errors import TrainingError, TransferError
from pipeline.last_run import note_run
from pipeline.lease import RUN, SCHEDULED_RUN, hold, read_holder
from pipeline.machine_errors import refusal_of
from pipeline.params import Params, load_params
from pipeline.run_record import note_stage
from pipeline.stages.ready import make_ready, refuse_futile_training
from pipeline.stop_signals import go_on_unless_stopped, noting_signals
from pipeline.versions.dvc_locks import clear_dvc
from pipeline.versions.git import Git
from pipeline.versions.graph import stage_names
from pipeline.versions.leftovers import clear_git
from pipeline.versions.pin import Pin, take_pin
from pipeline.versions.readiness import require_releasable
from pipeline.versions.release import ReleaseOutcome
from pipeline.versions.release import release as release_version
from pipeline.versions.stage_run import bring_up
from pipeline.versions.staleness import first_stale
from pipeline.versions.worktree import (
    apply_refreshes,
    bring_source,
    fetch_upstream,
    open_worktree,
    which_commit,
)
from pipeline.workspace import Workspace

# Of a run's time, the part that training the shipped generator may take.
TRAINING_SHARE = 0.3
TRAIN, EVALUATE = "train", "evaluate"
RETRY_SECONDS: list[float] = [10, 60, 300]


def may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether trying again may help: only where the other side did not take or give."""
    return isinstance(state.result(raise_on_failure=False), TransferError)


@task(
    name="fetch",
    task_run_name="fetch",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_pass,
)
def fetch(root: str, refresh: bool) -> str:
    """Move the worktree to the newest commit and data; returns its path."""
    workspace = Workspace.at(root)
    with step("fetch", get_run_logger()) as here:
        remote = fetch_upstream(workspace)
        here.say(f"Fetched from {remote}." if remote else "No upstream branch is configured.")
        here.say(which_commit(workspace))
        worktree = open_worktree(workspace)
        told = bring_source(workspace, worktree, load_params(worktree.params_file))
        here.say(told or "The source brings its own data.")
        seed = apply_refreshes(workspace, worktree, refresh=refresh)
        here.say(f"Working in {worktree.root} with the seed {seed}.")
        here.outcome = "done"
    return str(worktree.root)


@task(name="stage", task_run_name="{stage}", cache_policy=NO_CACHE, persist_result=False, retries=0)
def bring_up_to_date(
    root: str, stage: str, known_fresh: bool, seconds_left: float, pin: Pin
) -> bool:
    """Run one DVC stage if it is stale; True when it was."""
    workspace = Workspace.at(root)
    start = time.monotonic()
    with step(stage, get_run_logger()) as here:
        if stage in (TRAIN, EVALUATE) and not known_fresh:
            # These take hours, and all in vain where the release cannot follow.
            require_releasable(workspace, pin.params)
        share = {"EQUIPOISE_TRAINING_SECONDS": f"{seconds_left * TRAINING_SHARE:.0f}"}
        cached = bring_up(
            workspace,
            pin,
            stage,
            known_fresh=known_fresh,
            on_line=shown_in_ui(stage, here.listen),
            environment=share,
            max_seconds=seconds_left,
        ).cached
        if known_fresh and cached:
            here.say("Unchanged.")
        here.outcome = "unchanged" if cached else "done"
    if not cached:
        note_stage(workspace, stage, time.monotonic() - start)
    return not cached


@task(
    name="release",
    task_run_name="release",
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_pass,
)
def release(root: str, pin: Pin | None = None) -> ReleaseOutcome:
    """Push the data, verify them, commit and tag; the user's branch and index stay as they are."""
    workspace = Workspace.at(root)
    params = pin.params if pin else load_params(workspace.params_file)
    with step("release", get_run_logger()) as here:
        released = release_version(workspace, params, pin=pin, on_line=here.say)
        here.outcome = "done" if released.is_new else "unchanged"
        if released.is_new:
            with only_warning("put on the shelf of reports"):
                shelve(workspace, params.release.name, here.say)
    return released


@contextlib.contextmanager
def only_warning(what: str) -> Iterator[None]:
    """Let a block that shows a version fail: the version stands, and people must hear of it."""
    try:
        yield
    except Exception as error:
        get_run_logger().warning(
            "The version stands, but could not be %s (%s: %s).",
            what,
            type(error).__name__,
            without_credentials(str(error)),
        )


def shelve(workspace: Workspace, name: str, say: Callable[[str], None]) -> None:
    """Put the new version on the shelf of reports."""
    # Pandas and Matplotlib are slow to import, and a run without a new version does without.
    from pipeline import shelf

    index = shelf.fill(Git(workspace.root), name, workspace.reports)
    say(f"release: wrote {index.relative_to(workspace.root)}")


@flow(name=FLOW, persist_result=False, validate_parameters=False)
def augmentation(root: str = ".", scheduled: bool = False, refresh: bool = False) -> Any:
    """Run the whole loop; returns a sentence about the version it led to.

    Args:
        root: The workspace's folder.
        scheduled: Work in the workspace's worktree, on what is committed and fetched.
        refresh: Train anew with the next seed, though nothing changed; only with `scheduled`.
    """
    foreign = unserved({"root": root, "scheduled": scheduled, "refresh": refresh})
    if foreign is not None:
        return Failed(name="Refused", message=str(foreign), data=foreign)
    workspace = Workspace.at(Path(root))
    # What the user edits meanwhile is no matter of a scheduled run.
    params = None if scheduled else load_params(workspace.params_file)
    if scheduled:
        end_with_parent()
        sweep(workspace)
    try:
        with noting_signals():
            outcome = _run(workspace, scheduled=scheduled, refresh=refresh)
    except Exception as raised:
        error = refusal_of(raised, place=workspace.root)
        if error is None:
            note_run(workspace, "Failed", f"{type(raised).__name__}: {raised}")
            tell(workspace, params, Occasion.of_failure(raised))
            raise
        name = "Diverged" if isinstance(error, TrainingError) else "Refused"
        note_run(workspace, name, str(error))
        tell(workspace, params, Occasion.of_failure(error))
        return Failed(name=name, message=str(error), data=error)
    note_run(workspace, "Completed", outcome.sentence)
    if outcome.is_new:
        tell(workspace, params, Occasion.of_release(outcome))
    return outcome.sentence


def tell(workspace: Workspace, params: Params | None, occasion: Occasion) -> None:
    """Notify whom the params name; without any, whom what is committed by now names."""
    notify(params.run.notify if params else committed_receivers(workspace), occasion)


def _run(workspace: Workspace, *, scheduled: bool, refresh: bool) -> ReleaseOutcome:
    name, purpose = (SCHEDULED_RUN, "a scheduled run") if scheduled else (RUN, "equipoise run")
    end_silent(read_holder(workspace, name))
    with hold(workspace, purpose, name=name, run=str(flow_run.id or "")) as lease:
        go_on_unless_stopped()
        if lease.predecessor is not None:
            crash(lease.predecessor)
        clear_git(workspace.root)
        place = Workspace.at(fetch(str(workspace.root), refresh)) if scheduled else workspace
        clear_dvc(place.root)
        return _loop(place, load_params(place.params_file), scheduled=scheduled)


def _loop(place: Workspace, params: Params, *, scheduled: bool) -> ReleaseOutcome:
    deadline = time.monotonic() + params.run.max_minutes * 60
    make_ready(place, params)
    pin = take_pin(place)
    params = pin.params
    stages = stage_names(place.root)
    stale = first_stale(place, stages)
    known_fresh = True
    for stage in stages:
        known_fresh = known_fresh and stage != stale
        if stage == TRAIN and not known_fresh:
            refuse_futile_training(place, params)
        go_on_unless_stopped()
        left = max(1.0, deadline - time.monotonic())
        bring_up_to_date(str(place.root), stage, known_fresh, left, pin)
    # Somebody who waits at the keyboard mends and tries again sooner than a timer does.
    patiently = release.with_options(retries=len(RETRY_SECONDS) if scheduled else 0)
    outcome = patiently(str(place.root), pin)
    with only_warning("shown in the UI"):
        show_artifacts(place, outcome)
    return outcome


def finish_telling() -> None:
    """Send what is still on its way to the server, before the server goes."""
    APILogWorker.drain_all()
    EventsWorker.drain_all()

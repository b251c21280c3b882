"""The flow `augmentation`: every stage of dvc.yaml as a task, then the release.

Take the decorators away and the code still runs. DVC decides what is stale and keeps the results;
Prefect orders, shows and, where the outside world is touched, tries again. It never caches and
never sees data, only paths.
"""

import time
from collections.abc import Callable
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from flows.audience import step
from pipeline.lease import hold
from pipeline.params import load_params
from pipeline.run_record import note_stage
from pipeline.stages.ready import make_ready
from pipeline.versions.git import Git
from pipeline.versions.graph import stage_names
from pipeline.versions.release import ReleaseOutcome
from pipeline.versions.release import release as release_version
from pipeline.versions.stage_process import run_stage
from pipeline.workspace import Workspace


@task(name="stage", task_run_name="{stage}", cache_policy=NO_CACHE, persist_result=False, retries=0)
def bring_up_to_date(root: str, stage: str) -> bool:
    """Run one DVC stage if it is stale; True when it was."""
    workspace = Workspace.at(root)
    start = time.monotonic()
    with step(stage, get_run_logger()) as here:
        cached = run_stage(workspace, stage, on_line=here.say).cached
        here.outcome = "unchanged" if cached else "done"
    if not cached:
        note_stage(workspace, stage, time.monotonic() - start)
    return not cached


@task(name="release", task_run_name="release", cache_policy=NO_CACHE, persist_result=False)
def release(root: str) -> ReleaseOutcome:
    """Push the data, verify them, commit and tag; the user's branch and index stay as they are."""
    workspace = Workspace.at(root)
    with step("release", get_run_logger()) as here:
        released = release_version(workspace, load_params(workspace.params_file), on_line=here.say)
        here.outcome = "done" if released.is_new else "unchanged"
        if released.is_new:
            shelve(workspace, here.say)
    return released


def shelve(workspace: Workspace, say: Callable[[str], None]) -> None:
    """Put the new version on the shelf of reports."""
    # Pandas and Matplotlib are slow to import, and a run without a new version does without.
    from pipeline import shelf

    name = load_params(workspace.params_file).release.name
    index = shelf.fill(Git(workspace.root), name, workspace.reports)
    say(f"release: wrote {index.relative_to(workspace.root)}")


@flow(name="augmentation", persist_result=False, validate_parameters=False)
def augmentation(root: str = ".") -> str:
    """Run the whole loop in the workspace at `root`; returns a sentence about its version."""
    workspace = Workspace.at(Path(root))
    params = load_params(workspace.params_file)
    with hold(workspace, "equipoise run"):
        make_ready(workspace, params)
        for stage in stage_names(workspace.root):
            bring_up_to_date(str(workspace.root), stage)
        return release(str(workspace.root)).sentence


def finish_telling() -> None:
    """Send what is still on its way to the server, before the server goes."""
    APILogWorker.drain_all()
    EventsWorker.drain_all()

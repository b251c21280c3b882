"""The process that takes up due runs: `python -m flows.runner WORKSPACE`, kept by the supervisor.

With `--settle` instead of a workspace it only brings the server's books in order. With `--equip` it
gives a server of one's own, which `PREFECT_API_URL` names, what this one gets.

When it starts, no run of an earlier runner can be alive, since runs end with their runner; whatever
the server still takes for running is marked crashed, which frees its slot at once. Runs that came
due while nobody was there are not made up for, except the last.
"""

import asyncio
import contextlib
import os
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect import get_client
from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    FlowRun,
    State,
    StateType,
)
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.exceptions import ObjectNotFound, TerminationSignal
from prefect.states import Cancelled, Crashed
from prefect.types.entrypoint import EntrypointType
from prefect.variables import Variable

from flows.augmentation import augmentation
from flows.identity import identity
from flows.notifications import OWN_BLOCKS
from flows.schedule import DEPLOYMENT, FLOW, Schedule, read_schedule
from flows.seal import Seal, SealedRunner, seal_environment
from flows.settings import sweep
from pipeline.errors import ServiceError
from pipeline.terminal import guard_streams
from pipeline.workspace import Workspace

SILENT_RUN = "equipoise: a run that has fallen silent is crashed"
GONE = "The process of this run is gone; the next run continues from there."
MISSED = "Missed while the schedule was not running; a later run stands for it."
SILENCE = timedelta(seconds=90)
# What somebody may have put into the deployment on the server goes at every start.
NOTHING_OF_OTHERS = DeploymentUpdate(
    pull_steps=[],
    job_variables={},
    storage_document_id=None,
    infrastructure_document_id=None,
    work_pool_name=None,
    work_queue_name=None,
    enforce_parameter_schema=True,
)
_ENDS = ("heartbeat", "Completed", "Failed", "Cancelled", "Crashed")


def main(root: Path) -> None:
    """Serve the workspace's schedule until this process is ended."""
    workspace = Workspace.at(root)
    schedule = read_schedule(workspace)
    if schedule is None:
        raise ServiceError("No schedule is set here. Set one with `equipoise schedule --cron`.")
    name, value = identity(workspace)
    Variable.set(name, value, overwrite=True)
    equip()
    settle()
    sweep(workspace)
    # Prefect forgets to await one of its own coroutines when it is asked to stop.
    warnings.filterwarnings("ignore", message="coroutine 'Runner.astop' was never awaited")
    serve(workspace, schedule)


def serve(workspace: Workspace, schedule: Schedule) -> None:
    """Put the deployment on the server, as it must be, and run what comes due."""
    os.environ.update(seal_environment(str(workspace.root)))
    runner = SealedRunner(Seal(str(workspace.root)))
    served = runner.add_deployment(deployment(workspace, schedule))
    assert isinstance(served, UUID)  # Prefect gives a coroutine only inside a loop.
    with get_client(sync_client=True) as client:
        # Prefect leaves alone what this deployment never names.
        client.update_deployment(served, NOTHING_OF_OTHERS)
    with contextlib.suppress(KeyboardInterrupt, TerminationSignal):
        asyncio.run(runner.start())


def deployment(workspace: Workspace, schedule: Schedule) -> RunnerDeployment:
    """The flow with its schedule: one run at a time, a second one is cancelled, never queued."""
    rule: CronSchedule | IntervalSchedule
    if schedule.cron:
        rule = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    else:
        rule = IntervalSchedule(
            interval=timedelta(seconds=schedule.every_seconds or 0.0),
            anchor_date=datetime.fromisoformat(schedule.anchor),
            timezone=schedule.timezone,
        )
    made = augmentation.to_deployment(
        name=DEPLOYMENT,
        schedules=[rule],
        paused=schedule.paused,
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        parameters={
            "root": str(workspace.root),
            "scheduled": True,
            "refresh": schedule.refresh,
        },
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)  # Prefect gives a coroutine only inside a loop.
    return made


def equip() -> None:
    """Give the server what runs of this flow count on; what it has already stays."""
    install_automation()
    offer_blocks()


def install_automation() -> None:
    """Have the server crash runs whose heart has stopped; without it they would run for ever."""
    try:
        _ = Automation.read(name=SILENT_RUN)
    except (ValueError, ObjectNotFound):
        silent_run().create()


def offer_blocks() -> None:
    """Let the UI offer this product's own notification blocks beside Prefect's."""
    for block in OWN_BLOCKS:
        _ = block.register_type_and_schema()


def silent_run() -> Automation:
    """The rule: a run that was heard of, and then was not for 90 s, nor ended, is crashed."""
    return Automation(
        name=SILENT_RUN,
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={f"prefect.flow-run.{end}" for end in _ENDS},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message="The run has not been heard of for 90 s."
            )
        ],
    )


def settle() -> None:
    """Bring the server's books in order while no runner is at work."""
    with get_client(sync_client=True) as client:
        put_in_order(client)


def put_in_order(client: SyncPrefectClient) -> None:
    """Crash what cannot be running, and of all runs missed keep the last one alone."""
    try:
        served = client.read_deployment_by_name(f"{FLOW}/{DEPLOYMENT}")
    except ObjectNotFound:
        return
    for run in _runs(client, served.id, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING):
        gone: State[object] = Crashed(message=GONE)
        client.set_flow_run_state(run.id, gone, force=True)
    waiting = _runs(client, served.id, StateType.SCHEDULED)
    now = datetime.now(UTC)
    late = [run for run in waiting if run.expected_start_time and run.expected_start_time < now]
    for run in late[:-1]:
        missed: State[object] = Cancelled(message=MISSED)
        client.set_flow_run_state(run.id, missed, force=True)


def _runs(client: SyncPrefectClient, served: UUID, *states: StateType) -> list[FlowRun]:
    """The deployment's runs in these states, the earliest due first."""
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[served])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=200,
    )


if __name__ == "__main__":
    guard_streams()
    match sys.argv[1]:
        case "--settle":
            settle()
        case "--equip":
            equip()
        case root:
            main(Path(root))

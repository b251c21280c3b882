"""What a person asks of a running server: its last runs, pause, resume, one run now."""

from datetime import datetime

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from flows.schedule import DEPLOYMENT, FLOW

SHOWN_RUNS = 5


def tell_paused(paused: bool) -> None:
    """Hold the deployment's runs back, or let them come due again."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{FLOW}/{DEPLOYMENT}")
        if paused:
            client.pause_deployment(deployment.id)
        else:
            client.resume_deployment(deployment.id)


def run_now(*, refresh: bool) -> str:
    """Have the runner take up one run now; returns its name."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{FLOW}/{DEPLOYMENT}")
        changed = {**deployment.parameters, "refresh": refresh}
        return client.create_flow_run_from_deployment(deployment.id, parameters=changed).name


def last_runs(count: int = SHOWN_RUNS) -> list[str]:
    """The last runs that began, newest first, a line each."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
            # Runs that are due stand before those that began, and would fill the limit.
            flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
            sort=FlowRunSort.START_TIME_DESC,
            limit=count,
        )
    return [_line(run) for run in runs]


def _line(run: FlowRun) -> str:
    assert run.start_time is not None
    began: datetime = run.start_time.astimezone()
    state = run.state.name if run.state else "unknown"
    message = (run.state.message or "") if run.state else ""
    seconds = run.total_run_time.total_seconds()
    first = message.splitlines()[0][:120] if message else ""
    return f"  {began:%Y-%m-%d %H:%M}  {state:<10} {seconds:6.0f} s  {first}"

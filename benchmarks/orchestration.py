"""What orchestration costs: `python -m benchmarks.orchestration WORKSPACE [--once | --runs N]`.

--once times `equipoise run` itself, temporary server included, and takes from it what its stages
took. Change the seed in params.yaml before, and every stage from `train` on runs.

--runs needs a workspace that has been released, in which nothing has changed since, and whose
schedule runs (`equipoise schedule --every 12h --background`). It measures unchanged scheduled runs
one after the other: how long each takes from being asked for to its end, whether memory, files or
the database grow beyond their records, and what the last run that trained took beside its stages.

One JSON document goes to standard output. A stage's time includes what DVC takes around it.
"""

import argparse
import contextlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from flows.password import auth_string
from flows.schedule import read_schedule
from flows.settings import configure, talk_to
from pipeline.workspace import Workspace

MEBIBYTE = 2**20
# Tasks of a run that are no stages.
BESIDE = ("fetch", "release")


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    workspace = Workspace.at(arguments.workspace)
    if arguments.once:
        print(json.dumps(time_once(workspace), indent=2))
        return
    schedule = read_schedule(workspace)
    if schedule is None:
        sys.exit("The workspace has no schedule.")
    configure(workspace)
    address = schedule.address(auth_string(workspace))
    talk_to(address.url, address.auth)
    from prefect import get_client

    from flows.operations import run_now

    before, seconds = footprint(workspace), []
    worked = processor_seconds(workspace)
    with get_client(sync_client=True) as client:
        trained = beside_the_stages(client)
        for _ in range(arguments.runs):
            start = time.monotonic()
            name = run_now(refresh=False)
            seconds.append(wait_for(client, name) - start)
    worked = (processor_seconds(workspace) - worked) / arguments.runs
    told = trained | figures(seconds, before, footprint(workspace))
    print(json.dumps(told | {"processor_seconds_a_run": round(worked, 1)}, indent=2))


def time_once(workspace: Workspace) -> dict[str, float]:
    """Wall time of `equipoise run`, and how much of it was not its stages', in seconds."""
    command = [sys.executable, "-m", "pipeline.cli", "run", "--workspace", str(workspace.root)]
    start = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.monotonic() - start
    told = re.findall(r"^(\w+): +done \(([\d.]+) s\)", ran.stderr, re.MULTILINE)
    stages = sum(float(seconds) for name, seconds in told if name != "release")
    return {
        "run_seconds": round(wall, 1),
        "stages_run": len(told),
        "beside_the_stages_seconds": round(wall - stages, 1),
    }


def beside_the_stages(client: Any) -> dict[str, float]:
    """The same of the last scheduled run in which a generator was trained."""
    from prefect.client.schemas.filters import (
        FlowFilter,
        FlowFilterName,
        FlowRunFilter,
        FlowRunFilterId,
    )
    from prefect.client.schemas.sorting import FlowRunSort

    flow = FlowFilter(name=FlowFilterName(any_=["augmentation"]))
    for run in client.read_flow_runs(flow_filter=flow, sort=FlowRunSort.START_TIME_DESC):
        one = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
        tasks = {
            task.name: task.total_run_time.total_seconds()
            for task in client.read_task_runs(flow_run_filter=one)
        }
        if tasks.get("train", 0.0) > 1.0 and run.state.is_completed():
            stages = sum(seconds for name, seconds in tasks.items() if name not in BESIDE)
            wall = run.total_run_time.total_seconds()
            return {
                "trained_run_seconds": round(wall, 1),
                "trained_run_beside_the_stages_seconds": round(wall - stages, 1),
            }
    return {}


def wait_for(client: Any, name: str) -> float:
    """When the run ended, on the monotonic clock in seconds."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

    asked_for = FlowRunFilter(name=FlowRunFilterName(any_=[name]))
    while True:
        [run] = client.read_flow_runs(flow_run_filter=asked_for)
        if run.state and run.state.is_final():
            if not run.state.is_completed():
                sys.exit(f"The run {name} ended as {run.state.name}: {run.state.message}")
            return time.monotonic()
        time.sleep(0.2)


def of_processes(workspace: Workspace, ask: Callable[[psutil.Process], Any]) -> list[Any]:
    """What every living process of the schedule answers; they are told by their environment."""
    home = str(workspace.private / "prefect")
    answers = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("PREFECT_HOME") == home:
                answers.append(ask(process))
    return answers


def processor_seconds(workspace: Workspace) -> float:
    """What the schedule's processes, and those that they have outlived, have worked so far.

    Beside other work, unlike the time on the clock, this stays nearly what it is without.
    """
    return float(sum(of_processes(workspace, lambda process: sum(process.cpu_times()[:4]))))


def footprint(workspace: Workspace) -> dict[str, float]:
    """Resident memory of every process, database and number of files."""
    home = str(workspace.private / "prefect")
    found = {"files": sum(1 for path in workspace.root.rglob("*") if path.is_file())}
    found["database_mib"] = sum(
        path.stat().st_size / MEBIBYTE for path in Path(home).glob("prefect.db*")
    )
    for line, resident in of_processes(workspace, line_and_memory):
        kind = "guards" if "guard.py" in line else role(line)
        found[f"{kind}_mib"] = found.get(f"{kind}_mib", 0.0) + resident
    return found


def line_and_memory(process: psutil.Process) -> tuple[str, float]:
    """The command line, and resident memory in MiB."""
    return " ".join(process.cmdline()), process.memory_info().rss / MEBIBYTE


def role(line: str) -> str:
    """Which of the service's processes a command line is."""
    roles = {"uvicorn": "server", "flows.runner": "runner", "pipeline.cli": "supervisor"}
    return next((name for word, name in roles.items() if word in line), "other")


def figures(
    seconds: list[float], before: dict[str, float], after: dict[str, float]
) -> dict[str, Any]:
    """What the README and the log quote."""
    return {
        "runs": len(seconds),
        "seconds_median": round(statistics.median(seconds), 1),
        "seconds_most": round(max(seconds), 1),
        "before": {name: round(value, 1) for name, value in before.items()},
        "after": {name: round(value, 1) for name, value in after.items()},
    }


if __name__ == "__main__":
    main()

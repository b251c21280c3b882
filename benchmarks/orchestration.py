"""What orchestration costs: `python -m benchmarks.orchestration WORKSPACE [--runs N]`.

WORKSPACE has been run and released once, nothing in it has changed since, and its schedule runs
(`equipoise schedule --every 12h --background`). Measures unchanged scheduled runs one after the
other: how long each takes from being asked for to its end, and whether memory, files or the
database grow beyond their records. One JSON document goes to standard output.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from flows.schedule import auth_string, read_schedule
from flows.settings import configure, talk_to
from pipeline.workspace import Workspace

MEBIBYTE = 2**20


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    workspace = Workspace.at(arguments.workspace)
    schedule = read_schedule(workspace)
    if schedule is None:
        sys.exit("The workspace has no schedule.")
    configure(workspace)
    talk_to(schedule.address(auth_string()).url)
    from prefect import get_client

    from flows.operations import run_now

    before, seconds = footprint(workspace), []
    with get_client(sync_client=True) as client:
        for _ in range(arguments.runs):
            start = time.monotonic()
            name = run_now(refresh=False)
            seconds.append(wait_for(client, name) - start)
    print(json.dumps(figures(seconds, before, footprint(workspace)), indent=2))


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


def footprint(workspace: Workspace) -> dict[str, float]:
    """Resident memory of every process, database and number of files."""
    home = str(workspace.private / "prefect")
    found = {"files": sum(1 for path in workspace.root.rglob("*") if path.is_file())}
    found["database_mib"] = sum(
        path.stat().st_size / MEBIBYTE for path in Path(home).glob("prefect.db*")
    )
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT_HOME") != home:
                continue
            line = " ".join(process.cmdline())
            resident = process.memory_info().rss / MEBIBYTE
        except (psutil.Error, OSError):
            continue
        kind = "guards" if "guard.py" in line else role(line)
        found[f"{kind}_mib"] = found.get(f"{kind}_mib", 0.0) + resident
    return found


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

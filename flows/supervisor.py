"""What `equipoise schedule` is: it keeps a server and a runner alive, and ends both with itself.

It imports neither Prefect nor anything large, so that it is cheap to leave running for months, and
it holds no state: whatever it needs after a restart lies in the workspace.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from flows.password import auth_string
from flows.schedule import Schedule
from flows.server import STARTUP_SECONDS, Server, is_ours, lasting_server, port_is_free
from pipeline.errors import ServiceError
from pipeline.lease import SCHEDULED_RUN, read_holder
from pipeline.process_group import process_group
from pipeline.workspace import Workspace

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# A child that lived this long did not fail at its start.
SETTLED_SECONDS = 60.0
SETTLE_SECONDS = 10.0
_HERE = Path(__file__).parents[1]


def supervise(workspace: Workspace, schedule: Schedule) -> None:
    """Keep server and runner alive until SIGTERM or Ctrl-C.

    Raises:
        ServiceError: the port is another program's, or the server cannot be started at all.
    """
    address = schedule.address(auth_string(workspace))
    os.environ.update(address.environment())
    with _ending_on_sigterm():
        if is_ours(workspace, address):
            log.info("The server at %s is this workspace's own; it is used as it is.", address.page)
            _keep(workspace, None)
            return
        if not port_is_free(address.host, address.port):
            raise ServiceError(
                f"Another program answers at {address.page}, and it is not this workspace's "
                "server. Choose another port with --port."
            )
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            with lasting_server(workspace, address) as server:
                server.wait_until_up()
                log.info("Server: %s", address.page)
                _keep(workspace, server)
            pause = _pause_after("server", started, pause)


def _keep(workspace: Workspace, server: Server | None) -> None:
    """Keep a runner alive for as long as the server is."""
    pause = FIRST_PAUSE_SECONDS
    while server is None or server.process.poll() is None:
        started = time.monotonic()
        busy = False
        try:
            with _runner(workspace) as runner:
                while runner.poll() is None:
                    if server is not None and server.process.poll() is not None:
                        return
                    busy = _is_busy(workspace)
                    time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            if busy:
                _settle(workspace)
            raise
        pause = _pause_after("runner", started, pause)


def _runner(workspace: Workspace) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    return process_group(
        [sys.executable, "-m", "flows.runner", str(workspace.root)],
        cwd=_HERE,
        environment=os.environ,
        log=workspace.private / "schedule.log",
    )


def _is_busy(workspace: Workspace) -> bool:
    holder = read_holder(workspace, SCHEDULED_RUN)
    return holder is not None and holder.is_process_here()


def _settle(workspace: Workspace) -> None:
    """Once the run that was cut off has ended, tell the server, which takes it for running."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while _is_busy(workspace) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS / 5)
    command = [sys.executable, "-m", "flows.runner", "--settle"]
    subprocess.run(command, cwd=_HERE, check=False, timeout=STARTUP_SECONDS)


def _pause_after(name: str, started: float, pause: float) -> float:
    """Wait before a child is started again; returns the next, longer, pause in seconds."""
    if time.monotonic() - started > SETTLED_SECONDS:
        pause = FIRST_PAUSE_SECONDS
    log.warning("The %s ended and is started again in %.0f s.", name, pause)
    time.sleep(pause)
    return min(pause * 2, LONGEST_PAUSE_SECONDS)


@contextlib.contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM leave every block as Ctrl-C does."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        log.info("Stopped. The schedule is kept: `equipoise schedule` starts it again.")
    finally:
        signal.signal(signal.SIGTERM, before)

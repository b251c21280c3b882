"""A Prefect server for the length of one run, for those who keep none.

Prefect can start one itself, but that one stays behind when the run is killed, and it starts only
after seconds of importing. This one is a guarded process group, and starts first.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ServiceError
from pipeline.process_group import process_group
from pipeline.workspace import Workspace

STARTUP_SECONDS = 120.0
_NO_SCREEN = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}


@dataclass(frozen=True)
class TemporaryServer:
    """A server that is starting or up; `url` is its API's address."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def wait_until_up(self) -> None:
        """Wait until it answers.

        Raises:
            ServiceError: it ended, or did not answer within two minutes.
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while not answers(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(
                    f"The run's own Prefect server did not start; its log is {self.log}. "
                    "See `equipoise doctor`, then try again."
                )
            time.sleep(0.1)


@contextlib.contextmanager
def temporary_server(workspace: Workspace) -> Iterator[TemporaryServer]:
    """Start a server on a free loopback port, and end it with this block.

    `flows.settings.configure` must have been called before: the server inherits its settings.
    """
    port = free_port()
    log = workspace.private / "prefect" / "server.log"
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_prefect_folder().parent)]
    command += ["--factory", "prefect.server.api.server:create_app", "--lifespan", "on"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    environment = {**os.environ, **_NO_SCREEN}
    with process_group(command, cwd=workspace.root, environment=environment, log=log) as process:
        yield TemporaryServer(f"http://127.0.0.1:{port}/api", process, log)


def answers(url: str) -> bool:
    """Whether a Prefect server at `url` says that it is healthy."""
    address = url.removeprefix("http://").split("/")[0]
    connection = http.client.HTTPConnection(address, timeout=5.0)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prefect_folder() -> Path:
    """Where Prefect lies, without importing it."""
    spec = find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent

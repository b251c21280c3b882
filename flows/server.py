"""Prefect servers of a workspace: one for the length of a run, one that a schedule keeps.

Either is a guarded process group, so that it never outlives its keeper, and neither module here
imports Prefect: a server starts while its user is still importing.
"""

import base64
import contextlib
import hmac
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from flows.address import ServerAddress
from flows.identity import (
    IDENTITY_VARIABLE,
    PROOF_PATH,
    identity,
    identity_token,
    new_token,
    proof_of,
)
from flows.password import random_auth
from flows.run_database import run_database
from pipeline.errors import ServiceError
from pipeline.process_group import process_group
from pipeline.workspace import Workspace

STARTUP_SECONDS = 120.0
LARGEST_ANSWER_BYTES = 2**20
_LASTING = {
    # What goes wrong inside is for its log; otherwise it says nothing.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
    # Events go after 7 days, runs with their logs and artifacts after 90.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
_TEMPORARY = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    # Its database holds no blocks, and goes with it.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
}


@dataclass(frozen=True)
class Server:
    """A server's process, starting or up. `identity` is what it must prove to know."""

    address: ServerAddress
    process: subprocess.Popen[str]
    log: Path
    identity: str = field(repr=False)
    when_up: Callable[[], None] = lambda: None

    def require_alive(self) -> None:
        """Tell why what was asked of the server failed, where the server is gone.

        Raises:
            ServiceError: its process has ended.
        """
        if self.process.poll() is not None:
            raise ServiceError(
                f"The Prefect server of this run ended before the run did; its log is {self.log}. "
                "What is finished is kept: run the same command again."
            )

    def wait_until_up(self) -> None:
        """Wait until it answers, and not another program that took its port.

        Raises:
            ServiceError: it ended, or did not answer within two minutes.
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while not proves(self.address, self.identity):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(
                    f"The Prefect server at {self.address.page} did not start; its log is "
                    f"{self.log}. See `equipoise doctor`, then try again."
                )
            time.sleep(0.1)
        self.when_up()


@contextlib.contextmanager
def temporary_server(workspace: Workspace) -> Iterator[Server]:
    """A server without a screen on a free port, for the length of this block.

    Its password and its database are its own, and end with it: nothing that is kept can be read or
    planted through it. `flows.settings.configure` must have been called before: the server inherits
    its settings.
    """
    address = ServerAddress("127.0.0.1", free_port(), random_auth())
    with run_database(workspace) as database:
        told = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database.url}
        settings = {**address.guarded(), **_TEMPORARY, **told}
        with _started(workspace, address, settings, new_token()) as server:
            yield replace(server, when_up=database.keep_empty)


@contextlib.contextmanager
def lasting_server(workspace: Workspace, address: ServerAddress) -> Iterator[Server]:
    """A server with all services and its screen, for the length of this block."""
    address.refuse_if_exposed()
    settings = {**address.environment(), **_LASTING}
    with _started(workspace, address, settings, identity_token(workspace)) as server:
        yield server


def ask(address: ServerAddress, path: str) -> object:
    """What the API answers to a GET, decoded; None when nobody answers or not with JSON.

    The password goes with it: only for an address whose server has proven that it is ours.
    """
    headers = {}
    if address.auth:
        headers["Authorization"] = f"Basic {base64.b64encode(address.auth.encode()).decode()}"
    answer = _get(address, f"/api{path}", headers)
    try:
        return None if answer is None else json.loads(answer)
    except ValueError:
        return None


def proves(address: ServerAddress, token: str) -> bool:
    """Whether who listens there knows the token; the question tells it nothing."""
    nonce = secrets.token_hex(32)
    answer = _get(address, PROOF_PATH + nonce, {})
    due = proof_of(token, address.port, nonce)
    return answer is not None and hmac.compare_digest(answer, due.encode())


def _get(address: ServerAddress, path: str, headers: Mapping[str, str]) -> bytes | None:
    connection = http.client.HTTPConnection(address.reached_at, address.port, timeout=5.0)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return answer.read(LARGEST_ANSWER_BYTES) if answer.status == http.HTTPStatus.OK else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def is_ours(workspace: Workspace, address: ServerAddress) -> bool:
    """Whether this workspace's server answers there, and its runner is up.

    That it is healthy is not enough: another program, or the user's own Prefect, may answer on the
    same port, and must not be sent the password.
    """
    if not proves(address, identity_token(workspace)):
        return False
    name, value = identity(workspace)
    answer = ask(address, f"/variables/name/{name}")
    return isinstance(answer, dict) and answer.get("value") == value


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _started(
    workspace: Workspace, address: ServerAddress, settings: Mapping[str, str], token: str
) -> Iterator[Server]:
    log = workspace.private / "prefect" / "server.log"
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_prefect_folder().parent)]
    command += ["--factory", "flows.gate:guarded_app", "--lifespan", "on", "--http", "h11"]
    command += ["--host", address.host, "--port", str(address.port), "--log-level", "error"]
    command += ["--no-proxy-headers", "--no-server-header"]
    # Neither a library nor Prefect's settings are looked for in the workspace.
    own = {"PYTHONSAFEPATH": "1", IDENTITY_VARIABLE: token}
    environment = {**os.environ, **settings, **own}
    with process_group(command, cwd=log.parent, environment=environment, log=log) as process:
        yield Server(address, process, log, token)


def _prefect_folder() -> Path:
    """Where Prefect lies, without importing it."""
    spec = find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent

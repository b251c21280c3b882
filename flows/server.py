"""Prefect servers of a workspace: one for the length of a run, one that a schedule keeps.

Either is a guarded process group, so that it never outlives its keeper, and neither module here
imports Prefect: a server starts while its user is still importing.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ServiceError
from pipeline.process_group import process_group
from pipeline.workspace import Workspace, write_bytes

STARTUP_SECONDS = 120.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Secrets come through the environment alone: a command line is readable by everyone.
AUTH_VARIABLE = "EQUIPOISE_SERVER_AUTH"
DATABASE_VARIABLE = "EQUIPOISE_DATABASE_URL"
_DATABASE = re.compile(r"postgresql\+asyncpg://[^\s/]+/\S+|sqlite\+aiosqlite:////\S+")
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
}


@dataclass(frozen=True)
class ServerAddress:
    """Where a server listens. `auth` is "user:password"; it is never shown."""

    host: str
    port: int
    auth: str | None = field(default=None, repr=False)

    @property
    def reached_at(self) -> str:
        """The host by which this machine reaches it, as an address has it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"[{host}]" if ":" in host else host

    @property
    def page(self) -> str:
        """The address for a browser on this machine."""
        return f"http://{self.reached_at}:{self.port}"

    @property
    def url(self) -> str:
        """The API's address for clients on this machine."""
        return f"{self.page}/api"

    def refuse_if_exposed(self) -> None:
        """Refuse to listen beyond this machine without a password.

        Raises:
            ServiceError: the host is not loopback and no auth string is set.
        """
        if self.host not in LOOPBACK and not (self.auth and ":" in self.auth):
            raise ServiceError(
                f"{self.host} is reachable from other machines, and the server would let anyone "
                f"there run code on this one. Set {AUTH_VARIABLE}=user:password in the "
                "environment, or listen on 127.0.0.1."
            )

    def environment(self) -> dict[str, str]:
        """What the server and its clients are told besides `flows.settings`."""
        told = {
            "PREFECT_API_URL": self.url,
            # Of the page's own address, which is another from another machine or through a tunnel.
            "PREFECT_UI_API_URL": "/api",
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": self.page,
            "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
            # A slot held by a dead run would otherwise outlive every restart of the server.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                "prefect.server.concurrency.lease_storage.filesystem"
            ),
        }
        if self.auth:
            told["PREFECT_SERVER_API_AUTH_STRING"] = self.auth
            told["PREFECT_API_AUTH_STRING"] = self.auth
        database = database_url()
        if database:
            told["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
        return told


def database_url() -> str | None:
    """The database that the environment names for the server; None for its own SQLite file.

    Raises:
        ServiceError: it is an address of another form; the sentence leaves the password out.
    """
    url = os.environ.get(DATABASE_VARIABLE) or None
    if url and not _DATABASE.fullmatch(url):
        scheme = url.partition(":")[0] if "://" in url else "no scheme"
        raise ServiceError(
            f"{DATABASE_VARIABLE} begins with {scheme!r}, which the server cannot use. Write "
            "postgresql+asyncpg://user:password@host:5432/name or "
            "sqlite+aiosqlite:////absolute/path.db, or leave it out."
        )
    return url


@dataclass(frozen=True)
class Server:
    """A server's process, starting or up."""

    address: ServerAddress
    process: subprocess.Popen[str]
    log: Path

    def wait_until_up(self) -> None:
        """Wait until it answers.

        Raises:
            ServiceError: it ended, or did not answer within two minutes.
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while ask(self.address, "/health") is not True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(
                    f"The Prefect server at {self.address.page} did not start; its log is "
                    f"{self.log}. See `equipoise doctor`, then try again."
                )
            time.sleep(0.1)


@contextlib.contextmanager
def temporary_server(workspace: Workspace) -> Iterator[Server]:
    """A server without a screen on a free port, for the length of this block.

    `flows.settings.configure` must have been called before: the server inherits its settings.
    """
    address = ServerAddress("127.0.0.1", free_port())
    with _started(workspace, address, _TEMPORARY) as server:
        yield server


@contextlib.contextmanager
def lasting_server(workspace: Workspace, address: ServerAddress) -> Iterator[Server]:
    """A server with all services and its screen, for the length of this block."""
    address.refuse_if_exposed()
    with _started(workspace, address, {**address.environment(), **_LASTING}) as server:
        yield server


def ask(address: ServerAddress, path: str) -> object:
    """What the API answers to a GET, decoded; None when nobody answers or not with JSON."""
    connection = http.client.HTTPConnection(address.reached_at, address.port, timeout=5.0)
    headers = {}
    if address.auth:
        headers["Authorization"] = f"Basic {base64.b64encode(address.auth.encode()).decode()}"
    try:
        connection.request("GET", f"/api{path}", headers=headers)
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.status == http.HTTPStatus.OK else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def identity(workspace: Workspace) -> tuple[str, str]:
    """Name and value of the Prefect variable by which this workspace knows its own server."""
    path = workspace.private / "prefect" / "identity"
    if not path.is_file():
        write_bytes(path, secrets.token_hex(32).encode())
        path.chmod(0o600)
    token = path.read_text(encoding="ascii")
    return f"equipoise_{token[:16]}", token[16:]


def is_ours(workspace: Workspace, address: ServerAddress) -> bool:
    """Whether the server that answers there knows this workspace; that it is healthy is not enough.

    Another program, or the user's own Prefect, may answer on the same port.
    """
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
    workspace: Workspace, address: ServerAddress, settings: Mapping[str, str]
) -> Iterator[Server]:
    log = workspace.private / "prefect" / "server.log"
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_prefect_folder().parent)]
    command += ["--factory", "prefect.server.api.server:create_app", "--lifespan", "on"]
    command += ["--host", address.host, "--port", str(address.port), "--log-level", "error"]
    environment = {**os.environ, **settings}
    with process_group(command, cwd=workspace.root, environment=environment, log=log) as process:
        yield Server(address, process, log)


def _prefect_folder() -> Path:
    """Where Prefect lies, without importing it."""
    spec = find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent

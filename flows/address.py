"""Where a workspace's server listens, and what it and its clients are told of it."""

import os
import re
from dataclasses import dataclass, field

from flows.gate import HOSTS_VARIABLE, LOOPBACK_HOSTS
from flows.password import AUTH_VARIABLE
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  named, in order to tell it apart
DATABASE_VARIABLE = "EQUIPOISE_DATABASE_URL"
_DATABASE = re.compile(r"postgresql\+asyncpg://[^\s/]+/\S+|sqlite\+aiosqlite:////\S+")


@dataclass(frozen=True)
class ServerAddress:
    """Where a server listens, and for whom.

    Attributes:
        host: The address on which it listens.
        port: The port on which it listens.
        auth: The "user:password" of its API; it is never shown.
        allowed_hosts: Names by which it may be asked, besides those of this machine's loopback and
            the address on which it listens.
    """

    host: str
    port: int
    auth: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()

    @property
    def reached_at(self) -> str:
        """The host by which this machine reaches it, as an address has it."""
        return _in_brackets({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host))  # noqa: S104

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
        """What a lasting server and its clients are told besides `flows.settings`."""
        told = {
            **self.guarded(),
            # A slot held by a dead run would otherwise outlive every restart of the server.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                "prefect.server.concurrency.lease_storage.filesystem"
            ),
        }
        database = database_url()
        if database:
            told["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
        return told

    def guarded(self) -> dict[str, str]:
        """What keeps strangers out of any server, and lets its own clients in."""
        own = [] if self.host in ANYWHERE else [_in_brackets(self.host)]
        names = dict.fromkeys([*LOOPBACK_HOSTS, *own, *self.allowed_hosts])
        told = {
            "PREFECT_API_URL": self.url,
            # Of the page's own address, which is another from another machine or through a tunnel.
            "PREFECT_UI_API_URL": "/api",
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": self.page,
            "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
            HOSTS_VARIABLE: ",".join(name.lower() for name in names),
        }
        if self.auth:
            told["PREFECT_SERVER_API_AUTH_STRING"] = self.auth
            told["PREFECT_API_AUTH_STRING"] = self.auth
        return told


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


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


def lasting_database(workspace: Workspace) -> str | None:
    """The database of the schedule's server, where notification blocks are kept; None without one.

    Raises:
        ServiceError: see `database_url`.
    """
    own = workspace.private / "prefect" / "prefect.db"
    return database_url() or (f"sqlite+aiosqlite:///{own}" if own.is_file() else None)

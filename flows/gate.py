"""The gate before a Prefect server: who is answered at all, by host, origin and password.

A server on loopback is reached by every page in a browser of this machine (a name of another site
may resolve to 127.0.0.1) and by every user of it. Prefect checks neither the name by which it is
asked nor the page that asks, and leaves its schema open. This wrapper does, before Prefect sees
anything, for requests and websockets alike.

It imports no Prefect until the server is made, and none of its tests needs one.
"""

import base64
import hmac
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flows.identity import IDENTITY_VARIABLE, PROOF_PATH, proof_of
from pipeline.terminal import guard_streams

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTS_VARIABLE = "EQUIPOISE_ALLOWED_HOSTS"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
# A host as a browser writes it: a name, an IPv4 address or an IPv6 address in brackets.
HOST_NAME = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_HOST = re.compile(rf"(?P<name>{HOST_NAME.pattern})(?::[0-9]{{1,5}})?")
# What tells a stranger how the server is built, and no client of ours asks for.
_CLOSED = ("/docs", "/redoc", "/openapi.json")
# Open to whoever may ask at all: whether the server is up, and nothing else.
_OPEN = ("/api/health", "/api/ready")
_POLICY_VIOLATION = 1008
_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'none'; object-src 'none'; base-uri 'self'"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not passed on."""

    status: HTTPStatus
    reason: str


_UNKNOWN_HOST = Refusal(
    HTTPStatus.BAD_REQUEST,
    "This server does not answer to that host name. If the name is yours, start the schedule with "
    "--allowed-host NAME.",
)
_BAD_PATH = Refusal(HTTPStatus.BAD_REQUEST, "A path must begin with one /.")
_OTHER_SITE = Refusal(HTTPStatus.FORBIDDEN, "This server answers no page of another site.")
_NO_PAGE = Refusal(HTTPStatus.NOT_FOUND, "There is no such page.")
_ONLY_READ = Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD are answered here.")
_NO_PASSWORD = Refusal(HTTPStatus.UNAUTHORIZED, "The password is missing or wrong.")


class Gate:
    """An ASGI app around another: passes on what comes from this workspace's own clients.

    Args:
        app: The app behind the gate.
        hosts: The names by which it may be asked, in lower case, IPv6 addresses in brackets.
        auth: The "user:password" without which the API answers nothing.
        identity: What this server proves to know to a client that knows it too.
    """

    def __init__(self, app: App, *, hosts: frozenset[str], auth: str, identity: str):
        self._app = app
        self._hosts = hosts
        self._token = b"Basic " + base64.b64encode(auth.encode())
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or close what is refused; pass on everything else."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                # The password comes with the first message, which Prefect demands and checks.
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        send = _with_headers(send)
        if refusal is not None:
            await _answer(send, refusal.status, refusal.reason)
        elif scope["path"].startswith(PROOF_PATH):
            nonce = scope["path"].removeprefix(PROOF_PATH)
            port = scope["server"][1]
            await _answer(send, HTTPStatus.OK, proof_of(self._identity, port, nonce))
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope["headers"])
        host = headers.only("host")
        if host is None or host_name(host) not in self._hosts:
            return _UNKNOWN_HOST
        path: str = scope["path"]
        # A target such as http://host/ or * is none that a browser or client of ours sends.
        if not path.startswith("/") or path.startswith("//"):
            return _BAD_PATH
        in_api = path == "/api" or path.startswith("/api/")
        if not _same_site(headers, host.lower(), in_api=in_api):
            return _OTHER_SITE
        if scope["type"] == "websocket":
            return None if in_api else _NO_PAGE
        if not in_api:
            if path.rstrip("/").lower() in _CLOSED or path.lower().startswith("/docs/"):
                return _NO_PAGE
            return None if scope["method"] in ("GET", "HEAD") else _ONLY_READ
        if path in _OPEN and scope["method"] == "GET":
            return None
        given = headers.only("authorization")
        if given is None or not hmac.compare_digest(given.encode("latin-1"), self._token):
            return _NO_PASSWORD
        return None


def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case without its port; None where it is no host."""
    found = _HOST.fullmatch(host.lower())
    return found["name"] if found else None


class Headers:
    """A request's headers, of which one given twice counts as none."""

    def __init__(self, raw: Any):
        self._raw = [(name.lower(), value) for name, value in raw]

    def all(self, name: str) -> list[str]:
        """Every value of that name."""
        return [value.decode("latin-1") for key, value in self._raw if key == name.encode()]

    def only(self, name: str) -> str | None:
        """The value of that name; None where there is none, or more than one."""
        found = self.all(name)
        return found[0] if len(found) == 1 else None


def _same_site(headers: Headers, host: str, *, in_api: bool) -> bool:
    """Whether no page of another site asks: of another port of this machine either."""
    for origin in headers.all("origin"):
        if origin.lower() not in (f"http://{host}", f"https://{host}"):
            return False
    for site in headers.all("sec-fetch-site"):
        # A link in a mail may lead to the UI; nothing but this server's own pages asks its API.
        opened = headers.only("sec-fetch-mode") == "navigate"
        framed = headers.only("sec-fetch-dest") in ("iframe", "frame", "embed", "object")
        if site not in ("same-origin", "none") and (in_api or not opened or framed):
            return False
    return True


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in _HEADERS}
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in own]
            message = {**message, "headers": [*kept, *_HEADERS]}
        await send(message)

    return sent


async def _answer(send: Send, status: HTTPStatus, text: str) -> None:
    content = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": content})


def guarded_app() -> Gate:
    """Prefect's server behind the gate, as the environment describes it; uvicorn's factory."""
    from prefect.server.api.server import create_app

    # What goes wrong is logged with words of the request.
    guard_streams()
    for handler in logging.getLogger("uvicorn").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)
    names = os.environ[HOSTS_VARIABLE].split(",")
    return Gate(
        create_app(),
        hosts=frozenset(names),
        auth=os.environ["PREFECT_SERVER_API_AUTH_STRING"],
        identity=os.environ[IDENTITY_VARIABLE],
    )

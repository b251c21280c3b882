"""Serving the reports on this machine alone: a few HTML files, read only, with strict headers."""

import contextlib
import os
import re
import shutil
import stat
import webbrowser
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from flows.gate import LOOPBACK_HOSTS, host_name
from pipeline.errors import ServiceError
from pipeline.terminal import say

LOOPBACK = "127.0.0.1"
# The pages carry their own, stricter policy; this one also covers pages that others made.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# An encoded slash or backslash, or what no name of a page holds, is no way to one.
_CODED = re.compile(r"%(2f|5c|00)", re.IGNORECASE)
_IDLE_SECONDS = 30.0


class Pages(BaseHTTPRequestHandler):
    """Hands out the HTML files under a folder, and nothing else: no listing, no link out of it."""

    timeout = _IDLE_SECONDS
    server_version = "equipoise"
    sys_version = ""

    def __init__(self, *arguments: Any, directory: Path):
        self._root = directory
        super().__init__(*arguments)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Answer every method but GET and HEAD, which are the only ones that are defined."""
        if name.startswith("do_"):
            return partial(self._refuse, HTTPStatus.METHOD_NOT_ALLOWED)
        raise AttributeError(name)

    def do_GET(self) -> None:
        """Send a page."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """Send a page's headers."""
        self._answer(with_content=False)

    def _answer(self, *, with_content: bool) -> None:
        status = self._refusal()
        if status is not None:
            self._refuse(status)
            return
        page = page_at(self._root, self.path)
        if page is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        with page:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(os.fstat(page.fileno()).st_size))
            self.end_headers()
            if with_content:
                shutil.copyfileobj(page, self.wfile)

    def _refusal(self) -> HTTPStatus | None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or host_name(hosts[0]) not in LOOPBACK_HOSTS:
            # A page elsewhere that resolves its own name to this address must not read reports.
            return HTTPStatus.MISDIRECTED_REQUEST
        if any(origin != f"http://{hosts[0]}" for origin in self.headers.get_all("Origin", [])):
            return HTTPStatus.FORBIDDEN
        if not self.path.startswith("/"):
            return HTTPStatus.BAD_REQUEST
        return None

    def _refuse(self, status: HTTPStatus) -> None:
        content = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        """Add the headers that keep a page from asking for anything."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Stay quiet."""


class PageServer(ThreadingHTTPServer):
    """A server to which a client that breaks off is no news."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: the connection is closed, and the next one is served."""


def page_at(root: Path, target: str) -> BinaryIO | None:
    """The HTML file that a request asks for, opened; None where there is none inside the folder.

    Args:
        root: The folder, resolved.
        target: What stands in the request: a path that begins with /, still encoded.
    """
    coded = target.partition("?")[0].partition("#")[0]
    parts = unquote(coded if coded != "/" else "/index.html").split("/")[1:]
    odd = any(part in ("", ".", "..") or not part.isprintable() for part in parts)
    if odd or _CODED.search(coded) or not parts[-1].endswith(".html"):
        return None
    # A name may be too long for the file system, a folder unreadable, a link without end.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        path = root.joinpath(*parts).resolve()
        if path.is_relative_to(root):
            # Opening a named pipe would wait for its writer.
            page = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            if stat.S_ISREG(os.fstat(page).st_mode):
                return os.fdopen(page, "rb")
            os.close(page)
    return None


def make_server(folder: Path, *, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder's pages on loopback, bound but not serving yet.

    Raises:
        ServiceError: the port is taken, or not for this user.
    """
    try:
        return PageServer((LOOPBACK, port), partial(Pages, directory=folder.resolve()))
    except OSError as error:
        raise ServiceError(
            f"Nothing can be served on port {port} ({error.strerror}). Name another with --port, "
            "or leave it out: a free one is taken."
        ) from None


def serve_folder(folder: Path, page: Path, *, port: int, show: bool) -> None:
    """Serve until Ctrl-C, and say where."""
    with make_server(folder, port=port) as server:
        address = f"http://{LOOPBACK}:{server.server_address[1]}/{page.as_posix()}"
        say(f"Serving {address} (Ctrl-C ends it)")
        if show:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("Stopped.")

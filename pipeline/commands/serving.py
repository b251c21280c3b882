"""Serving the reports on this machine alone: a few HTML files, read only, with strict headers."""

import webbrowser
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import typer

LOOPBACK = "127.0.0.1"
# The pages carry their own, stricter policy; this one also covers pages that others made.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Pages(SimpleHTTPRequestHandler):
    """Hands out the HTML files under a folder, and nothing else: no listing, no link out of it."""

    def send_head(self) -> Any:
        """Refuse every path that is not an HTML file inside the folder."""
        if self.headers.get("Host", "").rpartition(":")[0] not in (LOOPBACK, "localhost"):
            # A page elsewhere that resolves its own name to this address must not read reports.
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        path = PurePosixPath(unquote(urlsplit(self.path).path))
        if str(path) == "/":
            self.path = "/index.html"
            path = PurePosixPath(self.path)
        root = Path(self.directory).resolve()
        wanted = root.joinpath(*path.parts[1:])
        if path.suffix != ".html" or not wanted.resolve().is_relative_to(root):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Add the headers that keep a page from asking for anything."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Stay quiet."""


def make_server(folder: Path, *, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder's pages on loopback, bound but not serving yet."""
    return ThreadingHTTPServer((LOOPBACK, port), partial(Pages, directory=str(folder.resolve())))


def serve_folder(folder: Path, page: Path, *, port: int, show: bool) -> None:
    """Serve until Ctrl-C, and say where."""
    with make_server(folder, port=port) as server:
        address = f"http://{LOOPBACK}:{server.server_address[1]}/{page.as_posix()}"
        typer.echo(f"Serving {address} (Ctrl-C ends it)")
        if show:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("Stopped.")

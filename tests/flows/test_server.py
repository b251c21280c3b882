"""A server listens on this machine alone, unless a password guards it, and knows its workspace."""

import contextlib
import http.server
import json
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest

from flows.address import ServerAddress
from flows.identity import PROOF_PATH, identity, identity_token, proof_of
from flows.server import Server, free_port, is_ours, port_is_free
from flows.settings import sweep
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    return Workspace.at(tmp_path)


@dataclass
class Answers:
    """What a stand-in server says to any question; with a token it proves who it is before."""

    content: bytes
    status: int = 200
    token: str = ""


@contextlib.contextmanager
def listening(answers: Answers):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answers.status)
            self.end_headers()
            nonce = self.path.removeprefix(PROOF_PATH)
            if answers.token and nonce != self.path:
                proof = proof_of(answers.token, self.server.server_port, nonce)
                self.wfile.write(proof.encode())
            else:
                self.wfile.write(answers.content)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ServerAddress("127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def test_a_run_whose_own_server_is_gone_is_told_so(tmp_path):
    """However it failed then: Prefect's own errors speak of connections."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        server = Server(ServerAddress("127.0.0.1", 1), process, tmp_path / "server.log", "token")
        server.require_alive()
        process.kill()
        process.wait()
        with pytest.raises(ServiceError, match=r"ended before the run did.*same command again"):
            server.require_alive()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
@pytest.mark.parametrize("auth", [None, "", "nocolon"])
def test_beyond_this_machine_a_server_without_a_password_is_refused(host, auth):
    with pytest.raises(ServiceError, match="reachable from other machines"):
        ServerAddress(host, 4200, auth).refuse_if_exposed()


def test_with_a_password_or_on_loopback_a_server_may_listen():
    ServerAddress("0.0.0.0", 4200, "user:password").refuse_if_exposed()
    ServerAddress("127.0.0.1", 4200).refuse_if_exposed()


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("127.0.0.1", "http://127.0.0.1:4200"),
        ("0.0.0.0", "http://127.0.0.1:4200"),
        ("::1", "http://[::1]:4200"),
        ("::", "http://[::1]:4200"),
    ],
)
def test_a_browser_here_reaches_it_wherever_it_listens(host, page):
    assert ServerAddress(host, 4200).page == page


def test_the_password_is_never_shown():
    assert "hunter2" not in repr(ServerAddress("127.0.0.1", 4200, "user:hunter2"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://user:hunter2@host:5432/name",
        "sqlite+aiosqlite:////var/lib/equipoise/prefect.db",
    ],
)
def test_the_server_is_told_of_the_database_that_the_environment_names(url, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_DATABASE_URL", url)
    told = ServerAddress("127.0.0.1", 4200).environment()
    assert told["PREFECT_SERVER_DATABASE_CONNECTION_URL"] == url


@pytest.mark.parametrize(
    "url",
    [
        "postgres://user:hunter2@host/name",
        "postgresql+asyncpg://user:hunter2@host",
        "mysql://user:hunter2@host/name",
        "sqlite+aiosqlite:///relative.db",
        "/var/lib/hunter2.db",
    ],
)
def test_an_address_of_another_database_is_refused_without_showing_it(url, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_DATABASE_URL", url)
    with pytest.raises(ServiceError, match=r"Write postgresql\+asyncpg://") as refused:
        ServerAddress("127.0.0.1", 4200).environment()
    assert "hunter2" not in str(refused.value)


def test_what_the_server_put_aside_is_removed(workspace):
    sweep(workspace)
    aside = workspace.private / "prefect" / "dlq" / "0123"
    aside.parent.mkdir(parents=True)
    aside.write_text("an event")
    sweep(workspace)
    assert not aside.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_page_asks_the_machine_that_it_came_from(host):
    told = ServerAddress(host, 4321, "user:password").environment()
    assert told["PREFECT_UI_API_URL"] == "/api"


def test_cross_site_requests_are_refused_by_setting():
    told = ServerAddress("127.0.0.1", 4321).environment()
    assert told["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4321"
    assert told["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] == "true"


@pytest.mark.parametrize("content", [b"true", b"<html>", b"", b'{"value": "of another"}', b"[1]"])
def test_another_program_on_the_port_is_not_taken_for_ours(workspace, content):
    with listening(Answers(content)) as address:
        assert not is_ours(workspace, address)


def test_the_server_that_knows_the_workspace_is_ours(workspace):
    _, value = identity(workspace)
    token = identity_token(workspace)
    with listening(Answers(json.dumps({"value": value}).encode(), token=token)) as address:
        assert is_ours(workspace, address)
        assert not port_is_free("127.0.0.1", address.port)
    assert not is_ours(workspace, ServerAddress("127.0.0.1", free_port()))


def test_the_identity_stays_and_is_for_the_owner_alone(workspace):
    assert identity(workspace) == identity(workspace)
    mode = (workspace.private / "prefect" / "identity").stat().st_mode
    assert mode & 0o077 == 0

"""The attacks as they were, on living servers: another site's page, another user, a thief.

Whoever stole the password may look and ask for runs; no code of theirs is run.
"""

import base64
import contextlib
import http.client
import http.server
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from playwright import sync_api as playwright

from flows.password import AUTH_VARIABLE, password_file
from flows.server import ask, free_port, temporary_server
from tests.flows.conftest import ELSEWHERE, WAITS, Service, wait_until
from tests.toy_workspace import toy_workspace, writes

CHROMIUM = Path("/usr/bin/chromium")
BROWSER_ARGUMENTS = [
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
]
CANARY = "canary-of-the-webhook"
SOCKETS = ["/api/events/in", "/api/events/out", "/api/logs/out"]
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: prefect\r\n"
)
SAVE_BLOCK = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock
CustomWebhookNotificationBlock(
    name="team",
    url=sys.argv[1] + "/{{token}}",
    json_data={"text": "{{subject}}: {{body}}"},
    secrets={"token": sys.argv[2]},
).save("team")
"""
READ_BLOCK = """
import sys
from flows.blocks import kept_in, load_block
with kept_in(sys.argv[1]):
    block = load_block("custom-webhook/team")
assert block.secrets.get_secret_value()["token"] == sys.argv[2]
"""


class Plain(Service):
    """A schedule with the password that is made for it; nothing watches it."""

    @property
    def environment(self):
        return {name: value for name, value in os.environ.items() if name != AUTH_VARIABLE}

    @property
    def auth(self):
        return password_file(self.workspace).read_text().strip()

    @property
    def address(self):
        from flows.schedule import read_schedule

        return read_schedule(self.workspace).address(self.auth)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    hold = folder / "hold"
    stages = {"wait": WAITS.format(hold=str(hold)) + writes("wait")}
    service = Plain(toy_workspace(folder / "workspace", stages=stages), hold)
    port = str(free_port())
    started = service.command("--every", "12h", "--background", "--port", port)
    assert started.returncode == 0, started.stderr
    assert str(password_file(service.workspace)) in started.stdout
    assert service.auth not in started.stdout
    yield service
    service.hold.unlink(missing_ok=True)
    service.command("stop")


@pytest.fixture(scope="module")
def temporary(service):
    """The server of a run by hand in the same workspace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(service.workspace.private / "prefect"))
        with temporary_server(service.workspace) as server:
            server.wait_until_up()
            yield server


@pytest.fixture(params=["lasting", "temporary"])
def address(request):
    if request.param == "lasting":
        return request.getfixturevalue("service").address
    return request.getfixturevalue("temporary").address


def send(address, method, path, body=None, *, auth=False, host=None, more=()):
    """Status, headers and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{address.port}")
    content = b"" if body is None else json.dumps(body).encode()
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(content)))
    if auth:
        token = base64.b64encode(address.auth.encode()).decode()
        connection.putheader("Authorization", f"Basic {token}")
    for name, value in more:
        connection.putheader(name, value)
    connection.endheaders(content)
    with contextlib.closing(connection), connection.getresponse() as answer:
        return answer.status, dict(answer.getheaders()), answer.read()


def as_thief(address, method, path, body=None):
    """A request with the password and a CSRF token: everything that a stolen password gives."""
    token = ask(address, "/csrf-token?client=thief")["token"]
    more = [("Prefect-Csrf-Token", token), ("Prefect-Csrf-Client", "thief")]
    status = 503
    while status == 503:  # SQLite was busy; every client tries again.
        status, _, content = send(address, method, path, body, auth=True, more=more)
    assert status < 300, content
    return json.loads(content) if content else None


def opens(address, path, *, host=None, origin=None):
    """The status line that a websocket is answered with."""
    with socket.create_connection(("127.0.0.1", address.port), timeout=60) as stream:
        asked = f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{address.port}'}\r\n{UPGRADE}"
        stream.sendall(f"{asked}Origin: {origin}\r\n\r\n".encode())
        return stream.recv(1000).split(b"\r\n")[0]


def test_a_rebound_name_gets_no_token_and_no_page(address):
    evil = f"evil.example:{address.port}"
    for path in ("/api/csrf-token?client=x", "/", "/ui-settings", "/api/health"):
        more = [("Origin", f"http://{evil}")]
        assert send(address, "GET", path, auth=True, host=evil, more=more)[0] == 400


def test_a_page_of_another_site_gets_no_answer_and_no_leave_to_ask(address):
    more = [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST")]
    for method, path in (("OPTIONS", "/api/deployments/filter"), ("GET", "/api/csrf-token")):
        status, headers, _ = send(address, method, path, auth=True, more=more)
        assert status == 403
        assert "access-control-allow-origin" not in {name.lower() for name in headers}


def test_another_user_of_the_machine_gets_nothing_without_the_password(address):
    for method, path in (
        ("GET", "/api/csrf-token?client=x"),
        ("POST", "/api/block_documents/filter"),
        ("POST", "/api/deployments/filter"),
        ("GET", "/api/openapi.json"),
    ):
        assert send(address, method, path, {})[0] == 401
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert send(address, "GET", path)[0] == 404


def test_a_change_without_a_csrf_token_is_refused(address):
    assert send(address, "POST", "/api/deployments/filter", {}, auth=True)[0] == 403
    assert as_thief(address, "POST", "/api/deployments/filter", {}) is not None


@pytest.mark.parametrize("path", SOCKETS)
def test_no_socket_opens_for_another_site(address, path):
    own = f"http://127.0.0.1:{address.port}"
    assert b" 403 " in opens(address, path, origin="http://evil.example")
    assert b" 403 " in opens(address, path, host="evil.example", origin=own)
    assert b" 101 " in opens(address, path, origin=own)


def test_no_target_with_a_host_of_its_own_is_answered(address):
    for head in (
        f"GET http://evil.example/api/health HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\n\r\n",
        f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nHost: evil.example\r\n\r\n",
        "GET /api/health HTTP/1.0\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", address.port), timeout=60) as stream:
            stream.sendall(head.encode())
            assert b" 400 " in stream.recv(1000).split(b"\r\n")[0]


def test_no_secret_stands_on_a_command_line_or_in_a_log(service, temporary):
    secrets = (service.auth, temporary.address.auth)
    for secret in secrets:
        password = secret.partition(":")[2]
        assert not [line for line in service.processes().values() if password in line]
        assert password not in " ".join(psutil.Process(temporary.process.pid).cmdline())
        for log in service.workspace.private.rglob("*.log"):
            assert password not in log.read_text()


def test_the_server_of_a_run_by_hand_holds_no_secret_of_the_schedule_and_the_run_has_them(
    service, temporary
):
    # Kept in the schedule's database, as a user saves it in the UI.
    service.program(SAVE_BLOCK, "http://127.0.0.1:9", CANARY)
    asked = {"include_secrets": True}
    path = "/api/block_documents/filter"
    assert CANARY in json.dumps(as_thief(service.address, "POST", path, asked))
    assert as_thief(temporary.address, "POST", path, asked) == []
    assert as_thief(temporary.address, "POST", "/api/deployments/filter", {}) == []
    home = service.workspace.private / "prefect"
    database = f"sqlite+aiosqlite:///{home / 'prefect.db'}"
    environment = {**service.environment, "PREFECT_HOME": str(home)}
    told = subprocess.run(
        [sys.executable, "-c", READ_BLOCK, database, CANARY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_what_is_planted_on_the_server_of_a_run_by_hand_goes_with_it(service):
    home = service.workspace.private / "prefect"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(home))
        with temporary_server(service.workspace) as server:
            server.wait_until_up()
            flow = as_thief(server.address, "POST", "/api/flows/", {"name": "planted"})
            body = {"name": "planted", "flow_id": flow["id"]}
            as_thief(server.address, "POST", "/api/deployments/", body)
            [folder] = [path for path in home.glob("run-*") if "planted" in str(dump(path))]
            assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert service.query("SELECT count(*) FROM flow WHERE name = 'planted'") == [(0,)]
    # The empty database for the next run is as empty as it was.
    [template] = home.glob("empty-*.db")
    with contextlib.closing(sqlite3.connect(template)) as database:
        assert database.execute("SELECT count(*) FROM flow").fetchall() == [(0,)]


def dump(folder):
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as database:
        return database.execute("SELECT name FROM flow").fetchall()


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_the_line_in_the_password_file_opens_the_ui(service):
    line = password_file(service.workspace).read_text()
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER_ARGUMENTS)
        page = browser.new_page()
        page.goto(f"{service.address.page}/runs")
        page.locator("input[type=password]").fill(line.strip())
        page.locator("input[type=password]").press("Enter")
        page.get_by_text("Runs", exact=True).first.wait_for()
        page.wait_for_url("**/runs**")
        kept = page.evaluate("localStorage.getItem('prefect-password')")
        # The same UI under a name that nobody allowed is no page at all.
        answer = page.goto(f"http://{ELSEWHERE}:{service.address.port}/")
        browser.close()
    assert base64.b64decode(kept).decode() == line.strip()
    assert answer.status == 400


def planted(service, mark: Path) -> str:
    """Give the deployment a shell command as pull step, as the attack did; returns its id."""
    deployment = ask(service.address, "/deployments/name/augmentation/scheduled")["id"]
    script = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {mark}"}}
    as_thief(service.address, "PATCH", f"/api/deployments/{deployment}", {"pull_steps": [script]})
    assert ask(service.address, f"/deployments/{deployment}")["pull_steps"] == [script]
    return deployment


def test_a_shell_command_planted_in_the_deployment_is_never_run(service, tmp_path):
    mark = tmp_path / "owned"
    running = service.begin_run()
    deployment = planted(service, mark)
    # A run that is cancelled or crashes is one for whose hooks Prefect loads the deployment's flow.
    [(found,)] = service.query("SELECT id FROM flow_run WHERE name = ?", running)
    state = {"state": {"type": "CANCELLING"}, "force": True}
    as_thief(service.address, "POST", f"/api/flow_runs/{found}/set_state", state)
    wait_until(lambda: service.state_of(running) == "Cancelled")
    service.hold.unlink()
    asked = {"state": {"type": "SCHEDULED"}}
    path = f"/api/deployments/{deployment}/create_flow_run"
    run = as_thief(service.address, "POST", path, asked)["name"]
    wait_until(lambda: service.state_of(run) == "Refused")
    assert not mark.exists()
    assert "pull_steps" in why_of(service, run)


def test_the_remedy_that_the_refusal_names_sets_the_deployment_right(service, tmp_path):
    mark = tmp_path / "owned"
    deployment = planted(service, mark)
    assert service.command("stop").returncode == 0
    assert service.command("--background").returncode == 0
    # The runner does it before it looks for what is due.
    wait_until(lambda: not ask(service.address, f"/deployments/{deployment}")["pull_steps"])
    run = service.command("now").stdout.split()[2]
    # A toy has nothing to release: its stages ran, and the release says so.
    sql = "SELECT end_time FROM flow_run WHERE name = ?"
    wait_until(lambda: service.query(sql, run) != [(None,)])
    assert "names no data/augmented" in why_of(service, run)
    assert (service.workspace.private / "worktree" / "wait.out").exists()
    assert not mark.exists()


def why_of(service, run: str) -> str:
    """The message of a run's state."""
    [(found,)] = service.query(
        "SELECT message FROM flow_run_state JOIN flow_run ON flow_run_state.id = flow_run.state_id "
        "WHERE flow_run.name = ?",
        run,
    )
    return found

"""One schedule, with its server and runner, for all tests that need a living one."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.schedule import read_schedule
from flows.server import ask
from pipeline.workspace import Workspace
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]
CANARIES = {"server": "canary-of-the-server", "webhook": "canary-of-the-webhook"}
# The first stage waits while this file exists, so that a test decides how long a run takes.
WAITS = """
import time
from pathlib import Path
while Path({hold!r}).exists():
    time.sleep(0.1)
"""


SAVE_BLOCK = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock
url, secret = sys.argv[1:]
CustomWebhookNotificationBlock(
    name="team",
    url=url + "/{{token}}",
    json_data={"text": "{{subject}}: {{body}}"},
    secrets={"token": secret},
).save("team")
"""


@dataclass(frozen=True)
class Service:
    """A schedule that runs in the background, as a user would start it.

    Attributes:
        hold: While this file exists, a run waits in its first stage.
        received: What the listener on loopback was told: path and text of every notification.
    """

    workspace: Workspace
    hold: Path
    received: list[tuple[str, str]]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `equipoise schedule …` on the workspace."""
        command = [sys.executable, "-m", "pipeline.cli", "schedule", *arguments]
        return subprocess.run(
            [*command, "--workspace", str(self.workspace.root)],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "EQUIPOISE_SERVER_AUTH": f"user:{CANARIES['server']}"}

    @property
    def address(self):
        schedule = read_schedule(self.workspace)
        assert schedule is not None
        return schedule.address(self.environment["EQUIPOISE_SERVER_AUTH"])

    def processes(self) -> dict[int, str]:
        """Every living process of the service, by its environment: pid → command line."""
        home = str(self.workspace.private / "prefect")
        found = {}
        for process in psutil.process_iter():
            try:
                if process.environ().get("PREFECT_HOME") == home:
                    found[process.pid] = " ".join(process.cmdline())
            except (psutil.Error, OSError):
                continue
        return found

    def pid_of(self, words: str) -> int:
        """The process whose command line holds the words, guards left out."""
        found = [
            pid
            for pid, line in self.processes().items()
            if words in line and "guard.py" not in line
        ]
        assert len(found) == 1, self.processes()
        return found[0]

    def notify_through(self, *blocks: str) -> None:
        """Name the blocks in params.yaml."""
        names = ", ".join(blocks)
        self.workspace.params_file.write_text(f"seed: 1\nrun: {{notify: [{names}]}}\n")

    def save_block(self, url: str) -> None:
        """Save the webhook's block as a user does in the UI, with a secret in it."""
        settings = {
            "PREFECT_HOME": str(self.workspace.private / "prefect"),
            **self.address.environment(),
        }
        subprocess.run(
            [sys.executable, "-c", SAVE_BLOCK, url, CANARIES["webhook"]],
            env={**self.environment, **settings},
            check=True,
            capture_output=True,
        )

    def begin_run(self) -> str:
        """Have a run taken up that waits in its first stage; returns the run's name."""
        self.hold.touch()
        name = self.command("now").stdout.split()[2]
        wait_until(lambda: any("wait_stage.py" in line for line in self.processes().values()))
        return name

    def state_of(self, name: str) -> str:
        """The state of a run, as the server tells it."""
        return self.query("SELECT state_name FROM flow_run WHERE name = ?", name)[0][0]

    def query(self, sql: str, *values: str) -> list[Any]:
        """Ask the server's database, which no API call can hide anything in."""
        import sqlite3

        path = self.workspace.private / "prefect" / "prefect.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return database.execute(sql, values).fetchall()

    def ask(self, path: str) -> Any:
        return ask(self.address, path)


def wait_until(condition):
    """Wait for as long as it takes; a hang is the test runner's to end."""
    while not condition():
        time.sleep(0.2)


@pytest.fixture(scope="session")
def listener():
    """A real HTTP listener on loopback: its address, and all that was posted to it."""
    received: list[tuple[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            received.append((self.path, json.loads(self.rfile.read(length))["text"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()


@pytest.fixture(scope="session")
def service(tmp_path_factory, listener):
    url, received = listener
    folder = tmp_path_factory.mktemp("service")
    hold = folder / "hold"
    stages = {"wait": WAITS.format(hold=str(hold)) + writes("wait"), "more": writes("more")}
    workspace = toy_workspace(folder / "workspace", stages=stages)
    service = Service(workspace, hold, received)
    started = service.command("--every", "12h", "--background")
    assert started.returncode == 0, started.stderr
    service.save_block(url)
    yield service
    service.hold.unlink(missing_ok=True)
    service.command("stop")

"""One schedule, with its server and runner, for all tests that need a living one."""

import base64
import http.server
import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.schedule import read_schedule
from flows.server import ask
from pipeline.workspace import Workspace
from tests.released import release
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]
CANARIES = {
    "server": "canary-of-the-server",
    "webhook": "canary-of-the-webhook",
    "mail": "canary-of-the-mail",
}
# A name under which a browser elsewhere may know this machine, or the end of its tunnel.
ELSEWHERE = "equipoise.test"
# The first stage waits while this file exists, so that a test decides how long a run takes, and
# diverges where another one stands beside it.
WAITS = """
import time
from pathlib import Path
from pipeline.errors import TrainingError
from pipeline.stages.shell import run_stage
while Path({hold!r}).exists():
    time.sleep(0.1)
def stage(*_):
    if Path({hold!r}).with_name("diverge").exists():
        raise TrainingError("The training diverged before any generator was worth keeping.")
run_stage(stage)
"""
TELLS_ITS_TIME = """
import os
open('more.out', 'w').write(os.environ['EQUIPOISE_TRAINING_SECONDS'])
"""
# Inherited by every Python process of the service: each tells where it connects to, and whose
# address it asks for.
SITECUSTOMIZE = """
import os, sys
def tell(event, arguments):
    if event == "socket.connect":
        told = arguments[1]
    elif event in ("socket.getaddrinfo", "watched"):
        told = arguments[:1]
    else:
        return
    where = told if isinstance(told, tuple) else (told,)
    line = ascii((event, where, sys.orig_argv[1:4])) + chr(10)
    file = os.open(os.environ["TOLD_CONNECTIONS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)
sys.addaudithook(tell)
tell("watched", ())
"""
# Found before the real one by every process of the service: tells what git is asked to do, since
# its own connections are out of Python's sight.
GIT = """\
#!/bin/sh
echo "$*" >> "$TOLD_GIT"
exec {git} "$@"
"""

SAVE_BLOCKS = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from flows.mail import Email
url, token, mail, password = sys.argv[1:]
CustomWebhookNotificationBlock(
    name="team",
    url=url + "/{{token}}",
    json_data={"text": "{{subject}}: {{body}}"},
    secrets={"token": token},
).save("team")
server = f"mailto://equipoise:{password}@{mail}"
Email(url=server + "/?mode=insecure&from=equipoise@example.org&to=team@example.org").save("team")
"""

EQUIP_ANEW = """
from prefect.automations import Automation
from flows.runner import SILENT_RUN, equip
Automation.read(name=SILENT_RUN).delete()
equip()
"""

LAST_RUNS = """
import sys
from flows.operations import last_runs
states = sys.argv[1:]
found = last_runs(len(states))
assert [line.split()[2] for line in found] == states, found
"""

SHOW_ARTIFACTS = """
import sys
from pathlib import Path
from prefect import flow
from flows.artifacts import show_artifacts
from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace
@flow(persist_result=False)
def shown():
    outcome = ReleaseOutcome(
        version="v0.2.0",
        tag="augmented@v0.2.0",
        promoted=True,
        commit="",
        is_new=True,
        sentence="Released augmented v0.2.0: helps, +1.2 points.",
    )
    show_artifacts(Workspace(Path(sys.argv[1])), outcome)
shown()
"""


@dataclass(frozen=True)
class Service:
    """A schedule that runs in the background, as a user would start it.

    Attributes:
        hold: While this file exists, a run waits in its first stage.
        received: What the listener on loopback was told: path and text of every notification.
        mails: What the mail server on loopback was given: user with password, and the message.
    """

    workspace: Workspace
    hold: Path
    received: list[tuple[str, str]] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)

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
        watch = str(self.hold.parent / "watch")
        watched = {
            "PYTHONPATH": os.pathsep.join([watch, str(REPOSITORY)]),
            "PATH": os.pathsep.join([watch, os.environ["PATH"]]),
            "TOLD_CONNECTIONS": str(self.connections),
            "TOLD_GIT": str(self.git_commands),
        }
        return {**os.environ, **watched, "EQUIPOISE_SERVER_AUTH": f"user:{CANARIES['server']}"}

    @property
    def connections(self) -> Path:
        """Where every process of the service tells what it connects to."""
        return self.hold.with_name("connections.txt")

    @property
    def git_commands(self) -> Path:
        """Where every process of the service tells what it asks git to do."""
        return self.hold.with_name("git.txt")

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
        """Name the blocks in the committed params.yaml."""
        names = ", ".join(blocks)
        self.workspace.params_file.write_text(f"seed: 1\nrun: {{notify: [{names}]}}\n")
        self.commit(f"notify {names}")

    def commit(self, message: str) -> None:
        """Commit what the user has changed."""
        identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
        command = ["git", *identity, "commit", "--quiet", "--all", "--message", message]
        subprocess.run(command, cwd=self.workspace.root, check=True)

    def save_blocks(self, url: str, mail: str) -> None:
        """Save the notification blocks as a user does in the UI, with a secret in each."""
        self.program(SAVE_BLOCKS, url, CANARIES["webhook"], mail, CANARIES["mail"])

    def program(self, code: str, *arguments: str) -> None:
        """Run a Python program that talks to the service's server."""
        settings = {
            "PREFECT_HOME": str(self.workspace.private / "prefect"),
            **self.address.environment(),
        }
        subprocess.run(
            [sys.executable, "-c", code, *arguments],
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

        path = self.hold.with_name("other.db")
        if not path.exists():
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
def mail_server():
    """A real SMTP server on loopback that wants a password: its address, and what it was given."""
    mails: list[tuple[str, str]] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.say("220 ready")
            login = ""
            while line := self.rfile.readline().decode().strip():
                command = line.split()[0].upper()
                if command == "EHLO":
                    self.say("250-here\r\n250 AUTH PLAIN")
                elif command == "AUTH":
                    login = base64.b64decode(line.split()[2]).decode().strip("\0")
                    self.say("235 welcome")
                elif command == "DATA":
                    self.say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                    mails.append((login, "\n".join(lines)))
                    self.say("250 taken")
                else:
                    self.say("250 well")
                    if command == "QUIT":
                        return

        def say(self, line):
            self.wfile.write(f"{line}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}", mails
    server.shutdown()


@pytest.fixture(scope="session")
def service(tmp_path_factory, listener, mail_server):
    folder = tmp_path_factory.mktemp("service")
    hold = folder / "hold"
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(SITECUSTOMIZE)
    (folder / "watch" / "git").write_text(GIT.format(git=shutil.which("git")))
    (folder / "watch" / "git").chmod(0o700)
    stages = {"wait": WAITS.format(hold=str(hold)) + writes("wait"), "more": TELLS_ITS_TIME}
    workspace = toy_workspace(folder / "workspace", stages=stages)
    # The last good version, which no run that ends badly may touch.
    release(workspace.root, "v0.1.0", promotion=1)
    service = Service(workspace, hold, listener[1], mail_server[1])
    started = service.command("--every", "12h", "--background", "--allowed-host", ELSEWHERE)
    assert started.returncode == 0, started.stderr
    service.save_blocks(listener[0], mail_server[0])
    yield service
    service.hold.unlink(missing_ok=True)
    service.command("stop")

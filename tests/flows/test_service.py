"""A schedule left alone: one run at a time, nothing outlives its keeper, nothing secret is kept."""

import ast
import base64
import contextlib
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from playwright import sync_api as playwright

from flows.runner import SILENT_RUN
from pipeline.last_run import read_last_run
from pipeline.modalities.image.sheet import png_bytes
from pipeline.workspace import Workspace, write_bytes, write_json
from tests.flows.conftest import (
    CANARIES,
    ELSEWHERE,
    EQUIP_ANEW,
    LAST_RUNS,
    SHOW_ARTIFACTS,
    wait_until,
)

# What git does on another machine; the workspace names no upstream, so none of it is called for.
GIT_CONNECTS = {"archive", "clone", "fetch", "ls-remote", "pull", "push", "remote", "submodule"}
CHROMIUM = Path("/usr/bin/chromium")
BROWSER_ARGUMENTS = [
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def test_it_listens_on_this_machine_alone_and_asks_for_the_password(service):
    listening = [
        connection.laddr.ip
        for pid in service.processes()
        for connection in psutil.Process(pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert service.ask("/admin/version")
    stranger = type(service.address)(service.address.host, service.address.port, None)
    from flows.server import ask

    assert ask(stranger, "/admin/version") is None


def test_a_second_schedule_on_the_same_workspace_is_refused(service):
    again = service.command("--every", "1h")
    assert again.returncode == 2
    assert "is in use by `equipoise schedule`" in again.stderr


def test_the_automation_that_crashes_silent_runs_is_installed_once(service):
    assert service.query("SELECT count(*) FROM automation WHERE name = ?", SILENT_RUN) == [(1,)]


def test_a_server_of_ones_own_gets_the_automation_by_a_command(service):
    before = service.query("SELECT id FROM automation WHERE name = ?", SILENT_RUN)
    service.program(EQUIP_ANEW)
    [after] = service.query("SELECT id FROM automation WHERE name = ?", SILENT_RUN)
    assert after not in before


def tasks_of(service, run):
    """Name and state of each task of a run, as the server has written them down so far."""
    return dict(
        service.query(
            "SELECT task_run.name, task_run.state_name FROM task_run JOIN flow_run "
            "ON task_run.flow_run_id = flow_run.id WHERE flow_run.name = ?",
            run,
        )
    )


def test_a_run_that_comes_due_during_another_is_cancelled_and_the_users_tree_is_left_alone(service):
    service.notify_through("custom-webhook/team", "email/team", "custom-webhook/nowhere")
    first = service.begin_run()
    second = service.command("now").stdout.split()[2]
    wait_until(lambda: service.state_of(second) == "Cancelled")
    assert service.state_of(first) == "Running"
    assert not (service.workspace.root / "wait.out").exists()
    service.hold.unlink()
    wait_until(lambda: service.state_of(first) != "Running")
    # A toy has no dataset to release, so the run ends with that refusal, after its stages.
    assert service.state_of(first) == "Refused"
    assert (service.workspace.private / "worktree" / "more.out").exists()
    # The server writes a task's states from events, a moment after the run itself has ended.
    wait_until(lambda: not {"Pending", "Running"} & set(tasks_of(service, first).values()))
    assert tasks_of(service, first) == {
        "fetch": "Completed",
        "wait": "Completed",
        "more": "Completed",
        "release": "Failed",
        "notify custom-webhook/team": "Completed",
        "notify email/team": "Completed",
        "notify custom-webhook/nowhere": "Failed",
    }
    [(path, text)] = service.received
    assert path == f"/{CANARIES['webhook']}"
    assert text.startswith("Equipoise: a run failed: ")
    assert "names no data/augmented" in text
    [(login, mail)] = service.mails
    assert login == f"equipoise\0{CANARIES['mail']}"
    assert "Subject: Equipoise: a run failed" in mail
    service.notify_through()


def test_runs_that_are_due_take_no_place_among_the_last_ones(service):
    assert len(service.query("SELECT 1 FROM flow_run WHERE state_name = 'Scheduled'")) >= 2
    service.program(LAST_RUNS, "Cancelled", "Refused")


def test_a_run_gives_the_training_its_share_of_the_time(service):
    share = float((service.workspace.private / "worktree" / "more.out").read_text())
    assert 0.29 * 720 * 60 < share <= 0.3 * 720 * 60


def test_a_refresh_takes_the_next_seed_and_a_divergence_keeps_the_last_good_version(service):
    change_input(service, "of the divergence")
    tags = git_tags(service)
    diverge = service.hold.with_name("diverge")
    diverge.touch()
    run = service.command("now", "--refresh").stdout.split()[2]
    wait_until(lambda: service.state_of(run) == "Diverged")
    diverge.unlink()
    worktree = service.workspace.private / "worktree"
    assert "seed: 2" in (worktree / "params.yaml").read_text().splitlines()
    assert "seed: 1" in service.workspace.params_file.read_text().splitlines()
    assert "augmented@v0.1.0" in tags
    assert git_tags(service) == tags
    last = read_last_run(service.workspace)
    assert (last.state, last.sentence) == (
        "Diverged",
        "The training diverged before any generator was worth keeping.",
    )


@pytest.fixture
def browser_page(service):
    """A page of a real browser that has given the password, and asks nobody but its own server."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    user, password = service.environment["EQUIPOISE_SERVER_AUTH"].split(":")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER_ARGUMENTS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # The UI keeps the password where its own form would put it.
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        page.add_init_script(f"localStorage.setItem('prefect-password', '{token}')")
        yield page
        page_url = page.url
        browser.close()
    opened = urlsplit(page_url)
    own = (f"http://{opened.netloc}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.mark.parametrize("host", ["127.0.0.1", ELSEWHERE])
def test_the_run_page_shows_every_stage_in_a_browser(service, browser_page, tmp_path, host):
    [(run,)] = service.query("SELECT id FROM flow_run WHERE state_name = 'Refused' LIMIT 1")
    page = f"http://{host}:{service.address.port}"
    browser_page.goto(f"{page}/runs/flow-run/{uuid.UUID(run)}")
    browser_page.get_by_text("Task Runs").first.click()
    for stage in ("fetch", "wait", "more", "release"):
        browser_page.get_by_text(stage, exact=True).first.wait_for(timeout=0)
    browser_page.screenshot(path=tmp_path / "run.png")
    assert (tmp_path / "run.png").stat().st_size > 10_000


def test_the_artifacts_of_a_new_version_can_be_read_in_a_browser(service, browser_page, tmp_path):
    place = write_shown_files(tmp_path)
    service.program(SHOW_ARTIFACTS, str(place.root))
    found = dict(service.query("SELECT key, id FROM artifact WHERE key IS NOT NULL"))
    pages = f"{service.address.page}/artifacts/artifact"
    shown = {key: f"{pages}/{uuid.UUID(name)}" for key, name in found.items()}
    assert set(shown) == {"version", "verdict", "classes", "samples", "real-samples", "report"}
    for key, words in (
        ("version", "Released augmented v0.2.0: helps, +1.2 points."),
        ("verdict", "changes accuracy by +1.2 points (95 % interval +0.3 to +2.0)"),
        ("classes", "Recall of every class"),
        ("classes", "+7.5"),
        ("report", "equipoise report v0.2.0 --serve --open"),
    ):
        browser_page.goto(shown[key])
        browser_page.get_by_text(words).first.wait_for(timeout=0)
    assert browser_page.get_by_text("The report of v0.2.0").get_attribute("href") == (
        place.report_file.as_uri()
    )
    browser_page.goto(shown["samples"])
    picture = browser_page.locator("img[src^='data:image/png']").first
    picture.wait_for(timeout=0)
    assert picture.evaluate("image => image.naturalWidth") == 40


def write_shown_files(root: Path) -> Workspace:
    """What the report stage and the training leave for the artifacts."""
    place = Workspace(root)
    write_bytes(
        place.summary_file, b"It changes accuracy by +1.2 points (95 % interval +0.3 to +2.0).\n"
    )
    classes = {
        "caption": "Recall of every class",
        "columns": ["Class", "Change"],
        "rows": [["a <b>class</b>", "+7.5"], ["other", "-0.5"]],
    }
    write_json(place.tables_file, {"classes": classes})
    for name in ("generated", "real"):
        picture = png_bytes(np.full((20, 40, 1), 128, np.uint8))
        write_bytes(place.generator / "sheets" / f"{name}.png", picture)
    return place


def test_after_a_kill_of_the_runner_its_run_is_crashed_and_the_next_one_goes_on(service):
    # The last run finished this stage; another input makes it stale again.
    change_input(service, "of the runner")
    first = service.begin_run()
    os.kill(service.pid_of("flows.runner"), signal.SIGKILL)
    wait_until(lambda: service.state_of(first) == "Crashed")
    wait_until(lambda: not any("wait_stage" in line for line in service.processes().values()))
    wait_until(lambda: any("flows.runner" in line for line in service.processes().values()))
    second = service.begin_run()
    assert service.state_of(second) == "Running"
    service.hold.unlink()
    wait_until(lambda: service.state_of(second) == "Refused")


def test_no_secret_is_in_any_file_of_the_workspace(service):
    for path in service.workspace.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for canary in CANARIES.values():
                assert canary.encode() not in content, path


def test_no_process_connects_to_another_machine(service):
    told = connections_of(service)
    watched = {who for event, _, who in told if event == "watched"}
    assert watched >= {"uvicorn", "flows.runner", "prefect.engine", "dvc"}
    asked = {str(where[0]) for event, where, _ in told if event != "watched"}
    assert asked
    # A socket of this machine alone is named by its path.
    assert {one for one in asked if not one.startswith(("/", "b'"))} <= {"127.0.0.1", "localhost"}


def test_git_is_asked_for_nothing_that_leaves_this_machine(service):
    asked = [set(line.split()) for line in service.git_commands.read_text().splitlines()]
    assert any({"worktree", "add"} <= words for words in asked)
    assert [words for words in asked if words & GIT_CONNECTS] == []


def test_the_watch_over_connections_would_see_another_machine(service):
    program = "import socket; s = socket.socket(); s.settimeout(0.1); s.connect(('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", program], env=service.environment, stderr=subprocess.PIPE)
    assert ("socket.connect", ("192.0.2.1", 9)) in [one[:2] for one in connections_of(service)]


def test_stopping_leaves_no_process_and_starting_again_neither_loses_nor_doubles(service):
    before = service.query("SELECT id FROM deployment")
    change_input(service, "of the stop")
    run = service.begin_run()
    stopped = service.command("stop")
    assert stopped.returncode == 0
    assert service.processes() == {}
    assert service.state_of(run) == "Crashed"
    service.hold.unlink()
    due = let_a_week_pass(service)
    assert len(due) > 1
    # The address of a database, here of a copy, is taken from the environment.
    with pytest.MonkeyPatch.context() as patch:
        path = service.hold.with_name("other.db")
        patch.setenv("EQUIPOISE_DATABASE_URL", f"sqlite+aiosqlite:///{path}")
        assert service.command("--background").returncode == 0
        states = dict.fromkeys(due, "")
        while "Refused" not in states.values():
            states = {name: service.state_of(name) for name in due}
        assert sorted(states.values()) == ["Cancelled"] * (len(due) - 1) + ["Refused"]
        assert service.query("SELECT id FROM deployment") == before
        assert service.query("SELECT count(*) FROM deployment_schedule") == [(1,)]
        assert service.command("pause").returncode == 0
        assert service.query("SELECT paused FROM deployment") == [(1,)]
        assert service.command("resume").returncode == 0
        assert service.query("SELECT paused FROM deployment") == [(0,)]


def let_a_week_pass(service) -> list[str]:
    """Move every run that is due into the past, in a copy of the database; returns their names."""
    path = service.hold.with_name("other.db")
    own = sqlite3.connect(service.workspace.private / "prefect" / "prefect.db")
    with contextlib.closing(own), sqlite3.connect(path) as database:
        own.backup(database)
        for column in ("expected_start_time", "next_scheduled_start_time"):
            database.execute(
                f"UPDATE flow_run SET {column} = datetime({column}, '-7 days') || '.000000' "
                "WHERE state_type = 'SCHEDULED'"
            )
        database.execute(
            "UPDATE flow_run_state SET state_details = json_set(state_details, '$.scheduled_time', "
            "strftime('%Y-%m-%dT%H:%M:%SZ', state_details ->> '$.scheduled_time', '-7 days')) "
            "WHERE id IN (SELECT state_id FROM flow_run WHERE state_type = 'SCHEDULED')"
        )
        names = database.execute("SELECT name FROM flow_run WHERE state_type = 'SCHEDULED'")
        return [name for (name,) in names]


def connections_of(service) -> list[tuple[str, tuple, str]]:
    """Every connection and question for an address: event, where to, and which process."""
    lines = service.connections.read_text().splitlines()
    told = [ast.literal_eval(line) for line in lines]
    return [(event, where, module_of(who)) for event, where, who in told]


def module_of(arguments: list[str]) -> str:
    """What Python was started with `-m`, or "" where it was started in another way."""
    return next((name for flag, name in itertools.pairwise(arguments) if flag == "-m"), "")


def git_tags(service) -> str:
    command = ["git", "for-each-ref", "refs/tags"]
    return subprocess.run(
        command, cwd=service.workspace.root, capture_output=True, text=True, check=True
    ).stdout


def change_input(service, content: str) -> None:
    """Commit another input, so that the next run finds every stage stale."""
    (service.workspace.root / "input.txt").write_text(content)
    service.commit(content)

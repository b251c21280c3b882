"""A schedule left alone: one run at a time, nothing outlives its keeper, nothing secret is kept."""

import base64
import os
import signal
import subprocess
import uuid
from pathlib import Path

import psutil
import pytest
from playwright import sync_api as playwright

from flows.runner import SILENT_RUN
from tests.flows.conftest import CANARIES, wait_until

CHROMIUM = Path("/usr/bin/chromium")
BROWSER_ARGUMENTS = [
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


def test_a_run_that_comes_due_during_another_is_cancelled_and_the_users_tree_is_left_alone(service):
    service.notify_through("custom-webhook/team", "custom-webhook/nowhere")
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
    tasks = service.query(
        "SELECT task_run.name, task_run.state_name FROM task_run JOIN flow_run "
        "ON task_run.flow_run_id = flow_run.id WHERE flow_run.name = ?",
        first,
    )
    assert dict(tasks) == {
        "fetch": "Completed",
        "wait": "Completed",
        "more": "Completed",
        "release": "Failed",
        "notify custom-webhook/team": "Completed",
        "notify custom-webhook/nowhere": "Failed",
    }
    [(path, text)] = service.received
    assert path == f"/{CANARIES['webhook']}"
    assert text.startswith("Equipoise: a run failed: ")
    assert "names no data/augmented" in text
    service.notify_through()


def test_the_run_page_shows_every_stage_in_a_browser_and_asks_no_other_machine(service, tmp_path):
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    [(run,)] = service.query("SELECT id FROM flow_run WHERE state_name = 'Refused' LIMIT 1")
    user, password = service.environment["EQUIPOISE_SERVER_AUTH"].split(":")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER_ARGUMENTS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # The UI keeps the password where its own form would put it.
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        page.add_init_script(f"localStorage.setItem('prefect-password', '{token}')")
        page.goto(f"{service.address.page}/runs/flow-run/{uuid.UUID(run)}")
        page.get_by_text("Task Runs").first.click()
        for stage in ("fetch", "wait", "more", "release"):
            page.get_by_text(stage, exact=True).first.wait_for(timeout=0)
        page.screenshot(path=tmp_path / "run.png")
        browser.close()
    assert (tmp_path / "run.png").stat().st_size > 10_000
    own = (f"{service.address.page}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


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
    for pid in service.processes():
        for connection in psutil.Process(pid).net_connections(kind="inet"):
            if connection.raddr:
                assert connection.raddr.ip == "127.0.0.1"


def test_stopping_leaves_no_process_and_starting_again_neither_loses_nor_doubles(service):
    before = service.query("SELECT id FROM deployment")
    change_input(service, "of the stop")
    run = service.begin_run()
    assert service.command("pause").returncode == 0
    stopped = service.command("stop")
    assert stopped.returncode == 0
    assert service.processes() == {}
    assert service.state_of(run) == "Crashed"
    service.hold.unlink()
    assert service.command("--background").returncode == 0
    assert service.query("SELECT id FROM deployment") == before
    assert service.query("SELECT count(*) FROM deployment_schedule") == [(1,)]
    # A pause outlives a restart.
    wait_until(lambda: service.query("SELECT paused FROM deployment") == [(1,)])
    assert service.command("resume").returncode == 0
    assert service.query("SELECT paused FROM deployment") == [(0,)]


def change_input(service, content: str) -> None:
    """Commit another input, so that the next run finds every stage stale."""
    (service.workspace.root / "input.txt").write_text(content)
    identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
    command = ["git", *identity, "commit", "--quiet", "--all", "--message", content]
    subprocess.run(command, cwd=service.workspace.root, check=True)

"""Every line of `equipoise doctor` in every state that it tells apart, and the exit code."""

import contextlib
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
from collections import namedtuple

import pytest
from typer.testing import CliRunner

from flows.identity import PROOF_PATH, identity, identity_token, proof_of
from flows.schedule import Schedule, write_schedule
from flows.server import free_port
from pipeline.cli import app
from pipeline.commands import checkup
from pipeline.commands.checkup import CHECKS, check_up
from pipeline.last_run import note_run
from pipeline.lease import RUN, SCHEDULE, Holder, hold, lease_file
from pipeline.workspace import Workspace, write_json
from tests.released import release
from tests.toy_workspace import toy_workspace, writes

REMOTE = (
    "[core]\n    remote = store\n['remote \"store\"']\n    url = {url}\n    verify = {verify}\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return toy_workspace(tmp_path_factory.mktemp("toy") / "workspace", stages={"a": writes("a")})


@pytest.fixture
def workspace(made, tmp_path, monkeypatch):
    """A workspace in which nothing is wrong."""
    shutil.copytree(made.root, tmp_path / "workspace")
    workspace = Workspace.at(tmp_path / "workspace")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(workspace, "config", "user.name", "A. User")
    git(workspace, "config", "user.email", "user@example.org")
    connect_remote(workspace, tmp_path / "remote", verify=True)
    release(workspace.root, "v0.1.0", promotion=1)
    return workspace


def git(workspace, *arguments):
    subprocess.run(["git", *arguments], cwd=workspace.root, check=True, capture_output=True)


def connect_remote(workspace, url, *, verify):
    url.mkdir(exist_ok=True)
    text = REMOTE.format(url=url, verify=str(verify).lower())
    (workspace.root / ".dvc" / "config").write_text(text)


def line(workspace, subject) -> tuple[str, str]:
    """Level and sentence of one line."""
    (found,) = [finding for finding in check_up(workspace) if finding.subject == subject]
    return found.level, found.sentence


def schedule_at(workspace, port, **changes):
    chosen = Schedule(cron="0 3 * * *", every_seconds=None, timezone="UTC", anchor="", port=port)
    write_schedule(workspace, Schedule(**{**vars(chosen), **changes}))


@contextlib.contextmanager
def answering(content: bytes, token: str = ""):
    """A server with one answer to all, once it has proven who it is; yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            nonce = self.path.removeprefix(PROOF_PATH)
            proof = proof_of(token, self.server.server_port, nonce).encode()
            self.wfile.write(content if nonce == self.path else proof)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def dead_holder() -> Holder:
    """A process of this boot that is gone."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return Holder(**{**vars(Holder.this_process("equipoise run")), "pid": process.pid})


def test_a_workspace_in_order_has_no_failure_and_ends_with_0(workspace):
    told = CliRunner().invoke(app, ["doctor", "--workspace", str(workspace.root)])
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert [one.split(maxsplit=1)[0] for one in lines] == ["ok"] * len(CHECKS)
    assert [one[9:].partition(":")[0] for one in lines] == list(CHECKS)


def test_a_warning_alone_ends_with_0_and_one_failure_with_1(workspace, tmp_path):
    connect_remote(workspace, tmp_path / "remote", verify=False)
    command = ["doctor", "--workspace", str(workspace.root)]
    warned = CliRunner().invoke(app, command)
    assert (warned.exit_code, warned.output.count("warning  ")) == (0, 1)
    workspace.params_file.write_text("sead: 1\n")
    failed = CliRunner().invoke(app, command)
    assert failed.exit_code == 1
    assert "FAILURE  parameters:" in failed.output
    assert "Did you mean `seed`?" in failed.output


def test_a_version_of_a_library_that_was_not_tested_is_a_failure(workspace, monkeypatch):
    monkeypatch.setattr(checkup, "requires", lambda _: ["prefect==3.0.1", "no-such-thing>=1"])
    level, sentence = line(workspace, "versions")
    assert level == "failure"
    assert "due is ==3.0.1; no-such-thing is missing. Install again" in sentence


def test_too_little_room_on_the_disk_is_a_failure(workspace, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: usage(free=10**9))
    assert line(workspace, "disk") == (
        "failure",
        "1.0 GB free, 2.0 GB wanted. Free some; DVC does not always notice a full disk.",
    )


def test_git_without_a_name_is_a_warning_without_a_repository_a_failure(workspace, tmp_path):
    git(workspace, "config", "--unset", "user.name")
    git(workspace, "config", "--unset", "user.email")
    assert line(workspace, "git")[0] == "warning"
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "params.yaml").write_text("seed: 1\n")
    bare = Workspace.at(tmp_path / "bare")
    assert line(bare, "git") == (
        "failure",
        "not in a git repository; run `git init`, then commit",
    )


def test_no_commit_is_a_warning_and_with_a_schedule_a_failure(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    bare = Workspace.at(tmp_path)
    git(bare, "init")
    level, sentence = line(bare, "git")
    assert (level, "no commit yet" in sentence) == ("warning", True)
    schedule_at(bare, free_port())
    assert line(bare, "git")[0] == "failure"


def test_one_fault_is_told_once_and_what_depends_on_it_waits(workspace):
    workspace.params_file.write_text("sead: 1\n")
    found = {one.subject: one for one in check_up(workspace)}
    assert [one.subject for one in found.values() if one.level == "failure"] == ["parameters"]
    for subject in ("remote", "last version", "clock"):
        assert found[subject].sentence == "not checked; mend `parameters` first"


def test_an_identity_may_come_from_the_environment(workspace, monkeypatch):
    assert line(workspace, "git") == ("ok", "versions are made as A. User")
    git(workspace, "config", "--unset", "user.name")
    git(workspace, "config", "--unset", "user.email")
    for variable, value in (("NAME", "A. Robot"), ("EMAIL", "robot@example.org")):
        monkeypatch.setenv(f"GIT_AUTHOR_{variable}", value)
    level, sentence = line(workspace, "git")
    assert (level, "made as A. Robot and Equipoise" in sentence) == ("warning", True)
    for variable, value in (("NAME", "A. Robot"), ("EMAIL", "robot@example.org")):
        monkeypatch.setenv(f"GIT_COMMITTER_{variable}", value)
    assert line(workspace, "git") == ("ok", "versions are made as A. Robot")


def test_a_remote_that_does_not_answer_is_a_failure(workspace, tmp_path):
    (tmp_path / "remote").rmdir()
    (tmp_path / "remote").write_text("a file stands where the remote was")
    assert line(workspace, "remote")[0] == "failure"
    (workspace.root / ".dvc" / "config").unlink()
    level, sentence = line(workspace, "remote")
    assert level == "failure"
    assert "remote" in sentence


def test_the_server_is_told_apart_from_nobody_and_from_another_program(workspace):
    schedule_at(workspace, free_port())
    assert line(workspace, "server")[0] == "warning"
    with answering(b'{"value": "of another"}') as port:
        schedule_at(workspace, port)
        level, sentence = line(workspace, "server")
        assert (level, "another program answers" in sentence) == ("failure", True)
    content = json.dumps({"value": identity(workspace)[1]}).encode()
    with answering(content, identity_token(workspace)) as port:
        schedule_at(workspace, port)
        level, sentence = line(workspace, "server")
        assert (level, "is this workspace's own (SQLite)" in sentence) == ("ok", True)


def test_a_schedule_that_nobody_runs_is_a_failure_a_paused_one_a_warning(workspace):
    schedule_at(workspace, free_port())
    assert line(workspace, "schedule")[0] == "failure"
    with hold(workspace, "equipoise schedule", name=SCHEDULE):
        assert line(workspace, "schedule")[0] == "ok"
        schedule_at(workspace, free_port(), paused=True)
        assert line(workspace, "schedule")[0] == "warning"


def test_the_last_run_under_way_cut_off_good_or_bad(workspace):
    note_run(workspace, "Completed", "Nothing changed.")
    level, sentence = line(workspace, "last run")
    assert (level, sentence.endswith("UTC: Nothing changed.")) == ("ok", True)
    note_run(workspace, "Diverged", "The training diverged.\nLower the rate.")
    level, sentence = line(workspace, "last run")
    assert level == "failure"
    assert sentence.startswith("Diverged at ")
    assert sentence.endswith("The training diverged. Lower the rate.")
    with hold(workspace, "equipoise run", name=RUN):
        assert "under way" in line(workspace, "last run")[1]
    write_json(lease_file(workspace, RUN), vars(dead_holder()))
    assert line(workspace, "last run")[0] == "warning"


def test_no_version_yet_is_a_warning(workspace):
    assert line(workspace, "last version")[0] == "ok"
    git(workspace, "tag", "--delete", "augmented@v0.1.0", "augmented#promoted#1")
    assert line(workspace, "last version")[0] == "warning"


def test_a_clock_behind_the_files_is_a_failure(workspace):
    tomorrow = time.time() + 86400
    os.utime(workspace.params_file, (tomorrow, tomorrow))
    assert line(workspace, "clock")[0] == "failure"


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(workspace, monkeypatch):
    def breaks(_):
        raise ZeroDivisionError("a defect")

    monkeypatch.setitem(CHECKS, "disk", breaks)
    assert line(workspace, "disk") == (
        "failure",
        "could not be checked (ZeroDivisionError: a defect)",
    )
    assert len(list(check_up(workspace))) == len(CHECKS)

"""Calls of git and DVC whose other side never answers, or whose caller is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipeline.errors import TransferError, VersionError
from pipeline.versions import call, git_call
from pipeline.versions.call_kinds import DATA, FETCH, LOCAL
from pipeline.versions.git import Git
from pipeline.versions.git_remote import fetch_tags
from pipeline.versions.process import CommandError, SilentError, run_command
from pipeline.versions.repository import open_repository

ROOT = Path(__file__).parents[2]


@pytest.fixture
def impatient(monkeypatch):
    """Every kind of call waits a second, and not minutes."""
    monkeypatch.setattr(call, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(call, "LOOK_AT_WORK_SECONDS", 0.2)
    for name, kind in git_call._KINDS.items():
        monkeypatch.setitem(git_call._KINDS, name, replace(kind, silent_seconds=1.0))


@pytest.fixture
def silent_server():
    """It accepts every connection, reads what comes, and never answers."""
    held = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.close()
    for connection in held:
        connection.close()


@pytest.fixture
def repository(tmp_path):
    git = Git(tmp_path / "repository")
    git.directory.mkdir()
    git.run("init", "--quiet")
    return git


@pytest.mark.parametrize("scheme", ["git", "http"])
def test_a_remote_that_accepts_and_never_answers_is_a_sentence(
    impatient, silent_server, repository, scheme
):
    url = f"{scheme}://127.0.0.1:{silent_server}/x.git"
    with pytest.raises(TransferError, match=r"cannot be read.*it sent nothing"):
        fetch_tags(repository, url, "augmented")
    told = pytest.raises(VersionError, match=r"cannot be read.*it sent nothing")
    with told, open_repository(url):
        pass
    assert not [one for one in psutil.Process().children(True) if "git" in one.name()]


@pytest.mark.parametrize("program", ["sleep 600", "trap '' TERM; while :; do sleep 1; done"])
def test_a_command_that_does_nothing_is_ended_with_all_its_children(impatient, tmp_path, program):
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(SilentError, match="it sent nothing for 1 seconds"):
        run_command(
            ["sh", "-c", f"({program}) & {program}"],
            directory=tmp_path,
            kind=replace(DATA, silent_seconds=1.0),
        )
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_command_that_works_without_a_word_is_not_ended(impatient, tmp_path):
    busy = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass"
    kind = replace(DATA, silent_seconds=1.0)
    assert run_command([sys.executable, "-c", busy], directory=tmp_path, kind=kind) == b""


def test_a_command_that_talks_for_ever_ends_all_the_same(impatient, tmp_path):
    with pytest.raises(SilentError, match="had not ended after"):
        run_command(
            ["sh", "-c", "while :; do echo x >&2; sleep 0.1; done"],
            directory=tmp_path,
            kind=replace(FETCH, seconds=1.0),
        )


def test_a_command_that_writes_without_end_is_ended(tmp_path):
    with pytest.raises(SilentError, match="wrote more than"):
        run_command(["yes"], directory=tmp_path, kind=replace(LOCAL, output_bytes=1 << 20))


def test_what_a_command_reads_and_writes_passes_whole(tmp_path):
    content = os.urandom(3 << 20)
    assert run_command(["cat"], directory=tmp_path, content=content) == content
    assert run_command(["true"], directory=tmp_path, content=content) == b""
    with pytest.raises(CommandError, match=r"exit code 3\)"):
        run_command(["sh", "-c", "exit 3"], directory=tmp_path)
    with pytest.raises(CommandError, match="'no-such-program' is not installed"):
        run_command(["no-such-program"], directory=tmp_path)
    with pytest.raises(CommandError, match="is not a folder"):
        run_command(["true"], directory=tmp_path / "missing")


CALLS = {
    "local": "Git(here).run('rev-parse', 'HEAD')",
    "fed": "Git(here).write_blob(b'x' * 10_000_000)",
    "fetch": "Git(here).run('fetch', '--quiet')",
    "push": "Git(here).run('push', '--quiet')",
    "worktree": "Git(here).run('worktree', 'list')",
    "dvc": "run_command(['git', 'as', 'dvc'], directory=here, kind=DATA)",
}


@pytest.mark.parametrize("line", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_call_outlives_a_killed_caller(tmp_path, line, number):
    programs = tmp_path / "programs"
    programs.mkdir()
    hung = programs / "git"
    hung.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {tmp_path}/told\nmv {tmp_path}/told "
                    f"{tmp_path}/ids\nwait\n")  # fmt: skip
    hung.chmod(0o755)
    program = (
        "from pathlib import Path\nfrom pipeline.versions.call_kinds import DATA\n"
        "from pipeline.versions.git import Git\nfrom pipeline.versions.process import run_command\n"
        f"here = Path({str(tmp_path)!r})\n{line}\n"
    )
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    caller = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PATH": path}
    )
    while not (tmp_path / "ids").exists():
        assert caller.poll() is None
        time.sleep(0.02)
    ids = [int(word) for word in (tmp_path / "ids").read_text().split()]
    caller.send_signal(number)
    caller.wait()
    while any(lives(pid) for pid in ids):
        time.sleep(0.02)


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_workers_that_decode_end_with_a_killed_parent(tmp_path):
    program = (
        "import time\nfrom pipeline.sources.parallel import map_in_order\n"
        "if __name__ == '__main__':\n"
        "    for _ in map_in_order(time.sleep, [600.0] * 100, workers=2): pass\n"
    )
    (tmp_path / "main.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    caller = subprocess.Popen([sys.executable, str(tmp_path / "main.py")], env=environment)
    while len(workers := decoders(caller.pid)) < 2:
        assert caller.poll() is None
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    while any(lives(pid) for pid in workers):
        time.sleep(0.05)


def decoders(pid):
    children = psutil.Process(pid).children(recursive=True)
    return [one.pid for one in children if "spawn_main" in " ".join(one.cmdline())]

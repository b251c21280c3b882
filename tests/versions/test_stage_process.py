"""A stage runs when stale, refuses in its own words, and never outlives us."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from pipeline.errors import SourceError, WorkspaceError
from pipeline.process_group import process_group
from pipeline.versions.stage_process import StageCrashError, run_stage
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]


def test_a_stage_is_cached_exactly_when_nothing_changed(tmp_path):
    workspace = toy_workspace(tmp_path, stages={"a": writes("a")})
    assert not run_stage(workspace, "a").cached
    assert run_stage(workspace, "a").cached
    (tmp_path / "input.txt").write_text("2")
    assert not run_stage(workspace, "a").cached


def test_a_refusal_comes_back_as_the_error_that_the_stage_raised(tmp_path):
    program = """
        from pipeline.errors import SourceError
        from pipeline.stages.shell import run_stage
        def run(workspace, params):
            raise SourceError("The folder is empty.", ["Put pictures in."])
        run_stage(run)
    """
    workspace = toy_workspace(tmp_path, stages={"a": textwrap.dedent(program)})
    with pytest.raises(SourceError) as caught:
        run_stage(workspace, "a", environment={"PYTHONPATH": str(REPOSITORY)})
    assert str(caught.value) == "The folder is empty.\n  - Put pictures in."


def test_a_lock_with_the_marks_of_a_conflict_is_told_with_the_way_out(tmp_path):
    workspace = toy_workspace(tmp_path, stages={"a": writes("a")})
    run_stage(workspace, "a")
    lock = tmp_path / "dvc.lock"
    lock.write_text("<<<<<<< HEAD\n" + lock.read_text())
    with pytest.raises(
        WorkspaceError, match=r"dvc\.lock cannot be read.*git checkout -- dvc\.lock"
    ):
        run_stage(workspace, "a")
    lock.unlink()
    run_stage(workspace, "a")


def test_a_defect_in_a_stage_is_told_as_a_defect_with_its_traceback_in_the_log(tmp_path):
    workspace = toy_workspace(tmp_path, stages={"a": "print('before')\n1 / 0\n"})
    lines: list[str] = []
    with pytest.raises(StageCrashError, match="defect of the program"):
        run_stage(workspace, "a", on_line=lines.append)
    assert "before" in lines
    assert any("ZeroDivisionError" in line for line in lines)


def test_a_stage_that_was_killed_is_no_defect(tmp_path):
    """As the memory killer of the machine does it."""
    # What it leaves behind may still write after DVC has told how it ended.
    program = (
        "import os, signal, subprocess\n"
        "subprocess.Popen(['sh', '-c', 'sleep 2; echo a warning of a helper'])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    workspace = toy_workspace(tmp_path, stages={"a": program})
    with pytest.raises(StageCrashError, match=r"was killed from outside.*memory ran out"):
        run_stage(workspace, "a")


def test_a_stage_runs_under_the_python_that_runs_us(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    program = "import sys; print('prefix', sys.prefix)\n" + writes("a")
    lines: list[str] = []
    run_stage(toy_workspace(tmp_path, stages={"a": program}), "a", on_line=lines.append)
    assert f"prefix {sys.prefix}" in lines


def test_leaving_the_block_ends_children_and_grandchildren(tmp_path):
    child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {0!r}]); {1}"
    sleep = "import time; print('up', flush=True); time.sleep(600)"
    command = [sys.executable, "-c", child.format(sleep, "time.sleep(600)")]
    with process_group(command, cwd=tmp_path, environment={}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        assert len(members(process.pid)) == 3
    assert members(process.pid) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_stage_outlives_the_process_that_started_it(tmp_path, number):
    starter = f"""
        import sys
        from pathlib import Path
        from pipeline.process_group import process_group
        sleep = "import time; print('up', flush=True); time.sleep(600)"
        command = [sys.executable, "-c", sleep]
        with process_group(command, cwd=Path({str(tmp_path)!r}), environment={{}}) as process:
            process.stdout.readline()
            print(process.pid, flush=True)
            process.wait()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(starter)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdout is not None
    group = int(process.stdout.readline())
    assert len(members(group)) == 2
    os.kill(process.pid, number)
    process.wait()
    wait_until(lambda: members(group) == [])


def members(group: int) -> list[psutil.Process]:
    """The living processes of a process group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_until(condition):
    while not condition():
        time.sleep(0.05)

"""One run at a time in a workspace, and the dead never block the living."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pipeline.errors import WorkspaceError
from pipeline.lease import Holder, hold, lease_file, read_holder
from pipeline.workspace import Workspace, write_json

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    return Workspace.at(tmp_path)


def test_a_second_run_refuses_at_once_and_says_who_holds_the_workspace(workspace):
    with (
        hold(workspace, "equipoise run"),
        pytest.raises(WorkspaceError, match=f"`equipoise run`, process {os.getpid()} on"),
        hold(workspace, "equipoise run"),
    ):
        pass


def test_a_lease_is_given_back_also_when_the_run_fails(workspace):
    with pytest.raises(ZeroDivisionError), hold(workspace, "equipoise run"):
        raise ZeroDivisionError
    assert read_holder(workspace) is None
    with hold(workspace, "equipoise run") as lease:
        assert lease.predecessor is None


def test_a_killed_holder_is_found_dead_and_named(workspace):
    program = (
        "import os, signal\nfrom pipeline.lease import hold\n"
        "from pipeline.workspace import Workspace\n"
        f"with hold(Workspace.at({str(workspace.root)!r}), 'first'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False)
    assert read_holder(workspace) is not None
    with hold(workspace, "second") as lease:
        assert lease.predecessor is not None
        assert lease.predecessor.purpose == "first"


@pytest.mark.parametrize(
    "changed",
    [
        {"started": 1.0},  # the process id was recycled
        {"boot": "another boot"},  # the machine was restarted
    ],
)
def test_a_holder_that_cannot_be_alive_does_not_block(workspace, changed):
    dead = replace(Holder.this_process("old"), **changed)
    write_json(lease_file(workspace), asdict(dead))
    with hold(workspace, "new") as lease:
        assert lease.predecessor == dead


def test_a_holder_in_another_container_blocks_while_its_heart_beats(workspace):
    away = replace(Holder.this_process("away"), host="another", boot="other", pid_namespace=1)
    path = lease_file(workspace)
    write_json(path, asdict(away))
    with pytest.raises(WorkspaceError, match="on another"), hold(workspace, "here"):
        pass
    os.utime(path, (0, 0))
    with hold(workspace, "here") as lease:
        assert lease.predecessor == away


def test_a_damaged_lease_does_not_block(workspace):
    path = lease_file(workspace)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"pid": 1})[:-1])
    with hold(workspace, "new") as lease:
        assert lease.predecessor is None

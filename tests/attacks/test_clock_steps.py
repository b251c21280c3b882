"""A step of the clock makes no living holder dead, and no dead one alive."""

import json
from dataclasses import asdict, replace

import psutil
import pytest

from pipeline.errors import WorkspaceError
from pipeline.lease import Holder, hold, lease_file, read_holder, start_of
from pipeline.workspace import Workspace, write_json


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    return Workspace.at(tmp_path)


@pytest.fixture
def step_the_clock(monkeypatch):
    """What psutil tells after the clock was set: starts are computed from the boot time."""
    real = psutil.Process.create_time

    def step(seconds):
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: real(self) + seconds)

    return step


@pytest.mark.parametrize("seconds", [2.0, -2.0, 3600.0])
def test_a_living_holder_stays_alive_after_a_step_of_the_clock(workspace, step_the_clock, seconds):
    with hold(workspace, "equipoise run"):
        step_the_clock(seconds)
        assert read_holder(workspace).is_process_here()
        with pytest.raises(WorkspaceError, match="in use"), hold(workspace, "another"):
            pass


def test_a_recycled_process_id_is_not_the_holder(workspace):
    living = Holder.this_process("old")
    assert living.clock == "ticks"
    assert not replace(living, started=living.started - 1).is_process_here()


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_a_lease_of_the_old_form_is_still_read(workspace, step_the_clock, seconds):
    old = asdict(replace(Holder.this_process("old"), started=psutil.Process().create_time()))
    del old["clock"]
    write_json(lease_file(workspace), old)
    step_the_clock(seconds)
    assert read_holder(workspace).is_process_here()
    write_json(lease_file(workspace), {**old, "started": 1.0})
    assert not read_holder(workspace).is_process_here()


def test_the_start_is_told_for_programs_with_any_name(tmp_path):
    assert start_of(1)[0] <= start_of(psutil.Process().pid)[0]
    with pytest.raises((FileNotFoundError, psutil.NoSuchProcess)):
        start_of(2**22 + 1)


@pytest.mark.parametrize(
    "changed",
    [{"pid": "1"}, {"pid": -5}, {"pid": 2**40}, {"started": None}, {"boot": 3}, {"clock": []}],
)
def test_a_lease_with_other_types_blocks_nobody(workspace, changed):
    damaged = {**asdict(Holder.this_process("old")), **changed}
    lease_file(workspace).parent.mkdir()
    lease_file(workspace).write_text(json.dumps(damaged))
    assert read_holder(workspace) is None
    with hold(workspace, "new"):
        pass

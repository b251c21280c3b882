import json

from pipeline.run_record import note_stage, read_record, run_file
from pipeline.workspace import Workspace


def test_a_stage_that_ran_again_replaces_its_time_and_leaves_the_others(tmp_path):
    workspace = Workspace(tmp_path)
    note_stage(workspace, "prepare", 1.26)
    note_stage(workspace, "train", 70)
    note_stage(workspace, "prepare", 2)
    record = read_record(run_file(workspace).read_bytes())
    assert record.stages_seconds == {"prepare": 2.0, "train": 70.0}


def test_the_record_names_no_host_and_no_user(tmp_path):
    import getpass
    import socket

    note_stage(Workspace(tmp_path), "train", 1)
    told = json.loads(run_file(Workspace(tmp_path)).read_text())["machine"]
    assert set(told) == {"system", "processor", "cores", "memory_gib", "python", "software"}
    assert not {socket.gethostname(), getpass.getuser()} & {str(value) for value in told.values()}


def test_a_damaged_record_is_started_afresh(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.reports.mkdir()
    run_file(workspace).write_text("{")
    note_stage(workspace, "train", 1)
    assert read_record(run_file(workspace).read_bytes()).stages_seconds == {"train": 1.0}

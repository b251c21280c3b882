"""A stage that runs again says why, where nothing that the user sees has changed."""

import pytest

from pipeline.versions.pin import take_pin
from pipeline.versions.stage_run import bring_up
from pipeline.workspace import write_json
from tests.toy_workspace import toy_workspace, writes

REASON = "a: runs again, because Equipoise or a library that it uses has changed."


@pytest.fixture
def workspace(tmp_path):
    workspace = toy_workspace(tmp_path, stages={"a": writes("a")})
    pipeline = tmp_path / "dvc.yaml"
    pipeline.write_text(pipeline.read_text() + "    params: [code.json: [a]]\n")
    write_json(tmp_path / "code.json", {"a": "old"})
    bring_up(workspace, take_pin(workspace), "a")
    return workspace


def lines_of_a_run(workspace):
    lines = []
    bring_up(workspace, take_pin(workspace), "a", on_line=lines.append)
    return lines


def test_a_stage_says_that_it_runs_again_since_the_program_changed(workspace):
    write_json(workspace.root / "code.json", {"a": "new"})
    assert REASON in lines_of_a_run(workspace)
    assert REASON not in lines_of_a_run(workspace)


def test_a_stage_whose_input_changed_does_not_say_so(workspace):
    (workspace.root / "input.txt").write_text("2")
    assert REASON not in lines_of_a_run(workspace)

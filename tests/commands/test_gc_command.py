"""`equipoise gc` never removes data from under a run."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import WorkspaceError
from pipeline.lease import RUN, SCHEDULED_RUN, hold
from pipeline.versions import garbage
from tests.toy_workspace import toy_workspace, writes


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    workspace = toy_workspace(tmp_path / "own", stages={"a": writes("a")})
    monkeypatch.chdir(workspace.root)
    return workspace


@pytest.mark.parametrize("name", [RUN, SCHEDULED_RUN])
def test_it_is_refused_while_a_run_is_under_way(workspace, monkeypatch, name):
    monkeypatch.setattr(garbage, "find_garbage", lambda *_, **__: pytest.fail("it looked"))
    with hold(workspace, "a run of either kind", name=name):
        refused = CliRunner().invoke(app, ["gc", "--keep", "1"])
    assert refused.exit_code == 2
    assert "is in use by `a run of either kind`" in refused.output


@pytest.mark.parametrize("name", [RUN, SCHEDULED_RUN])
def test_no_run_can_begin_while_it_works(workspace, monkeypatch, name):
    def look(*_, **__):
        with (
            pytest.raises(WorkspaceError, match="in use by `equipoise gc`"),
            hold(workspace, "a run", name=name),
        ):
            pass
        return garbage.Garbage()

    monkeypatch.setattr(garbage, "find_garbage", look)
    done = CliRunner().invoke(app, ["gc", "--keep", "1"])
    assert done.exit_code == 0, done.output
    with hold(workspace, "a run", name=name):
        pass

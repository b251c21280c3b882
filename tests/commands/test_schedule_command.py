"""What `equipoise schedule` refuses before anything is started or written down."""

import os

import pytest
from typer.testing import CliRunner

from flows.schedule import read_schedule
from pipeline.cli import app
from tests.toy_workspace import toy_workspace, writes


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return toy_workspace(tmp_path_factory.mktemp("toy") / "own", stages={"a": writes("a")})


@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        (["--every", "6h", "--host", "0.0.0.0"], {}, "reachable from other machines"),
        (["--every", "6h", "--host", "::"], {"EQUIPOISE_SERVER_AUTH": "x"}, "reachable"),
        (["--every", "6h"], {"EQUIPOISE_DATABASE_URL": "mysql://u:p@h/n"}, "begins with 'mysql'"),
        (["--every", "6h", "--cron", "0 3 * * *"], {}, "not both"),
        (["--every", "5"], {}, "is not an interval"),
        (["--cron", "daily"], {}, "is not a cron rule"),
        ([], {}, "No schedule is set here"),
        (["now"], {}, "No schedule is set here"),
        (["pause"], {}, "No schedule is set here"),
        (["status"], {}, "No schedule is set here"),
    ],
)
def test_it_is_refused_in_a_sentence_and_nothing_is_kept(workspace, options, environment, sentence):
    with pytest.MonkeyPatch.context() as patch:
        # The command tells Prefect its settings through the environment.
        patch.setattr(os, "environ", os.environ.copy())
        os.environ.update(environment)
        refused = CliRunner().invoke(
            app, ["schedule", *options, "--workspace", str(workspace.root)]
        )
    assert refused.exit_code == 2
    assert sentence in refused.output
    assert read_schedule(workspace) is None
    assert "u:p@h" not in refused.output

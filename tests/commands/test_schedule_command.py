"""What `equipoise schedule` refuses before anything is started or written down."""

import os
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from flows.schedule import Schedule, read_schedule, schedule_file, write_schedule
from flows.server import free_port
from pipeline.cli import app
from pipeline.commands import schedule as command
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
        (
            ["--cron", "0 3 * * *", "--timezone", "Europe/Berln"],
            {},
            "There is no time zone `Europe/Berln`. Did you mean Europe/Berlin?",
        ),
        (["--every", "6h", "--timezone", "Europe"], {}, "There is no time zone `Europe`."),
        (["--timezone", "Europe/Berlin"], {}, "No schedule is set here"),
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


@pytest.fixture
def kept(workspace, monkeypatch):
    """A schedule that is written down; the command ends where it would start the server."""
    monkeypatch.setattr(command, "_start_in_background", lambda *_: None)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    chosen = Schedule("0 3 * * *", None, "UTC", "2026-01-01T00:00:00+00:00", port=free_port())
    write_schedule(workspace, chosen)
    yield chosen
    schedule_file(workspace).unlink()


def set_again(workspace, *options):
    arguments = ["schedule", *options, "--background", "--workspace", str(workspace.root)]
    return CliRunner().invoke(app, arguments)


def test_another_zone_is_taken_for_the_rule_that_was_set_before(workspace, kept):
    told = set_again(workspace, "--timezone", "Asia/Tokyo")
    assert "cron `0 3 * * *` in Asia/Tokyo" in told.output
    assert read_schedule(workspace) == replace(kept, timezone="Asia/Tokyo")


def test_a_zone_that_is_none_leaves_the_schedule_as_it_was(workspace, kept):
    refused = set_again(workspace, "--timezone", "Europe/Berln")
    assert refused.exit_code == 2
    assert read_schedule(workspace) == kept


@pytest.mark.parametrize("damage", ['{"cron"', '{"cron": "0 3 * * *"}'])
def test_a_damaged_schedule_can_be_set_again_as_its_refusal_says(workspace, kept, damage):
    schedule_file(workspace).write_text(damage)
    assert "Set the schedule again" in set_again(workspace).output
    assert set_again(workspace, "--every", "6h").exit_code == 0
    known = read_schedule(workspace)
    assert known is not None
    assert known.every_seconds == 21600


def test_a_zone_that_an_earlier_release_let_pass_is_told_with_the_way_out(workspace, kept):
    write_schedule(workspace, replace(kept, timezone="Europe/Berln"))
    refused = set_again(workspace)
    assert refused.exit_code == 2
    assert "There is no time zone `Europe/Berln`" in refused.output
    assert set_again(workspace, "--cron", "0 4 * * *", "--timezone", "UTC").exit_code == 0

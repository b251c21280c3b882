"""How far a long stage is: what it says, how often, and where it is shown."""

import logging
from uuid import uuid4

import pytest

from flows import artifacts
from flows.audience import step, watching
from pipeline.commands import progress as screens
from pipeline.commands.progress import PlainLines
from pipeline.progress import Advance, Pace, advance_in


class Clock:
    """Seconds that a test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def told_by(calls, *, unit="steps", every="60", chunk=1, monkeypatch):
    """What a stage says when it is so far after so many seconds."""
    monkeypatch.setenv("EQUIPOISE_PROGRESS_SECONDS", every)
    clock, lines = Clock(), []
    pace = Pace("train", unit, chunk=chunk, say=lines.append, clock=clock)
    for seconds, done in calls:
        clock.now = 100.0 + seconds
        pace.at(done, 1000)
    return lines


def test_a_line_has_what_is_done_the_rate_and_the_time_left(monkeypatch):
    assert told_by([(200, 400)], chunk=100, monkeypatch=monkeypatch) == ["train: 400 of 1000 steps"]
    calls = [(50, 100), (200, 400)]
    assert told_by(calls, chunk=100, monkeypatch=monkeypatch) == [
        "train: 400 of 1000 steps, 2.0 a second, about 5 min left"
    ]


def test_the_first_tasks_tell_no_rate(monkeypatch):
    calls = [(300, 1), (400, 2), (500, 3)]
    lines = told_by(calls, unit="tasks", monkeypatch=monkeypatch)
    assert lines[:2] == ["train: 1 of 1000 tasks", "train: 2 of 1000 tasks"]
    assert "left" in lines[2]


def test_there_is_a_line_a_minute_and_one_at_the_end(monkeypatch):
    calls = [(seconds, seconds) for seconds in range(1, 181)]
    lines = told_by([*calls, (181, 1000)], monkeypatch=monkeypatch)
    assert [line.split()[1] for line in lines] == ["60", "120", "180", "1000"]
    assert lines[-1] == "train: 1000 of 1000 steps"


def test_what_was_done_before_the_stage_began_counts_for_no_speed(monkeypatch):
    (line,) = told_by([(10, 510), (100, 600)], chunk=10, monkeypatch=monkeypatch)
    assert line == "train: 600 of 1000 steps, 1.0 a second, about 7 min left"


@pytest.mark.parametrize(
    ("seconds", "rate"), [(100, "1.0 a second"), (3000, "2.0 a minute"), (90_000, "4.0 an hour")]
)
def test_the_rate_has_a_unit_that_suits(monkeypatch, seconds, rate):
    calls = [(1, 25), (seconds, 100)]
    (line,) = told_by(calls, unit="tasks", chunk=25, monkeypatch=monkeypatch)
    assert rate in line


def test_a_line_of_progress_is_told_from_every_other_line():
    line = "evaluate: 3 of 19 tasks, 1.2 a minute, about 13 min left"
    assert advance_in(line) == Advance("evaluate", 3, 19, line.partition(": ")[2])
    assert advance_in(line).percent == pytest.approx(100 * 3 / 19)
    for other in ("evaluate: 3 of 19 tasks were done before", "train: step 250: loss 1.0", ""):
        assert advance_in(other) is None


class Watcher:
    """Notes what it is told."""

    def __init__(self):
        self.said_, self.advanced_ = [], []

    def began(self, stage):
        pass

    def ended(self, stage, outcome, seconds):
        pass

    def said(self, stage, line):
        self.said_.append(line)

    def advanced(self, stage, text):
        self.advanced_.append(text)


def test_the_live_table_gets_each_advance_and_the_log_one_a_minute(caplog):
    caplog.set_level(logging.INFO)
    watcher = Watcher()
    with watching(watcher), step("train", logging.getLogger("flows.test")) as here:
        for done in (1, 2, 3):
            here.listen(f"train: {done} of 9 steps, 1.0 a second, about 5 s left")
        here.listen("train: something else")
    assert len(watcher.advanced_) == 3
    assert watcher.said_ == ["train: something else"]
    assert [m for m in caplog.messages if " of 9 " in m] == [
        "train: 1 of 9 steps, 1.0 a second, about 5 s left"
    ]


def test_a_plain_log_has_a_line_a_minute(capsys, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(screens.time, "monotonic", clock)
    shown = PlainLines()
    for seconds in range(0, 121, 5):
        clock.now = 100.0 + seconds
        shown.advanced("train", f"{seconds} of 200 steps")
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["0", "60", "120"]


def test_a_server_that_cannot_be_asked_ends_no_stage(monkeypatch):
    def gone(*_, **__):
        raise OSError("no server")

    monkeypatch.setattr(artifacts, "create_progress_artifact", gone)
    hear = artifacts.shown_in_ui("train", advance_in)
    hear("train: 5 of 9 steps")
    hear("train: 9 of 9 steps")


def test_the_ui_gets_one_artifact_a_stage_that_grows(monkeypatch):
    made, grown, key = [], [], uuid4()

    def make(percent, *, key_=key, **told):
        made.append((percent, told))
        return key_

    monkeypatch.setattr(artifacts, "create_progress_artifact", make)
    monkeypatch.setattr(
        artifacts, "update_progress_artifact", lambda *told, **_: grown.append(told)
    )
    hear = artifacts.shown_in_ui("train", advance_in)
    for line in ("train: 0 of 4 steps", "train: 1 of 4 steps", "something", "train: 4 of 4 steps"):
        hear(line)
    assert made == [(0.0, {"key": "progress-train", "description": "0 of 4 steps"})]
    assert grown == [(key, 100.0)]

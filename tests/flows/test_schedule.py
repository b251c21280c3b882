"""A schedule says when runs are due, survives restarts, and is refused in words when wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import IntervalSchedule

from flows.schedule import (
    Schedule,
    checked_cron,
    next_times,
    read_schedule,
    schedule_file,
    seconds_of,
    set_paused,
    write_schedule,
)
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace

NIGHTLY = Schedule(cron="0 3 * * *", every_seconds=None, timezone="Europe/Berlin", anchor="")


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    return Workspace.at(tmp_path)


def test_cron_is_read_in_the_zone_of_the_user_across_a_change_of_clocks():
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    times = next_times(NIGHTLY, after=before)
    assert [(time.day, time.hour) for time in times] == [(25, 3), (26, 3), (27, 3)]
    assert times[0].astimezone(UTC).hour == 2
    assert times[0].tzinfo == ZoneInfo("Europe/Berlin")


def test_an_interval_counts_from_when_it_was_set_not_from_the_last_restart():
    anchor = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    six_hours = Schedule(
        cron=None, every_seconds=seconds_of("6h"), timezone="UTC", anchor=anchor.isoformat()
    )
    times = next_times(six_hours, after=datetime(2026, 1, 2, 7, tzinfo=UTC))
    assert times[0] == datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
    assert times[1] - times[0] == timedelta(hours=6)


@pytest.mark.parametrize("every", ["4h", "6h", "23h", "1d", "1w"])
@pytest.mark.parametrize("day", [datetime(2026, 3, 28), datetime(2026, 10, 24)])
def test_an_interval_is_counted_across_a_change_of_clocks_as_prefect_counts_it(every, day):
    # Away from the hour that comes twice, of which Prefect leaves out one.
    anchor = datetime(2026, 1, 1, 5, 15, tzinfo=UTC)
    interval = timedelta(seconds=seconds_of(every))
    schedule = Schedule(
        cron=None,
        every_seconds=interval.total_seconds(),
        timezone="Europe/Berlin",
        anchor=anchor.isoformat(),
    )
    theirs = IntervalSchedule(interval=interval, anchor_date=anchor, timezone="Europe/Berlin")
    for hours in (11, 30, 41):
        after = day.replace(tzinfo=UTC) + timedelta(hours=hours, minutes=1)
        due = asyncio.run(theirs.get_dates(n=4, start=after))
        found = next_times(schedule, after=after, count=4)
        assert [time.astimezone(UTC) for time in found] == [time.astimezone(UTC) for time in due]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("6h", 21600), ("1d", 86400), ("1h30m", 5400)]
)
def test_intervals_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "6 h", "-1h", "10s", "6h; rm", "1.5h"])
def test_what_is_no_interval_of_a_minute_or_more_is_refused(text):
    with pytest.raises(ServiceError, match="is not an interval of a minute or more"):
        seconds_of(text)


@pytest.mark.parametrize(
    "text", ["", "0 3 * *", "61 * * * *", "0 0 31 2 *", "@reboot", "a b c d e"]
)
def test_a_cron_rule_that_never_comes_due_is_refused(text):
    with pytest.raises(ServiceError, match="is not a cron rule that ever comes due"):
        checked_cron(text)


def test_a_pause_is_remembered(workspace):
    write_schedule(workspace, NIGHTLY)
    set_paused(workspace, True)
    assert read_schedule(workspace) == Schedule(**{**vars(NIGHTLY), "paused": True})


def test_a_damaged_schedule_is_told_with_the_way_out(workspace):
    write_schedule(workspace, NIGHTLY)
    schedule_file(workspace).write_text("{")
    with pytest.raises(ServiceError, match="Set the schedule again"):
        read_schedule(workspace)


def test_nothing_is_paused_where_nothing_is_scheduled(workspace):
    with pytest.raises(ServiceError, match="No schedule is set here"):
        set_paused(workspace, True)

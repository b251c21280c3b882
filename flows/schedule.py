"""A workspace's schedule as it is written down, so that every restart finds the same one."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from flows.address import ServerAddress
from flows.gate import HOST_NAME
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace, write_json

DEPLOYMENT = "scheduled"
FLOW = "augmentation"
SHORTEST_SECONDS = 60.0


@dataclass(frozen=True)
class Schedule:
    """When runs are due, and where the server listens.

    Attributes:
        cron: Five fields of cron, or None.
        every_seconds: The interval, or None; exactly one of the two is set.
        timezone: IANA name of the zone in which `cron` is read.
        anchor: ISO 8601 time from which intervals count.
        refresh: Whether every run trains anew with the next seed.
        paused: Whether runs are held back until `resume`.
        allowed_hosts: Names by which the server may be asked, besides those of this machine.
    """

    cron: str | None
    every_seconds: float | None
    timezone: str
    anchor: str
    host: str = "127.0.0.1"
    port: int = 4200
    refresh: bool = False
    paused: bool = False
    allowed_hosts: tuple[str, ...] = ()

    def address(self, auth: str | None) -> ServerAddress:
        """Where the server listens, and for whom."""
        return ServerAddress(self.host, self.port, auth, self.allowed_hosts)

    def in_words(self) -> str:
        """The rule, for a person."""
        if self.cron:
            return f"cron `{self.cron}` in {self.timezone}"
        assert self.every_seconds is not None
        return f"every {timedelta(seconds=self.every_seconds)}"


def schedule_file(workspace: Workspace) -> Path:
    """Where the schedule is written down."""
    return workspace.private / "schedule.json"


def read_schedule(workspace: Workspace) -> Schedule | None:
    """The workspace's schedule; None where none was ever set.

    Raises:
        ServiceError: the file is damaged.
    """
    path = schedule_file(workspace)
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        hosts = tuple(map(checked_host, content.pop("allowed_hosts", ())))
        schedule = Schedule(**content, allowed_hosts=hosts)
        checked_timezone(schedule.timezone)
        return schedule
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError, ServiceError) as error:
        raise ServiceError(
            f"{path} is damaged ({error}). Set the schedule again with `equipoise schedule --cron`."
        ) from None


def write_schedule(workspace: Workspace, schedule: Schedule) -> None:
    """Write the schedule down."""
    write_json(schedule_file(workspace), asdict(schedule))


def set_paused(workspace: Workspace, paused: bool) -> Schedule:
    """Write down whether runs are held back.

    Raises:
        ServiceError: there is no schedule.
    """
    schedule = read_schedule(workspace)
    if schedule is None:
        raise ServiceError("No schedule is set here. Set one with `equipoise schedule --cron`.")
    changed = replace(schedule, paused=paused)
    write_schedule(workspace, changed)
    return changed


def next_times(schedule: Schedule, *, after: datetime, count: int = 3) -> list[datetime]:
    """When the next runs are due, in the schedule's zone."""
    start = after.astimezone(ZoneInfo(schedule.timezone))
    if schedule.cron:
        return list(islice(CronSim(schedule.cron, start), count))
    return list(islice(_interval_times(schedule, start), count))


def _interval_times(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    """Every time after `start`, as Prefect counts them, which makes the runs.

    It jumps by seconds that really pass to where it begins, and from there counts intervals of a
    day or more by the wall clock and shorter ones by the seconds that pass.

    Source: prefect.server.schemas.schedules.IntervalSchedule.
    """
    assert schedule.every_seconds is not None
    interval = timedelta(seconds=schedule.every_seconds)
    # Two times of one zone would be subtracted by the wall clock.
    anchor = datetime.fromisoformat(schedule.anchor).astimezone(UTC)
    jump = int((start.astimezone(UTC) - anchor) / interval)
    time = (anchor + jump * interval).astimezone(start.tzinfo)
    while True:
        if time.astimezone(UTC) > start.astimezone(UTC):
            yield time
        time = _later(time, interval)


def _later(time: datetime, interval: timedelta) -> datetime:
    if interval < timedelta(days=1):
        return (time.astimezone(UTC) + interval).astimezone(time.tzinfo)
    # There and back, since the clock may leave out the hour that it would show.
    return (time + interval).astimezone(UTC).astimezone(time.tzinfo)


def checked_cron(text: str) -> str:
    """The cron rule, if it is one that comes due.

    Raises:
        ServiceError: it is not five fields of cron, or never comes due.
    """
    try:
        next(CronSim(text, datetime.now(UTC)))
    except (CronSimError, StopIteration) as error:
        raise ServiceError(
            f"`{text}` is not a cron rule that ever comes due ({error or 'no such date'}). Give "
            'five fields: minute hour day month weekday, e.g. "0 3 * * *" for every night at 3.'
        ) from None
    return text


def checked_timezone(name: str) -> str:
    """The name of a time zone, if there is one of that name.

    Raises:
        ServiceError: there is none.
    """
    known = available_timezones()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f"Did you mean {near[0]}?" if near else "Name one as IANA does, e.g. Europe/Berlin."
        raise ServiceError(f"There is no time zone `{name}`. {meant}")
    return name


def checked_host(name: str) -> str:
    """A name by which a server may be asked, as a browser writes it: lower case, no port.

    Raises:
        ServiceError: it is none.
    """
    if not isinstance(name, str) or not HOST_NAME.fullmatch(name.lower()):
        raise ServiceError(
            f"{name!r} is no host name. Write it as the browser's address bar shows it, without "
            "http:// and without a port: dataset.example.org, 192.168.1.7 or [fd00::7]."
        )
    return name.lower()


def seconds_of(text: str) -> float:
    """The length of an interval such as 30m, 6h, 1d or 1h30m, in seconds.

    Raises:
        ServiceError: the text is not an interval of a minute or more.
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
    parts = re.findall(r"(\d+)([smhdw])", text)
    seconds = sum(float(number) * units[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or seconds < SHORTEST_SECONDS:
        raise ServiceError(
            f"`{text}` is not an interval of a minute or more. Write 30m, 6h, 1d or 1h30m."
        )
    return seconds

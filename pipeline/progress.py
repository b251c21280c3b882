"""How far a long stage is, how fast it goes, and about how long it still takes."""

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

# How often a stage says it: whoever shows it live asks for more, a plain log has a line a minute.
SECONDS_VARIABLE = "EQUIPOISE_PROGRESS_SECONDS"
PLAIN_SECONDS, LIVE_SECONDS = 60.0, 5.0
UNITS = ("steps", "tasks", "pictures")
# From fewer no rate is told: the first ones wait for what is set up, and long tasks come first.
LEAST_CHUNKS = 3
_LINE = re.compile(rf"(\w+): ((\d+) of (\d+) (?:{'|'.join(UNITS)})(?:, .*)?)")


@dataclass(frozen=True)
class Advance:
    """How far a stage is; `text` is what a person reads, rate and time left included."""

    stage: str
    done: int
    total: int
    text: str

    @property
    def percent(self) -> float:
        """What is done, in [0, 100]."""
        return 100 * min(1.0, self.done / self.total)


def advance_in(line: str) -> Advance | None:
    """The advance that a line of a stage tells; None where it tells something else."""
    found = _LINE.fullmatch(line)
    if found is None or int(found[4]) == 0:
        return None
    return Advance(found[1], int(found[3]), int(found[4]), found[2])


class Pace:
    """Tells a stage's advance in a line, now and then and at the end.

    Args:
        stage: Its name, with which the line begins.
        unit: What is counted, one of `UNITS`.
        chunk: How many are done between two calls of `at`; those before the first one were done
            earlier, and no time is counted for them.
        say: Where the lines go.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        stage: str,
        unit: str,
        *,
        chunk: int = 1,
        say: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._stage, self._unit, self._chunk = stage, unit, chunk
        self._say, self._clock = say, clock
        self._every = float(os.environ.get(SECONDS_VARIABLE, PLAIN_SECONDS))
        self._begin = self._told = clock()
        self._before: int | None = None

    def at(self, done: int, total: int) -> None:
        """So many of so many are done."""
        if self._before is None:
            self._before = max(0, done - self._chunk)
        now = self._clock()
        if done < total and now - self._told < self._every:
            return
        self._told = now
        text = f"{self._stage}: {done} of {total} {self._unit}"
        rate = (done - self._before) / max(now - self._begin, 1e-9)
        if done < total and done - self._before >= LEAST_CHUNKS * self._chunk:
            text += f", {_rate(rate)}, about {_left((total - done) / rate)} left"
        self._say(text)


def _rate(per_second: float) -> str:
    for factor, unit in ((1, "second"), (60, "minute")):
        if factor * per_second >= 1:
            return f"{factor * per_second:.1f} a {unit}"
    return f"{3600 * per_second:.1f} an hour"


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

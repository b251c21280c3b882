"""Who watches a run: a screen, a plain log or a test, told the same few things.

The watcher is bound to the context in which the flow is called, so that no flow parameter carries
it and the flow reads the same with nobody watching.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from pipeline.credentials import without_credentials
from pipeline.progress import PLAIN_SECONDS, Advance, advance_in


class Audience(Protocol):
    """What a watcher is told."""

    def began(self, stage: str) -> None:
        """A stage has begun."""

    def said(self, stage: str, line: str) -> None:
        """A stage has written a line."""

    def advanced(self, stage: str, text: str) -> None:
        """A long stage is so far, e.g. "12 of 31 tasks, 1.4 a minute, about 14 min left"."""

    def ended(self, stage: str, outcome: str, seconds: float) -> None:
        """A stage has ended: "done", "unchanged" or "failed"."""


class Nobody:
    """Nobody watches."""

    def began(self, stage: str) -> None:
        """Nothing is shown."""

    def said(self, stage: str, line: str) -> None:
        """Nothing is shown."""

    def advanced(self, stage: str, text: str) -> None:
        """Nothing is shown."""

    def ended(self, stage: str, outcome: str, seconds: float) -> None:
        """Nothing is shown."""


_audience: ContextVar[Audience] = ContextVar("audience", default=Nobody())  # noqa: B039


@contextlib.contextmanager
def watching(audience: Audience) -> Iterator[None]:
    """Let `audience` watch the flows that this block calls."""
    token = _audience.set(audience)
    try:
        yield
    finally:
        _audience.reset(token)


@dataclass
class Step:
    """A step of a run that is under way; whoever runs it sets the outcome."""

    stage: str
    logger: logging.Logger | logging.LoggerAdapter[logging.Logger]
    outcome: str = "failed"
    _logged_at: float = float("-inf")

    def listen(self, line: str) -> Advance | None:
        """Pass on a line that a stage wrote; returns how far the stage is, where it tells that."""
        advance = advance_in(line)
        if advance is None:
            self.say(line)
            return None
        _audience.get().advanced(self.stage, advance.text)
        # The run's log is read later: a line a minute tells enough.
        now = time.monotonic()
        if now - self._logged_at >= PLAIN_SECONDS or advance.done == advance.total:
            self._logged_at = now
            self.logger.info("%s", line)
        return advance

    def say(self, line: str) -> None:
        """Write one line, without credentials, to the run's log and to whoever watches."""
        line = without_credentials(line)
        self.logger.info("%s", line)
        _audience.get().said(self.stage, line)


@contextlib.contextmanager
def step(
    stage: str, logger: logging.Logger | logging.LoggerAdapter[logging.Logger]
) -> Iterator[Step]:
    """Tell the watcher that a step begins, and how and after how long it ended."""
    here = Step(stage, logger)
    watcher = _audience.get()
    watcher.began(stage)
    start = time.monotonic()
    try:
        yield here
    finally:
        watcher.ended(stage, here.outcome, time.monotonic() - start)

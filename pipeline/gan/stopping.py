"""When a training ends before its last step, and which of its generators is kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.gan.history import HistoryRow

# Scores of a few dozen samples a class vary by about this much from look to look, so the latest
# generator is kept unless an earlier one was better by more.
SCORE_NOISE = 0.05


@dataclass(frozen=True)
class Ending:
    """How a training ended.

    Attributes:
        reason: "steps", "plateau", "time", "collapse" or "divergence".
        stopped_at_step: Number of steps taken.
        kept_step: The step whose averaged generator is kept.
        message: A sentence, empty when all steps were taken without an alarm.
    """

    reason: str
    stopped_at_step: int
    kept_step: int
    message: str = ""


class Stopwatch:
    """Seconds of training, those before an interruption included."""

    def __init__(self, spent_seconds: float = 0.0):
        self._start = time.monotonic() - spent_seconds

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start


def has_plateaued(watched: Sequence[HistoryRow], *, patience_watches: int) -> bool:
    """Whether the last `patience_watches` looks brought nothing better than what came before."""
    if patience_watches == 0 or len(watched) <= patience_watches:
        return False
    scores = [float(row["score"]) for row in watched]
    return max(scores[-patience_watches:]) <= max(scores[:-patience_watches])


def is_better(score: float, best: float | None, *, lost: int = 0, best_lost: int = 0) -> bool:
    """Whether a later generator replaces the best so far: unless it is clearly worse.

    Args:
        lost: How many classes have collapsed in the later one; fewer go before any score.
        best_lost: The same of the best so far.
    """
    if best is None or lost < best_lost:
        return True
    return lost == best_lost and score >= best - SCORE_NOISE

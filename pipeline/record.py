"""Frozen records that are written as JSON, and the interval that most of them hold."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record; unknown keys are errors, so that a reader never guesses."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Record):
    """A two-sided confidence interval, and the level it was made for.

    A verdict's interval has level 0.90: each of its ends is a one-sided 95 % bound, and the verdict
    rests on one of them.
    """

    low: float
    high: float
    level: float = 0.95

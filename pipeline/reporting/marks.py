"""Small pictures inside table rows: intervals, dots and bars on one shared axis.

Positions are percentages of the cell's width, so that the same mark fits a phone and a page of
paper without a script, and its colours come from the page's own style sheet.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.results import Interval

Tone = Literal[
    "real", "gan", "classical", "smote", "deformed", "taught", "set", "baseline", "before",
    "after", "helps", "harms", "none", "floor", "ceiling",
]  # fmt: skip
Kind = Literal["line", "dot", "ring", "speck", "bar", "rule", "up", "down"]
MARGIN_PERCENT = 3.0


@dataclass(frozen=True)
class Shape:
    """One stroke of a mark; `start`, `end` and `height` are percentages of the cell.

    `height` is where the stroke stands, or for "up" and "down" how far it reaches from the middle.
    """

    kind: Kind
    tone: Tone
    start: float
    end: float
    height: float = 50.0

    @property
    def width(self) -> float:
        return max(self.end - self.start, 0.0)


@dataclass(frozen=True)
class Mark:
    """The shapes of one cell, painted in order."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Tick:
    """A label on an axis at a percentage of its width."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A linear scale from data values to percentages of a cell's width."""

    low: float
    high: float
    unit: str = ""
    scale: float = 1.0

    @classmethod
    def over(
        cls,
        values: Iterable[float],
        *,
        unit: str = "",
        scale: float = 1.0,
        include: float = math.nan,
    ) -> "Axis":
        """An axis that holds all finite `values` (and `include`), a little wider than they are.

        `scale` turns values into what ticks show, e.g. 100 for fractions shown as percent.
        """
        found = [value for value in (*values, include) if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(found), max(found)
        room = (high - low) * 0.04 or max(abs(high) * 0.1, 0.01)
        return cls(low - room if low != include else low, high + room, unit, scale)

    def at(self, value: float) -> float:
        """The place of a value, in percent of the width, two decimals, inside the margins."""
        share = (value - self.low) / (self.high - self.low)
        clipped = min(max(share, 0.0), 1.0)
        return round(MARGIN_PERCENT + clipped * (100 - 2 * MARGIN_PERCENT), 2)

    def ticks(self, most: int = 4) -> tuple[Tick, ...]:
        """At most `most` + 1 round values on the axis."""
        step = _round_step((self.high - self.low) * self.scale / most)
        first = math.ceil(self.low * self.scale / step - 1e-9)
        last = math.floor(self.high * self.scale / step + 1e-9)
        decimals = max(0, -math.floor(math.log10(step)))
        return tuple(
            Tick(
                self.at(index * step / self.scale),
                f"{index * step:.{decimals}f}".replace("-", "−") + self.unit,
            )
            for index in range(first, last + 1)
        )

    def line(self, tone: Tone, interval: Interval, *, height: float = 50.0) -> Shape:
        """An interval as a line."""
        return Shape("line", tone, self.at(interval.low), self.at(interval.high), height)

    def point(self, kind: Kind, tone: Tone, value: float, *, height: float = 50.0) -> Shape:
        """A value as a dot, ring, speck, diamond or rule."""
        return Shape(kind, tone, self.at(value), self.at(value), height)


def interval_mark(
    axis: Axis,
    *,
    tone: Tone,
    value: float,
    interval: Interval | None = None,
    specks: Sequence[float] = (),
    rule: float | None = None,
) -> Mark:
    """A mean with its interval, every single value behind it, and a reference line."""
    shapes: list[Shape] = []
    if rule is not None:
        shapes.append(axis.point("rule", "none", rule))
    if interval is not None:
        shapes.append(axis.line(tone, interval))
    shapes += [axis.point("speck", tone, speck) for speck in specks]
    shapes.append(axis.point("dot", tone, value))
    return Mark(tuple(shapes))


def change_mark(
    axis: Axis, *, before: tuple[float, Interval], after: tuple[float, Interval]
) -> Mark:
    """Before (a ring, above) and after (a dot, below), each with its interval."""
    return Mark(
        (
            axis.line("before", before[1], height=32),
            axis.line("after", after[1], height=68),
            axis.point("ring", "before", before[0], height=32),
            axis.point("dot", "after", after[0], height=68),
        )
    )


def stack_mark(axis: Axis, parts: Sequence[tuple[Tone, float]]) -> Mark:
    """Amounts laid end to end from zero."""
    shapes = []
    reached = 0.0
    for tone, amount in parts:
        if amount > 0:
            shapes.append(Shape("bar", tone, axis.at(reached), axis.at(reached + amount)))
        reached += amount
    return Mark(tuple(shapes))


def mirrored_mark(above: Sequence[float], below: Sequence[float]) -> Mark:
    """Two histograms over the same bins, back to back: shares above and below the middle line."""
    highest = max(*above, *below, 1e-9)
    width = (100 - 2 * MARGIN_PERCENT) / len(above)
    shapes = []
    for place, shares in enumerate(zip(above, below, strict=True)):
        start = round(MARGIN_PERCENT + place * width, 2)
        end = round(start + 0.86 * width, 2)
        kinds: tuple[tuple[Kind, Tone], ...] = (("up", "real"), ("down", "gan"))
        for (kind, tone), share in zip(kinds, shares, strict=True):
            shapes.append(Shape(kind, tone, start, end, round(48 * share / highest, 2)))
    return Mark(tuple(shapes))


def _round_step(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)

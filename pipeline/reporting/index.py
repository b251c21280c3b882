"""The index of all versions, newest first, with the trend of their main figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline import numbers
from pipeline.reporting.blocks import Block, Figure, Figures, Grid, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.page import render
from pipeline.reporting.sections.answers import TONES
from pipeline.reporting.tables import Cell, Column, Table, axis_column
from pipeline.results import Interval, Verdict

Metrics = Mapping[str, float | str | bool]


@dataclass(frozen=True)
class Entry:
    """One version, as its tag and its metrics tell it.

    Attributes:
        date: ISO 8601.
        gain_points, interval_points: Recommended mix over current practice; None where unknown.
        rows: Class name → source of rows → number of rows.
        page: Where its report lies beside the index; "" where it has none.
        metrics: Its `metrics.json`; empty where it has none.
    """

    version: str
    date: str
    promotion: int | None
    verdict: Verdict | None = None
    gan_verdict: Verdict | None = None
    metric: str = ""
    classifier: str = ""
    gain_points: float | None = None
    interval_points: tuple[float, float] | None = None
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    page: str = ""
    metrics: Metrics = field(default_factory=dict)


def render_index(name: str, entries: Sequence[Entry]) -> str:
    """The index as one HTML document; `entries` are oldest first."""
    shown = numbers.visible(name)
    return render(
        "index.html",
        title=f"{shown}: versions",
        name=shown,
        headline=headline(entries),
        sections=sections(entries),
    )


def headline(entries: Sequence[Entry]) -> str:
    """How many versions there are, and which one to take."""
    if not entries:
        return "No version has been released yet."
    promoted = [one for one in entries if one.promotion is not None]
    counted = numbers.counted(len(entries), "version")
    if not promoted:
        return f"{counted} released, none promoted: no trial has shown yet that one helps."
    newest = max(promoted, key=lambda one: one.promotion or 0)
    return f"{counted} released, {len(promoted)} promoted; the one to take is {newest.version}."


def sections(entries: Sequence[Entry]) -> tuple[Section, ...]:
    """The table of versions and, from two versions on, the trends."""
    listed = Section("versions", "Versions", only([Grid(versions_table(entries))]))
    drawn = trends(entries)
    if not drawn:
        return (listed,) if entries else ()
    words = "Each figure from its own version's metrics; lines between versions only guide the eye."
    blocks: list[Block | None] = [Text(words), Figures(drawn)]
    return listed, Section("trend", "The trend", only(blocks))


def versions_table(entries: Sequence[Entry]) -> Table:
    """Every version, newest first."""
    ends = [end for one in entries for end in (*(one.interval_points or ()), one.gain_points or 0)]
    axis = Axis.over([*ends, 0.0])
    return Table(
        key="versions",
        caption="Released versions, newest first",
        columns=(
            Column("Version"),
            Column("Date"),
            Column("Verdict"),
            axis_column("Gain, points", axis),
            Column("Gain", "number"),
            Column("Interval", "number"),
            Column("GAN alone"),
            Column("Real rows", "number"),
            Column("Added rows", "number"),
            Column("Promoted"),
        ),
        rows=tuple(_row(one, axis) for one in reversed(entries)),
        note="Gain of the recommended mix over current practice, in points of the trial's own "
        "metric, with its interval. Versions whose classes or test split differ do not compare.",
    )


def trends(entries: Sequence[Entry]) -> tuple[Figure, ...]:
    """Gains, scores and fidelity over versions; only what two versions at least have."""
    drawn = (_gain_trend(entries), _score_trend(entries), _fidelity_trend(entries))
    return tuple(figure for figure in drawn if figure is not None)


def _row(one: Entry, axis: Axis) -> tuple[Cell, ...]:
    real = sum(of_class.get("real", 0) for of_class in one.rows.values())
    added = sum(sum(of_class.values()) for of_class in one.rows.values()) - real
    interval = (
        Interval(low=one.interval_points[0], high=one.interval_points[1])
        if (one.interval_points)
        else None
    )
    mark = (
        interval_mark(
            axis, tone=TONES[one.verdict], value=one.gain_points, interval=interval, rule=0.0
        )
        if one.gain_points is not None and one.verdict is not None
        else None
    )
    emphasis = one.verdict if one.verdict in ("helps", "harms") else ""
    return (
        Cell(one.version, one.version, link=one.page),
        Cell(numbers.day(one.date)),
        Cell(one.verdict or "made elsewhere", one.verdict, emphasis=emphasis),
        Cell(mark=mark),
        Cell(numbers.points(one.gain_points), one.gain_points),
        Cell(numbers.points_interval(interval) if interval else "–"),
        Cell(one.gan_verdict or "–"),
        Cell(numbers.count(real), real),
        Cell(numbers.count(added), added),
        Cell("no" if one.promotion is None else f"#{one.promotion}"),
    )


def _gain_trend(entries: Sequence[Entry]) -> Figure | None:
    known = [one for one in entries if one.gain_points is not None and one.interval_points]
    if len(known) < 2:
        return None
    line = Line(
        list(range(len(known))),
        [one.gain_points or 0.0 for one in known],
        "helps",
        "gain",
        low=[one.interval_points[0] for one in known if one.interval_points],
        high=[one.interval_points[1] for one in known if one.interval_points],
        has_points=True,
    )
    return _trend([line], known, y_label="gain of the mix, points", rule=(0.0, "no gain"))


def _score_trend(entries: Sequence[Entry]) -> Figure | None:
    known = [one for one in entries if _score(one, "mix") is not None]
    arms: tuple[tuple[str, Tone, str], ...] = (
        ("mix", "helps", "recommended mix"),
        ("real", "real", "real samples only"),
    )
    lines = [
        Line(list(range(len(known))), [_score(one, arm) or 0.0 for one in known], tone, label,
             has_points=True)
        for arm, tone, label in arms
        if all(_score(one, arm) is not None for one in known)
    ]  # fmt: skip
    if len(known) < 2 or not lines:
        return None
    return _trend(lines, known, y_label="held-out score", is_percent=True)


def _fidelity_trend(entries: Sequence[Entry]) -> Figure | None:
    known = [one for one in entries if isinstance(one.metrics.get("fidelity.coverage"), float)]
    if len(known) < 2:
        return None
    values = [float(one.metrics["fidelity.coverage"]) for one in known]
    line = Line(list(range(len(known))), values, "gan", "coverage", has_points=True)
    return _trend([line], known, y_label="coverage of the generator", is_percent=True)


def _trend(
    lines: Sequence[Line],
    entries: Sequence[Entry],
    *,
    y_label: str,
    rule: tuple[float, str] | None = None,
    is_percent: bool = False,
) -> Figure:
    names = [one.version for one in entries]
    svg = chart(
        lines, x_label="version", y_label=y_label, rule=rule, x_names=names, is_percent=is_percent
    )
    told = [f"{line.label} from {line.y[0]:.3g} to {line.y[-1]:.3g}" for line in lines]
    alt = f"{y_label} from {names[0]} to {names[-1]}: {numbers.listed(told)}"
    return Figure(
        svg, alt, f"{y_label[0].upper()}{y_label[1:]}, version by version.", legend_of(lines)
    )


def _score(one: Entry, arm: str) -> float | None:
    value = one.metrics.get(f"score.{one.classifier}.{arm}.{one.metric}")
    return float(value) if isinstance(value, float | int) else None

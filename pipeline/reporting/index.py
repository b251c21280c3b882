"""The index of all versions, newest first, with the trend of their main figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline import numbers
from pipeline.gain import GAIN_NOTE, INTERVAL_NOTE, MIX_NOTE, Gain
from pipeline.reporting.blocks import Block, Figure, Figures, Grid, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of
from pipeline.reporting.gains import TONES
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.page import render
from pipeline.reporting.tables import Cell, Column, Table, axis_column
from pipeline.results import Interval, Verdict

Metrics = Mapping[str, float | str | bool]


@dataclass(frozen=True)
class Entry:
    """One version, as its tag and its metrics tell it.

    Attributes:
        date: ISO 8601.
        gain: With its verdict, and of what it is a gain; None where the tag was made elsewhere.
        classifier: Under which the gain was measured; "panel" for the mean over several.
        rows: Class name → source of rows → number of rows.
        page: Where its report lies beside the index; "" where it has none.
        metrics: Its `metrics.json`; empty where it has none.
    """

    version: str
    date: str
    promotion: int | None
    gain: Gain | None = None
    gan_verdict: Verdict | None = None
    classifier: str = ""
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    page: str = ""
    metrics: Metrics = field(default_factory=dict)

    @property
    def interval(self) -> Interval | None:
        """The interval of the gain, where it tells anything."""
        found = self.gain.interval if self.gain else None
        metric = self.gain.metric if self.gain else ""
        if found is None or numbers.is_too_wide(found, metric):
            return None
        return numbers.within_gains(found, metric)


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
    gains = [one.gain for one in entries if one.gain is not None]
    values = [
        *(end for one in entries if one.interval for end in (one.interval.low, one.interval.high)),
        *(
            numbers.within_points(gain.points, gain.metric)
            for gain in gains
            if gain.points is not None
        ),
    ]
    axis = Axis.over([*values, 0.0])
    notes = [GAIN_NOTE, INTERVAL_NOTE]
    if any(gain.is_of_mix for gain in gains):
        notes.append(MIX_NOTE)
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
            Column("GAN rows"),
            Column("Real rows", "number"),
            Column("Added rows", "number"),
            Column("Promoted"),
        ),
        rows=tuple(_row(one, axis) for one in reversed(entries)),
        note=f"{' '.join(notes)} Versions whose classes or test split differ do not compare.",
    )


def trends(entries: Sequence[Entry]) -> tuple[Figure, ...]:
    """Gains, scores and fidelity over versions; only what two versions at least have."""
    drawn = (_gain_trend(entries), _score_trend(entries), _fidelity_trend(entries))
    return tuple(figure for figure in drawn if figure is not None)


def _row(one: Entry, axis: Axis) -> tuple[Cell, ...]:
    real = sum(of_class.get("real", 0) for of_class in one.rows.values())
    added = sum(sum(of_class.values()) for of_class in one.rows.values()) - real
    gain, interval = one.gain, one.interval
    points = gain.points if gain else None
    mark = (
        interval_mark(
            axis,
            tone=TONES[gain.verdict],
            value=numbers.within_points(points, gain.metric),
            interval=interval,
            rule=0.0,
        )
        if gain and points is not None
        else None
    )
    return (
        Cell(one.version, one.version, link=one.page),
        Cell(numbers.day(one.date)),
        _verdict(gain),
        Cell(mark=mark),
        Cell(numbers.points(points), points, note="of a mix" if gain and gain.is_of_mix else ""),
        Cell(_within(gain)),
        Cell(one.gan_verdict or "–"),
        Cell(numbers.count(real), real),
        Cell(numbers.count(added), added),
        Cell("no" if one.promotion is None else f"#{one.promotion}"),
    )


def _verdict(gain: Gain | None) -> Cell:
    if gain is None:
        return Cell("made elsewhere")
    emphasis = gain.verdict if gain.verdict != "no evidence" else ""
    return Cell(gain.word, gain.verdict, emphasis=emphasis)


def _within(gain: Gain | None) -> str:
    """The interval; an older one with its level, which is another."""
    if gain is None or gain.interval is None:
        return "–"
    shown = numbers.points_interval(gain.interval, least=gain.least, metric=gain.metric)
    return f"{shown} ({numbers.level(gain.interval)})" if gain.is_of_mix else shown


def _alike(entries: Sequence[Entry]) -> list[Entry]:
    """Versions whose gains are of the same kind as the newest one's: only these make a trend."""

    def kind(gain: Gain | None) -> tuple[object, ...]:
        return (gain.is_of_mix, gain.metric, gain.rule) if gain else ()

    known = [one for one in entries if one.gain and one.gain.points is not None]
    return [one for one in known if kind(one.gain) == kind(known[-1].gain)]


def _gain_trend(entries: Sequence[Entry]) -> Figure | None:
    known = [one for one in _alike(entries) if one.interval]
    if len(known) < 2:
        return None
    intervals = [one.interval for one in known if one.interval]
    line = Line(
        list(range(len(known))),
        [
            numbers.within_points(one.gain.points or 0.0, one.gain.metric)
            for one in known
            if one.gain
        ],
        "helps",
        "gain",
        low=[interval.low for interval in intervals],
        high=[interval.high for interval in intervals],
        has_points=True,
    )
    of_mix = known[-1].gain is not None and known[-1].gain.is_of_mix
    label = f"gain of {'a training mix' if of_mix else 'the dataset'}, points"
    return _trend([line], known, y_label=label, rule=(0.0, "no gain"))


def _score_trend(entries: Sequence[Entry]) -> Figure | None:
    known = [one for one in _alike(entries) if _score(one, _trained_on(one)) is not None]
    scored: tuple[tuple[Tone, str, list[float | None]], ...] = (
        ("helps", "the dataset", [_score(one, _trained_on(one)) for one in known]),
        ("real", "real rows as they are", [_score(one, "real") for one in known]),
    )
    lines = [
        Line(list(range(len(known))), [score or 0.0 for score in scores], tone, label,
             has_points=True)
        for tone, label, scores in scored
        if all(score is not None for score in scores)
    ]  # fmt: skip
    if len(known) < 2 or not lines:
        return None
    return _trend(lines, known, y_label="held-out score", is_percent=True)


def _trained_on(one: Entry) -> str:
    """The arm that the version recommends."""
    return str(one.metrics.get("recommended_arm", "mix"))


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
    metric = one.gain.metric if one.gain else ""
    value = one.metrics.get(f"score.{one.classifier}.{arm}.{metric}")
    return float(value) if isinstance(value, float | int) else None

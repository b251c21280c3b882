"""What would help most: the learning curve of real samples, and what synthetic ones are worth."""

from pipeline.reporting import numbers
from pipeline.reporting.blocks import Block, Figure, Figures, Fold, Grid, Items, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of
from pipeline.reporting.marks import Tone
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import LearningPoint

TONES: tuple[Tone, ...] = ("gan", "real", "classical", "harms")


def build(material: Material) -> Section:
    """The curve, and in words how many real samples the synthetic ones are worth."""
    points = material.result.learning_curve
    blocks: list[Block | None] = [
        Text(_lead(points), "lead"),
        Items(tuple(worth_sentence(name, n) for name, n in material.result.worth.items())),
        Figures(_figures(material, points)),
        Fold("The points of the curve", only([Grid(learning_table(points))])),
    ]
    return Section("worth", "What would help most", only(blocks))


def learning_table(points: tuple[LearningPoint, ...]) -> Table:
    """The points of the learning curve."""
    return Table(
        key="learning",
        caption="Held-out score by the number of real samples",
        columns=(
            Column("Class"),
            Column("Real samples", "number"),
            Column("Score", "number"),
            Column("Interval", "number"),
        ),
        rows=tuple(
            (
                Cell("all scarce") if point.class_name is None else name_cell(point.class_name),
                Cell(numbers.count(point.n_real), point.n_real),
                Cell(numbers.percent(point.value), point.value),
                Cell(numbers.score_interval(point.interval) if point.interval else "–"),
            )
            for point in points
        ),
    )


def worth_sentence(name: str, n: int) -> str:
    """How many further real samples of a class would be worth as much as the synthetic ones."""
    shown = numbers.visible(name)
    if n <= 0:
        return f"Class {shown}: the synthetic samples were not worth one further real sample."
    return (
        f"About {numbers.counted(n, 'more real sample')} of class {shown} would be worth as much."
    )


def _lead(points: tuple[LearningPoint, ...]) -> str:
    if not points:
        return (
            "No learning curve of real samples was measured in this run, so it cannot be said how "
            "many more real samples would be worth as much."
        )
    whole = [point for point in points if point.class_name is None]
    if len(whole) < 2:
        return "The learning curve says what further real samples of a class would bring."
    before, after = sorted(whole, key=lambda point: point.n_real)[-2:]
    gain = numbers.points(100 * (after.value - before.value))
    return (
        f"From {before.n_real} to {after.n_real} real samples of each scarce class the held-out "
        f"score changes by {gain} points: that is what collecting more would bring."
    )


def _figures(material: Material, points: tuple[LearningPoint, ...]) -> tuple[Figure, ...]:
    names = list(dict.fromkeys(point.class_name for point in points))
    lines = [_line(points, name, tone) for name, tone in zip(names, TONES, strict=False)]
    if not lines:
        return ()
    metric = numbers.metric_name(material.result.primary_metric)
    svg = chart(
        lines, x_label="real samples of a class", y_label=f"held-out {metric}", is_percent=True
    )
    alt = "; ".join(map(_in_words, lines))
    caption = "Held-out score by the number of real samples; the band is the interval."
    return (Figure(svg, f"Learning curve. {alt}.", caption, legend_of(lines)),)


def _in_words(line: Line) -> str:
    return (
        f"{line.label}: {numbers.percent(line.y[0])} with {line.x[0]:.0f} real samples, "
        f"{numbers.percent(line.y[-1])} with {line.x[-1]:.0f}"
    )


def _line(points: tuple[LearningPoint, ...], name: str | None, tone: Tone) -> Line:
    rows = sorted((point for point in points if point.class_name == name), key=lambda p: p.n_real)
    intervals = [numbers.within_scores(row.interval) for row in rows if row.interval is not None]
    bounded = intervals if len(intervals) == len(rows) else []
    return Line(
        [float(row.n_real) for row in rows],
        [row.value for row in rows],
        tone,
        "all scarce classes" if name is None else f"class {numbers.visible(name)}",
        low=[interval.low for interval in bounded],
        high=[interval.high for interval in bounded],
        has_points=True,
    )

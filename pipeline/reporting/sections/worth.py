"""What would help most: the learning curve of real samples, and what added rows are worth."""

from statistics import fmean

from pipeline import numbers
from pipeline.metrics import kind_of
from pipeline.reporting.blocks import Block, Figure, Figures, Fold, Grid, Items, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of
from pipeline.reporting.marks import Axis, Mark, Tone
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column, name_cell
from pipeline.results import LearningPoint

Points = tuple[LearningPoint, ...]
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("before", "real samples as they are"),
    ("set", "with the added rows"),
    ("ceiling", "filled with real samples"),
)
MOST_SENTENCES = 3
MOST_NAMES = 6


def build(material: Material) -> Section:
    """What collecting more would bring, where most of it, and what added rows are worth."""
    result = material.result
    points, metric = result.learning_curve, result.primary_metric
    blocks: list[Block | None] = [
        Text(_lead(points, metric), "lead"),
        Items((*_where(points), *worth_sentences(result.worth, points))),
        Figures(_figures(material, points)),
        Grid(worth_table(material), LEGEND),
        Fold(
            "The points of the curve", only([Grid(learning_table(points, result.primary_metric))])
        ),
    ]
    return Section("worth", "What would help most", only(blocks))


def worth_table(material: Material) -> Table:
    """Each scarce class: recall now, on the dataset, filled with real rows; what it equals."""
    points = material.result.learning_curve
    names = [name for name in material.schema.classes if curve_of(points, name)]
    dataset = material.arm(material.result.recommended_arm)
    recalls = {name: fmean(values) for name, values in (dataset.recall if dataset else {}).items()}
    shown = [point.value for point in points if point.class_name is not None]
    axis = Axis.over([*shown, *(recalls[name] for name in names if name in recalls)], scale=100)
    return Table(
        key="worth",
        caption="Recall of every scarce class with more real samples, and with the added rows",
        columns=(
            Column("Class"),
            axis_column("Recall, %", axis),
            Column("As it is", "number"),
            Column("On the dataset", "number"),
            Column("Filled with real", "number"),
            Column("Worth", "number", hint="real samples"),
        ),
        rows=tuple(
            _row(curve_of(points, name), recalls.get(name), material.result.worth.get(name), axis)
            for name in names
        ),
        note="The worth is read off the class's own curve, made to rise: so many further real "
        "samples give the recall that the added rows gave. It is as rough as the recalls are. "
        "The recall on the dataset shown here is the mean of the replicates', the other two are "
        "those of all replicates' held-out samples together.",
    )


def learning_table(points: Points, metric: str) -> Table:
    """The points of the learning curve: recalls of classes, and all of them by a metric."""
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
                Cell(numbers.score(point.value, _metric(point, metric)), point.value),
                Cell(
                    numbers.score_interval_of(point.interval, _metric(point, metric))
                    if point.interval
                    else "–"
                ),
            )
            for point in points
        ),
    )


def _metric(point: LearningPoint, metric: str) -> str:
    return metric if point.class_name is None else "recall"


def curve_of(points: Points, name: str | None) -> Points:
    """The points of one class, or of all scarce classes together, by their number of samples."""
    return tuple(
        sorted((point for point in points if point.class_name == name), key=lambda one: one.n_real)
    )


def worth_sentences(worth: dict[str, int], points: Points) -> tuple[str, ...]:
    """How many further real samples would be worth as much; the classes worth most come first."""
    positive = sorted((item for item in worth.items() if item[1] > 0), key=lambda item: -item[1])
    sentences = [_worth_sentence(name, n, points) for name, n in positive[:MOST_SENTENCES]]
    none = [name for name, n in worth.items() if n <= 0]
    if none:
        noun = "class" if len(none) == 1 else "classes"
        sentences.append(
            f"In {noun} {_listed(none)} the added rows were not worth one further real sample."
        )
    return tuple(sentences)


def _listed(names: list[str]) -> str:
    """Names of classes in a row, the first few of many."""
    further = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return numbers.listed([*map(numbers.visible, names[:MOST_NAMES]), *further])


def _worth_sentence(name: str, n: int, points: Points) -> str:
    curve = curve_of(points, name)
    # The curve sees no further than its last point.
    is_end = len(curve) > 1 and n >= curve[-1].n_real - curve[0].n_real
    counted = numbers.counted(n, "more real sample")
    return (
        f"{'At least' if is_end else 'About'} {counted} of class {numbers.visible(name)} would be "
        "worth as much as its added rows."
    )


def _lead(points: Points, metric: str) -> str:
    if not points:
        return (
            "No learning curve of real samples was measured in this run, so it cannot be said how "
            "many more real samples would be worth as much."
        )
    whole = curve_of(points, None)
    if len(whole) < 2:
        return "The learning curve says what further real samples of a class would bring."
    change = f"score changes by {_rise(whole)} points"
    if kind_of(metric).is_loss:
        first, last = (numbers.score(point.value, metric) for point in (whole[0], whole[-1]))
        change = f"{numbers.metric_name(metric)} goes from {first} to {last}"
    return (
        f"From {whole[0].n_real} to {whole[-1].n_real} real samples of each scarce class the "
        f"held-out {change}: that is what collecting more would bring."
    )


def _where(points: Points) -> tuple[str, ...]:
    """The class to collect first, or the classes, where there is a choice."""
    curves = _curves(points)
    if len(curves) < 2:
        return ()
    best = max(curves, key=lambda curve: curve[-1].value - curve[0].value)
    if best[-1].value <= best[0].value:
        return ()
    # Alike is what reads alike: a difference below the decimal shown is no reason to choose.
    alike = [curve for curve in curves if _rise(curve) == _rise(best)]
    than = ", more than that of any other class" if len(alike) < len(curves) else ""
    names = _listed([curve[0].class_name or "" for curve in alike])
    if len(alike) == 1:
        grown = f"from {best[0].n_real} to {best[-1].n_real} real samples its recall changes"
        return (f"Collect class {names} first: {grown} by {_rise(best)} points{than}.",)
    order = "first" if than else "alike"
    grown = "up to the end of its curve the recall of each changes"
    return (f"Collect classes {names} {order}: {grown} by {_rise(best)} points{than}.",)


def _curves(points: Points) -> list[Points]:
    """The curve of each class of which there are two points at least."""
    names = dict.fromkeys(point.class_name for point in points if point.class_name is not None)
    return [curve for name in names if len(curve := curve_of(points, name)) > 1]


def _rise(curve: Points) -> str:
    return numbers.points(100 * (curve[-1].value - curve[0].value))


def _row(curve: Points, added: float | None, worth: int | None, axis: Axis) -> tuple[Cell, ...]:
    first, last = curve[0], curve[-1]
    # Each at a height of its own, so that equal ones are all seen.
    shapes = [
        axis.point("ring", "before", first.value, height=25),
        axis.point("dot", "ceiling", last.value, height=75),
    ]
    if added is not None:
        shapes.append(axis.point("dot", "set", added, height=50))
    return (
        name_cell(first.class_name or ""),
        Cell(mark=Mark(tuple(shapes))),
        Cell(numbers.percent(first.value), first.value, note=f"n {numbers.count(first.n_real)}"),
        Cell("–" if added is None else numbers.percent(added), added),
        Cell(numbers.percent(last.value), last.value, note=f"n {numbers.count(last.n_real)}"),
        Cell("–" if worth is None else numbers.count(worth), worth),
    )


def _figures(material: Material, points: Points) -> tuple[Figure, ...]:
    """All scarce classes together with their interval; single classes as thin lines behind."""
    metric, curves = material.result.primary_metric, _curves(points)
    # Of a loss it would need an axis of its own.
    whole = curve_of(points, None) if kind_of(metric).unit == "%" else ()
    lines = [_line(curve, "none", "", has_band=False) for curve in curves]
    if whole:
        lines.append(_line(whole, "gan", "all scarce classes"))
    if not lines:
        return ()
    y_label = f"held-out {numbers.metric_name(metric)}"
    svg = chart(lines, x_label="real samples of a class", y_label=y_label, is_percent=True)
    named = [*curves, whole] if whole else curves
    alt = "; ".join(map(_in_words, named))
    caption = "Held-out score by the number of real samples; the band is the interval."
    if curves:
        caption += " Thin lines are the recalls of single classes."
    return (Figure(svg, f"Learning curve. {alt}.", caption, legend_of(lines)),)


def _in_words(curve: Points) -> str:
    name = curve[0].class_name
    return (
        f"{'all scarce classes' if name is None else f'class {numbers.visible(name)}'}: "
        f"{numbers.percent(curve[0].value)} with {curve[0].n_real} real samples, "
        f"{numbers.percent(curve[-1].value)} with {curve[-1].n_real}"
    )


def _line(curve: Points, tone: Tone, label: str, *, has_band: bool = True) -> Line:
    intervals = [numbers.within_scores(point.interval) for point in curve if point.interval]
    bounded = intervals if has_band and len(intervals) == len(curve) else []
    return Line(
        [float(point.n_real) for point in curve],
        [point.value for point in curve],
        tone,
        label,
        low=[interval.low for interval in bounded],
        high=[interval.high for interval in bounded],
        has_points=True,
    )

"""What was compared: every arm with its interval, and every paired comparison."""

from pipeline import numbers
from pipeline.reporting import verdict
from pipeline.reporting.blocks import Block, Fold, Grid, Heat, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column
from pipeline.results import ArmFamily, ArmScore, Comparison, GainShare, Interval

FAMILY_TONES: dict[ArmFamily, Tone] = {
    "cheap": "cheap",
    "synthetic": "gan",
    "mix": "mix",
    "ceiling": "ceiling",
}
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("cheap", "cheap alternative"),
    ("gan", "with GAN samples"),
    ("mix", "recommended mix"),
    ("ceiling", "filled with real samples"),
)
SOURCE_NAMES = {"training": "How the classifier is trained"}


def build(material: Material) -> Section:
    """Every arm under the primary classifier; the others and the mistakes unfold."""
    result = material.result
    replicates = numbers.counted(result.replicates, "replicate")
    intro = (
        f"Every arm was trained with equal effort on the same {replicates}, each with splits, "
        "seeds and a generator of its own, and scored on samples that neither the arm nor the "
        "generator had seen. Small dots are single replicates, the large dot is their mean, the "
        "line its interval."
    )
    others = dict.fromkeys(arm.classifier for arm in result.arms)
    others.pop(result.primary_classifier, None)
    blocks: list[Block | None] = [
        Text(intro),
        Grid(arms_table(material), LEGEND),
        Grid(comparisons_table(material)),
        Grid(shares_table(material)),
        *(_another(material, name) for name in others),
        Fold("How each arm trains", only([Grid(settings_table(material))])),
        Fold("Which classes are mistaken for which", only(_confusions(material))),
    ]
    return Section("comparison", "What was compared", only(blocks))


def arms_table(material: Material, classifier: str | None = None) -> Table:
    """Arms by mean held-out score, best first, with replicates, interval and test score."""
    metric = material.result.primary_metric
    classifier = classifier or material.result.primary_classifier
    arms = sorted(material.arms(classifier), key=lambda arm: -_mean(arm, metric))
    axis = Axis.over((end for arm in arms for end in _extent(arm, metric)), scale=100)
    is_tested = any(metric in arm.test for arm in arms)
    name = numbers.metric_name(metric)
    return Table(
        key=f"arms-{classifier}",
        caption=f"{name[0].upper()}{name[1:]} of every arm, classifier: {classifier}",
        columns=(
            Column("Arm"),
            axis_column("Held-out score, %", axis),
            Column("Mean", "number"),
            Column("Interval", "number"),
            Column("Test split", "number"),
        ),
        rows=tuple(_arm_row(material, arm, metric, axis) for arm in arms),
        note="The test split was scored once, as a confirmation; nothing was chosen by it."
        if is_tested
        else "",
    )


def comparisons_table(material: Material, classifier: str | None = None) -> Table:
    """Every paired comparison under one classifier, with its bounds and its verdict."""
    classifier = classifier or material.result.primary_classifier
    compared = [one for one in material.result.comparisons if one.classifier == classifier]
    axis = Axis.over([end for one in compared for end in _gain_extent(one)] or [1.0], include=0.0)
    return Table(
        key=f"comparisons-{classifier}",
        caption=f"The paired comparisons on which the verdicts rest, classifier: {classifier}",
        columns=(
            Column("Arm"),
            axis_column("Gain, points", axis),
            Column("Gain", "number"),
            Column("Interval", "number"),
            Column("Bound", "number"),
            Column("Test split", "number"),
            Column("Verdict"),
        ),
        rows=tuple(_comparison_row(material, one, axis) for one in compared),
        note=_how_decided(material.result.min_gain_points),
    )


def _how_decided(least: float) -> str:
    """How the bounds make the verdicts, by the smallest gain asked for in points."""
    short = "; where it lies above zero only, it helps, but not surely enough" if least > 0 else ""
    return (
        "Each gain is a mean of paired differences. The bound is the lower one, and the upper one "
        "where an arm harms; both are one-sided at 95 %, corrected for the overlap of the "
        "replicates' training sets (Nadeau and Bengio 2003). An arm helps where the lower bound "
        f"lies above the smallest gain asked for ({numbers.points(least)} points){short}. It harms "
        "where the upper bound lies below zero; otherwise there is no evidence either way. The GAN "
        "must beat every cheap arm to help, and can harm only the arm that its samples were added "
        "to, so no correction for several comparisons is due."
    )


def shares_table(material: Material) -> Table:
    """Where the gain of the recommended mix comes from."""
    shares = material.result.gain_shares
    axis = Axis.over([share.points for share in shares] or [1.0], include=0.0)
    return Table(
        key="shares",
        caption="Where the gain of the recommended mix comes from, in points",
        columns=(Column("Source"), axis_column("Share", axis), Column("Points", "number")),
        rows=tuple(_share_row(share, axis) for share in shares),
        note=_gap(material),
    )


def settings_table(material: Material) -> Table:
    """How each arm trains, with what its tuning chose where there was any."""
    arms = [arm for arm in material.result.arms if arm.settings]
    is_light = material.params.trial.preset == "light"
    tuned = "the light preset tunes none of them" if is_light else "all had the same budget to tune"
    return Table(
        key="settings",
        caption=f"Settings of every arm; {tuned}",
        columns=(Column("Arm"), Column("Classifier"), Column("Settings")),
        rows=tuple(
            (Cell(arm.title), Cell(arm.classifier), Cell(numbers.visible(arm.settings)))
            for arm in arms
        ),
    )


def _another(material: Material, classifier: str) -> Fold:
    grids = [
        Grid(arms_table(material, classifier), LEGEND),
        Grid(comparisons_table(material, classifier)),
    ]
    return Fold(f"The same under another classifier: {classifier}", only(grids))


def _arm_row(material: Material, arm: ArmScore, metric: str, axis: Axis) -> tuple[Cell, ...]:
    mean, interval = _mean(arm, metric), _interval(arm, metric)
    result = material.result
    roles = {"current practice": result.current_practice, "best cheap": result.best_cheap}
    note = ", ".join(role for role, name in roles.items() if name == arm.arm)
    mark = interval_mark(
        axis,
        tone=FAMILY_TONES[arm.family],
        value=mean,
        interval=interval,
        specks=arm.values[metric],
    )
    return (
        Cell(arm.title, arm.arm, note=note),
        Cell(mark=mark),
        Cell(numbers.percent(mean), mean),
        Cell(numbers.percent_interval(interval) if interval else "–"),
        Cell(numbers.percent(arm.test.get(metric)), arm.test.get(metric)),
    )


def _comparison_row(material: Material, one: Comparison, axis: Axis) -> tuple[Cell, ...]:
    against = numbers.inline(material.title_of(one.reference))
    mark = interval_mark(
        axis,
        tone="mix" if one.question == "mix against current practice" else "gan",
        value=one.mean_points,
        interval=one.interval_points,
        specks=one.gains_points,
        rule=0.0,
    )
    side, bound = verdict.bound(one)
    return (
        Cell(material.title_of(one.arm), one.arm, note=f"against {against}"),
        Cell(mark=mark),
        Cell(numbers.points(one.mean_points), one.mean_points),
        Cell(numbers.points_interval(one.interval_points)),
        Cell(numbers.points(bound), bound, note=side if side == "upper" else ""),
        Cell(numbers.points(one.test_gain_points), one.test_gain_points),
        _verdict_cell(one),
    )


def _verdict_cell(one: Comparison) -> Cell:
    if verdict.is_short(one):
        return Cell("helps, not surely enough", one.verdict)
    return Cell(
        one.verdict, one.verdict, emphasis="" if one.verdict == "no evidence" else one.verdict
    )


def _gain_extent(one: Comparison) -> tuple[float, ...]:
    return (one.interval_points.low, one.interval_points.high, *one.gains_points)


def _share_row(share: GainShare, axis: Axis) -> tuple[Cell, ...]:
    name = SOURCE_NAMES.get(share.origin) or f"{verdict.title(share.origin)} rows"
    return (
        Cell(name, share.origin),
        Cell(mark=interval_mark(axis, tone="mix", value=share.points, rule=0.0)),
        Cell(numbers.points(share.points), share.points),
    )


def _gap(material: Material) -> str:
    result = material.result
    if result.gap_closed is None:
        return ""
    gap = "the gap between the best cheap arm and the same classes filled with real samples"
    interval = result.gap_closed_interval
    if interval is None:
        return f"How much of {gap} GAN samples closed cannot be told: the gap itself is not sure."
    within = numbers.percent_interval(interval)
    measured = f"({numbers.percent(result.gap_closed)}, interval {within})"
    return f"GAN samples closed {_part(result.gap_closed)} {gap} {measured}."


def _part(share: float) -> str:
    if share >= 1:
        return "at least all of"
    return "nothing of" if share <= 0 else "a part of"


def _confusions(material: Material) -> list[Heat | None]:
    result = material.result
    wanted = dict.fromkeys((result.current_practice, result.recommended_arm))
    return [_heat(arm, material.schema.classes) for arm in map(material.arm, wanted)]


def _heat(arm: ArmScore | None, names: tuple[str, ...]) -> Heat | None:
    if arm is None or len(arm.confusion) != len(names):
        return None
    words = "true classes in rows, predicted ones in columns; test split, summed over replicates"
    return Heat(f"{arm.title}: {words}", tuple(map(numbers.visible, names)), arm.confusion)


def _mean(arm: ArmScore, metric: str) -> float:
    values = arm.values[metric]
    return sum(values) / len(values)


def _extent(arm: ArmScore, metric: str) -> tuple[float, ...]:
    interval = _interval(arm, metric)
    return (*arm.values[metric], *((interval.low, interval.high) if interval else ()))


def _interval(arm: ArmScore, metric: str) -> Interval | None:
    interval = arm.intervals.get(metric)
    return numbers.within_scores(interval) if interval else None

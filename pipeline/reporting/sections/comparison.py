"""Every way to fill the classes, side by side: each arm with its score and interval."""

from collections.abc import Sequence

from pipeline import answers, numbers
from pipeline.metrics import kind_of, merit_sign
from pipeline.reporting.blocks import Block, Fold, Grid, Heat, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column
from pipeline.results import PANEL, ArmFamily, ArmScore, Interval

FAMILY_TONES: dict[ArmFamily, Tone] = {
    "reference": "baseline",
    "fill": "classical",
    "set": "set",
    "ceiling": "ceiling",
    "recipe": "after",
}
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("baseline", "baseline"),
    ("classical", "filled from one source"),
    ("set", "best set"),
    ("ceiling", "filled with withheld real rows"),
)
INTRO = (
    "Each arm is a set of rows on which every classifier fits plainly. All arms had the same "
    "replicates and the same effort to tune. They were scored on samples that neither the "
    "classifier nor the generator had seen."
)


def build(material: Material) -> Section:
    """Every arm by the mean over the classifiers; single classifiers and mistakes unfold."""
    single = [Grid(arms_table(material, name), LEGEND) for name in material.result.consumers]
    blocks: list[Block | None] = [
        Text(INTRO),
        Grid(arms_table(material), LEGEND),
        Text(gap) if (gap := gap_sentence(material)) else None,
        Fold("The same for each classifier", only(single)),
        Fold("What each arm holds, and how it was tuned", only([Grid(settings_table(material))])),
        Fold("Which classes are mistaken for which", only(_confusions(material))),
    ]
    return Section("comparison", "Every alternative side by side", only(blocks))


def arms_table(
    material: Material,
    classifier: str = PANEL,
    *,
    recipes: Sequence[ArmScore] = (),
) -> Table:
    """Arms by mean held-out score, best first, with replicates, interval and test score.

    Those that are sets of rows; in their place `recipes` where there are some.
    """
    metric = material.result.primary_metric
    sets = [arm for arm in material.arms(classifier) if arm.family != "recipe"]
    better = merit_sign(metric)
    arms = sorted(recipes or sets, key=lambda arm: -better * _mean(arm, metric))
    key, what = ("recipes", "recipe") if recipes else ("arms", "arm")
    unit = kind_of(metric).unit
    scale = 100 if unit == "%" else 1
    axis = Axis.over((end for arm in arms for end in _extent(arm, metric)), scale=scale)
    is_tested = any(metric in arm.test for arm in arms)
    levels = [numbers.level(found) for arm in arms if (found := _interval(arm, metric))]
    return Table(
        key=f"{key}-{classifier}",
        caption=f"{numbers.capital(numbers.metric_name(metric))} of every {what}: "
        f"{answers.classifier_name(classifier)}",
        columns=(
            Column(what.capitalize()),
            axis_column(f"Held-out score, {unit}".removesuffix(", "), axis),
            Column("Mean", "number"),
            Column("Interval", "number", hint=levels[0] if levels else ""),
            Column("Test split", "number"),
        ),
        rows=tuple(_arm_row(material, arm, metric, axis) for arm in arms),
        note="The test split was scored once, as a confirmation; nothing was chosen by it."
        if is_tested
        else "",
    )


def settings_table(material: Material) -> Table:
    """What each arm holds or how it trains, with what its tuning chose, alike ones together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for arm in material.result.arms:
        if arm.settings and arm.classifier != PANEL:
            alike.setdefault((arm.title, arm.settings), []).append(arm.classifier)
    return Table(
        key="settings",
        caption="What every arm holds, and how it was tuned",
        columns=(Column("Arm"), Column("Classifiers"), Column("Settings")),
        rows=tuple(
            (
                Cell(numbers.visible(title)),
                Cell(_all_or_some(names, material.result.consumers)),
                Cell(numbers.prose(settings)),
            )
            for (title, settings), names in alike.items()
        ),
    )


def _all_or_some(names: Sequence[str], consumers: Sequence[str]) -> str:
    if set(consumers) <= set(names):
        return "all"
    return ", ".join(map(answers.classifier_name, names))


def gap_sentence(material: Material) -> str:
    """How much of the gap to more real rows the dataset closes; "" without a ceiling."""
    result = material.result
    if result.gap_closed is None:
        return ""
    gap = "the gap between the better baseline and the same classes filled with withheld real rows"
    interval = result.gap_closed_interval
    if interval is None:
        return f"How much of {gap} the dataset closes cannot be told: the gap itself is not sure."
    measured = (
        f"{numbers.percent(result.gap_closed)}, {numbers.level(interval)} interval "
        f"{numbers.percent_interval(interval)}"
    )
    return f"The dataset closes {_part(result.gap_closed)} {gap} ({measured})."


def _arm_row(material: Material, arm: ArmScore, metric: str, axis: Axis) -> tuple[Cell, ...]:
    mean, interval = _mean(arm, metric), _interval(arm, metric)
    result = material.result
    roles = {result.recommended_arm: "the dataset", result.reference_arm: "the better baseline"}
    mark = interval_mark(
        axis,
        tone=FAMILY_TONES[arm.family],
        value=mean,
        interval=interval,
        specks=arm.values[metric],
    )
    return (
        Cell(numbers.visible(arm.title), arm.arm, note=roles.get(arm.arm, "")),
        Cell(mark=mark),
        Cell(numbers.score(mean, metric), mean),
        Cell(numbers.score_interval_of(interval, metric) if interval else "–"),
        Cell(numbers.score(arm.test.get(metric), metric), arm.test.get(metric)),
    )


def _part(share: float) -> str:
    if share >= 1:
        return "at least all of"
    return "nothing of" if share <= 0 else "a part of"


def _confusions(material: Material) -> list[Heat | None]:
    wanted = (material.result.reference_arm, material.result.recommended_arm)
    return [_heat(arm, material.schema.classes) for arm in map(material.arm, wanted)]


def _heat(arm: ArmScore | None, names: tuple[str, ...]) -> Heat | None:
    if arm is None or len(arm.confusion) != len(names):
        return None
    words = (
        "true classes in rows, predicted ones in columns; test split, summed over replicates and "
        "classifiers"
    )
    caption = f"{numbers.visible(arm.title)}: {words}"
    return Heat(caption, tuple(map(numbers.visible, names)), arm.confusion)


def _mean(arm: ArmScore, metric: str) -> float:
    values = arm.values[metric]
    return sum(values) / len(values)


def _extent(arm: ArmScore, metric: str) -> tuple[float, ...]:
    interval = _interval(arm, metric)
    return (*arm.values[metric], *((interval.low, interval.high) if interval else ()))


def _interval(arm: ArmScore, metric: str) -> Interval | None:
    interval = arm.intervals.get(metric)
    return numbers.within_scores(interval, metric) if interval else None

"""Paired gains as a table: a row a classifier, and a gain with its interval for each baseline."""

from collections.abc import Sequence

from pipeline import answers, numbers
from pipeline.gain import verdict_word
from pipeline.reporting.marks import Axis, Mark, Shape, Tone
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column
from pipeline.results import WITHOUT_GAN, Comparison, Question, Verdict, deciding_comparison

TONES: dict[Verdict, Tone] = {"helps": "helps", "no evidence": "none", "harms": "harms"}
SHORT_NAMES = {
    "real": "real rows",
    "oversampled": "oversampled rows",
    WITHOUT_GAN: "the set without",
    "best_recipe": "the recipe alone",
}
# By the place of a baseline among those of a question; a single one has the verdict's colour.
BASELINE_TONES: tuple[Tone, ...] = ("set", "baseline")


def gains_table(
    material: Material,
    question: Question,
    classifiers: Sequence[str],
    *,
    key: str,
    caption: str,
    note: str = "",
) -> Table:
    """The gain of one question under each classifier, against each of its baselines, on one axis.

    The verdict is that against all of the baselines. Classifiers without the comparison are left
    out.
    """
    found = {name: compared(material, question, name) for name in classifiers}
    found = {name: against for name, against in found.items() if against}
    baselines = baselines_of(material, question)
    axis = axis_of([one for against in found.values() for one in against.values()])
    return Table(
        key=key,
        caption=caption,
        columns=(
            Column("Classifier"),
            axis_column("Gain, points", axis),
            *(Column(f"Over {_short(material, name)}", "number") for name in baselines),
            Column("Test split", "number"),
            Column("Verdict"),
        ),
        rows=tuple(
            _row(material, question, name, against, baselines, axis)
            for name, against in found.items()
        ),
        note=note,
    )


def legend_of(material: Material, question: Question) -> tuple[tuple[Tone, str], ...]:
    """Which colour stands for which baseline, where there are several."""
    baselines = baselines_of(material, question)
    if len(baselines) < 2:
        return ()
    return tuple(
        (tone, f"over {_inline(material, name)}")
        for tone, name in zip(BASELINE_TONES, baselines, strict=False)
    )


def baselines_of(material: Material, question: Question) -> tuple[str, ...]:
    """The arms that one question compares with, in order."""
    asked = (one for one in material.result.comparisons if one.question == question)
    return tuple(dict.fromkeys(one.reference for one in asked))


def compared(material: Material, question: Question, classifier: str) -> dict[str, Comparison]:
    """Baseline → comparison by the primary metric, of one question and classifier."""
    return {
        one.reference: one
        for one in material.result.comparisons
        if (one.question, one.classifier) == (question, classifier)
        and one.metric == material.result.primary_metric
    }


def axis_of(comparisons: Sequence[Comparison]) -> Axis:
    """An axis for gains; zero is on it, and intervals of too few replicates do not stretch it."""
    ends = [end for one in comparisons for end in (*_ends(one), *one.gains_points)]
    return Axis.over([*ends, 0.0] if ends else [0.0, 1.0])


def gain_mark(axis: Axis, comparisons: Sequence[tuple[Tone, Comparison]]) -> Mark:
    """Each gain with its interval and its replicates, one below the other, and a line at zero."""
    shapes: list[Shape] = [axis.point("rule", "none", 0.0)]
    for place, (tone, one) in enumerate(comparisons):
        height = 100 * (place + 1) / (len(comparisons) + 1)
        if not numbers.is_too_wide(one.interval_points, one.metric):
            interval = numbers.within_gains(one.interval_points, one.metric)
            shapes.append(axis.line(tone, interval, height=height))
        shapes += [axis.point("speck", tone, gain, height=height) for gain in one.gains_points]
        shapes.append(axis.point("dot", tone, one.mean_points, height=height))
    return Mark(tuple(shapes))


def verdict_cell(comparison: Comparison, *, least: float) -> Cell:
    """The verdict in a word, coloured where something is proven."""
    word = verdict_word(comparison.verdict, comparison.interval_points, least=least)
    emphasis = comparison.verdict if comparison.verdict != "no evidence" else ""
    return Cell(word, comparison.verdict, emphasis=emphasis)


def _row(
    material: Material,
    question: Question,
    classifier: str,
    against: dict[str, Comparison],
    baselines: tuple[str, ...],
    axis: Axis,
) -> tuple[Cell, ...]:
    deciding = deciding_comparison(material.result, question, classifier)
    assert deciding is not None
    tones = dict(zip(baselines, BASELINE_TONES, strict=False))
    if len(baselines) == 1:
        tones = {baselines[0]: TONES[deciding.verdict]}
    marked = [(tones.get(name, "none"), against[name]) for name in baselines if name in against]
    return (
        Cell(numbers.capital(answers.classifier_name(classifier)), classifier),
        Cell(mark=gain_mark(axis, marked)),
        *(_gain_cell(material, against.get(name)) for name in baselines),
        Cell(numbers.points(deciding.test_gain_points), deciding.test_gain_points),
        verdict_cell(deciding, least=material.result.min_gain_points),
    )


def _gain_cell(material: Material, one: Comparison | None) -> Cell:
    if one is None:
        return Cell("–")
    within = numbers.points_interval(
        one.interval_points, least=material.result.min_gain_points, metric=one.metric
    )
    return Cell(numbers.points(one.mean_points), one.mean_points, note=within)


def _short(material: Material, arm: str) -> str:
    """What people call a baseline at the head of a narrow column."""
    return SHORT_NAMES.get(arm) or _inline(material, arm)


def _inline(material: Material, arm: str) -> str:
    return numbers.inline(numbers.visible(material.title_of(arm)))


def _ends(one: Comparison) -> tuple[float, ...]:
    if numbers.is_too_wide(one.interval_points, one.metric):
        return ()
    interval = numbers.within_gains(one.interval_points, one.metric)
    return interval.low, interval.high

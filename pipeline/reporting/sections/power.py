"""The smallest gain that this trial could have detected."""

from pipeline import numbers
from pipeline.reporting import verdict
from pipeline.reporting.blocks import Grid, Section, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table
from pipeline.results import Comparison


def build(material: Material) -> Section:
    """How blind the trial was, so that "no evidence" is read for what it is."""
    lead = Text(_lead(verdict.deciding(material)), "lead")
    blocks = only([lead, Grid(power_table(material))])
    return Section("power", "The smallest gain this trial could see", blocks)


def power_table(material: Material) -> Table:
    """Every comparison with its detectable gain and the replicates that would settle it."""
    primary = material.result.primary_classifier
    rows = [one for one in material.result.comparisons if one.classifier == primary]
    return Table(
        key="power",
        caption="Gains that would be found four times in five, in points",
        note="Each comparison by itself. The GAN has to be told from every cheap arm at once, "
        "which takes a larger gain, or more replicates, than its hardest row here.",
        columns=(
            Column("Arm"),
            Column("Against"),
            Column("Found", "number"),
            Column("Detectable", "number"),
            Column("Replicates to settle it", "number"),
        ),
        rows=tuple(
            (
                Cell(material.title_of(one.arm), one.arm),
                Cell(material.title_of(one.reference), one.reference),
                Cell(numbers.points(one.mean_points), one.mean_points),
                Cell(_unsigned(one.detectable_points), one.detectable_points),
                Cell(_settle(one), one.replicates_to_settle),
            )
            for one in rows
        ),
    )


def _lead(comparison: Comparison | None) -> str:
    detectable = comparison.detectable_points if comparison else None
    if not detectable:
        return (
            "What gain this trial could have detected cannot be said: its gains do not vary over "
            "the replicates. “No evidence” does not mean “no effect”."
        )
    assert comparison is not None
    alone = (
        " over this arm alone; to be told from every cheap arm at once takes more"
        if comparison.question == "gan against cheap"
        else ""
    )
    return (
        f"A true gain of {detectable:.1f} points would have been found four times in five{alone}; "
        "smaller ones are missed more often. “No evidence” therefore does not mean “no effect”."
    )


def _settle(one: Comparison) -> str:
    if one.verdict != "no evidence":
        return "settled"
    return "–" if one.replicates_to_settle is None else numbers.count(one.replicates_to_settle)


def _unsigned(points: float | None) -> str:
    return f"{points:.1f}" if points else "–"

"""Where it helps and where it harms: recall of every class before and after."""

from pipeline import numbers
from pipeline.gain import over
from pipeline.reporting.blocks import Block, Grid, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, change_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column, name_cell
from pipeline.results import ClassRow

LEGEND: tuple[tuple[Tone, str], ...] = (("before", "before"), ("after", "after"))


def build(material: Material) -> Section:
    """The table of classes, and in words where recall rises and falls."""
    result = material.result
    baseline = over(result.reference_arm)
    intro = (
        "Recall is the share of a class's held-out samples that a classifier recognises, here the "
        f"mean over the classifiers. Before: trained on {baseline}. After: trained on the dataset."
    )
    blocks: list[Block | None] = [
        Text(_summary(material), "lead"),
        Text(intro),
        Grid(classes_table(material), LEGEND),
    ]
    return Section("classes", "Where it helps and where it harms", only(blocks))


def classes_table(material: Material) -> Table:
    """Every class: rows, recall before and after with intervals, and the change in points."""
    rows = material.result.classes
    axis = Axis.over((end for row in rows for end in _ends(row)), scale=100)
    within = f"{numbers.level(rows[0].recall_after_interval)} interval" if rows else ""
    return Table(
        key="classes",
        caption="Recall of every class before and after",
        columns=(
            Column("Class"),
            Column("Real", "number", hint="training"),
            Column("Added", "number", hint="in the dataset"),
            Column("Tested", "number", hint="held out"),
            axis_column("Recall, %", axis),
            Column("Before", "number", hint=within),
            Column("After", "number", hint=within),
            Column("Change", "number", hint="points"),
        ),
        rows=tuple(_row(material, row, axis) for row in rows),
        note="Intervals are for one class at a time; among many classes some seem to change by "
        "chance. A change stands in colour only where the two intervals do not overlap.",
    )


def change_points(row: ClassRow) -> float:
    """How much the recall of a class changes, in points."""
    return 100 * (row.recall_after - row.recall_before)


def added_to_class(material: Material, name: str) -> int:
    """Rows that the dataset adds to a class, whatever their source."""
    of_class = material.rows.get(name, {})
    return sum(of_class.values()) - of_class.get("real", 0)


def _row(material: Material, row: ClassRow, axis: Axis) -> tuple[Cell, ...]:
    before = row.recall_before, row.recall_before_interval
    after = row.recall_after, row.recall_after_interval
    added = added_to_class(material, row.name)
    change = change_points(row)
    helps, harms = after[1].low > before[1].high, after[1].high < before[1].low
    return (
        name_cell(row.name),
        Cell(numbers.count(row.n_real), row.n_real),
        Cell(numbers.count(added), added),
        Cell(numbers.count(row.n_test) if row.n_test else "–", row.n_test),
        Cell(mark=change_mark(axis, before=before, after=after)),
        Cell(numbers.percent(before[0]), before[0], note=numbers.score_interval(before[1])),
        Cell(numbers.percent(after[0]), after[0], note=numbers.score_interval(after[1])),
        Cell(
            numbers.points(change), change, emphasis="helps" if helps else "harms" if harms else ""
        ),
    )


def _summary(material: Material) -> str:
    rows = sorted(material.result.classes, key=change_points)
    # Two decimals, as the smallest changes are shown.
    rising = [row for row in reversed(rows) if round(change_points(row), 2) > 0]
    falling = [row for row in rows if round(change_points(row), 2) < 0]
    up = f"Recall rises in {numbers.counted(len(rising), 'class', 'classes')}{_most(rising)}"
    down = f"falls in {len(falling) or 'none'}{_most(falling)}"
    return f"{up}, {down}, and stays in {len(rows) - len(rising) - len(falling)}."


def _most(rows: list[ClassRow]) -> str:
    if not rows:
        return ""
    most = "most in class" if len(rows) > 1 else "class"
    change = numbers.points(change_points(rows[0]))
    return f" ({most} {numbers.visible(rows[0].name)}, {change} points)"


def _ends(row: ClassRow) -> tuple[float, ...]:
    before, after = row.recall_before_interval, row.recall_after_interval
    return before.low, before.high, after.low, after.high, row.recall_before, row.recall_after

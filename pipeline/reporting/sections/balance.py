"""Class balance before and after: rows of every class by source."""

from pipeline import numbers
from pipeline.reporting import verdict
from pipeline.reporting.blocks import Block, Fold, Grid, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, stack_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column, name_cell
from pipeline.results import CurationRow

TONES: dict[str, Tone] = {
    "real": "real",
    "gan": "gan",
    "cvae": "gan",
    "classical": "classical",
    "smote": "smote",
    "deformed": "deformed",
}


def build(material: Material) -> Section:
    """The counts, the recommended weights and what curation turned away."""
    counts = material.rows
    before = [of_class.get("real", 0) for of_class in counts.values()]
    after = [sum(of_class.values()) for of_class in counts.values()]
    lead = f"Before, {_ratio(before)}; after, {_ratio(after)}."
    legend = tuple((tone_of(origin), verdict.name(origin)) for origin in origins_in(counts))
    blocks: list[Block | None] = [
        Text(lead, "lead"),
        Grid(balance_table(material), legend),
        Grid(weights_table(material)),
        Fold("What curation turned away", only([Grid(curation_table(material))])),
    ]
    return Section("balance", "Class balance before and after", only(blocks))


def origins_in(counts: dict[str, dict[str, int]]) -> list[str]:
    """Every origin that any class has, real first."""
    return list(dict.fromkeys(["real", *(origin for row in counts.values() for origin in row)]))


def tone_of(origin: str) -> Tone:
    """The colour of an origin."""
    return TONES.get(origin, "none")


def balance_table(material: Material) -> Table:
    """Rows of every class by source."""
    counts = material.rows
    origins = origins_in(counts)
    axis = Axis.over([sum(of_class.values()) for of_class in counts.values()], include=0.0)
    return Table(
        key="balance",
        caption="Training rows of every class in the dataset, by source",
        columns=(
            Column("Class"),
            axis_column("Rows", axis),
            *(Column(verdict.title(origin), "number") for origin in origins),
            Column("Total", "number"),
        ),
        rows=tuple(_balance_row(name, of, origins, axis) for name, of in counts.items()),
    )


def weights_table(material: Material) -> Table:
    """The weight that the trial recommends for a row of each source."""
    weights = material.result.recommended_weight
    return Table(
        key="weights",
        caption="Recommended weight of a row, by source",
        columns=(Column("Source"), Column("Weight", "number"), Column("Meaning")),
        rows=tuple(
            (
                Cell(verdict.title(origin)),
                Cell(f"{weight:.2f}", weight),
                Cell(_meaning(origin, weight, verdict.added_rows(material, origin))),
            )
            for origin, weight in weights.items()
        ),
        note="Every row of the dataset carries its own weight in the column `weight`.",
    )


def curation_table(material: Material) -> Table:
    """How many samples were drawn, kept and turned away, and for which reason."""
    rows = material.result.curation
    reasons = list(dict.fromkeys(reason for row in rows for reason in row.rejected))
    fillers = fillers_of(material)
    filled = (Column("Filled up", "number", hint="of those turned away"),) if fillers else ()
    return Table(
        key="curation",
        caption="Synthetic samples drawn, accepted and turned away by reason",
        columns=(
            Column("Class"),
            Column("Drawn", "number"),
            Column("Accepted", "number"),
            *filled,
            *(Column(numbers.visible(reason).capitalize(), "number") for reason in reasons),
        ),
        rows=tuple(_curation_row(row, fillers, reasons) for row in rows),
        note=_how_taken(fillers),
    )


def fillers_of(material: Material) -> dict[str, int]:
    """Class name → rows that curation turned away and that make up its number all the same.

    Only classes of which too few were accepted; the dataset has exactly the rows asked for.
    """
    missing = {row.name: row.n_requested - row.n_accepted for row in material.result.classes}
    return {name: n for name, n in missing.items() if n > 0}


def _how_taken(fillers: dict[str, int]) -> str:
    taken = "The dataset takes accepted samples of each class in the order of drawing"
    if not fillers:
        return f"{taken}, exactly as many as it needs."
    rows = numbers.counted(sum(fillers.values()), "row")
    classes = numbers.counted(len(fillers), "class", "classes")
    return (
        f"{taken}. In {classes} too few were accepted: the exact number is made up by {rows} "
        "turned away for label or manifold, the likeliest first, with weight 0; copies and "
        "duplicates are never used."
    )


def _balance_row(
    name: str, of_class: dict[str, int], origins: list[str], axis: Axis
) -> tuple[Cell, ...]:
    amounts = [(origin, of_class.get(origin, 0)) for origin in origins]
    total = sum(of_class.values())
    return (
        name_cell(name),
        Cell(mark=stack_mark(axis, [(tone_of(origin), float(n)) for origin, n in amounts])),
        *(Cell(numbers.count(n), n) for _, n in amounts),
        Cell(numbers.count(total), total),
    )


def _curation_row(
    row: CurationRow, fillers: dict[str, int], reasons: list[str]
) -> tuple[Cell, ...]:
    filled = [fillers.get(row.name, 0)] if fillers else []
    rejected = [row.rejected.get(reason, 0) for reason in reasons]
    amounts = [row.drawn, row.accepted, *filled, *rejected]
    return (name_cell(row.name), *(Cell(numbers.count(n), n) for n in amounts))


def _ratio(counts: list[int]) -> str:
    if min(counts, default=0) == 0:
        return "one class at least is empty"
    ratio = max(counts) / min(counts)
    if ratio == 1:
        return "all classes are equally large"
    times = f"{ratio:.1f}".removesuffix(".0")
    return f"the largest class is {times} times as large as the smallest"


def _meaning(origin: str, weight: float, n_rows: int) -> str:
    if origin == "real":
        return "the measure of all others"
    if weight == 0:
        rows = "leave these rows out of training" if n_rows else "the dataset carries no such rows"
        return f"no benefit was found: {rows}"
    return f"counts {weight:.2f} of a real row, averaged over the classes that get rows"

"""Tables: distributions and associations, real against synthetic, in the place of pictures."""

from pipeline import numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Heat, Section, Text, only
from pipeline.reporting.columns import ColumnComparison, PairComparison, TableComparison
from pipeline.reporting.marks import Tone, mirrored_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell

LEGEND: tuple[tuple[Tone, str], ...] = (("real", "real, above"), ("gan", "synthetic, below"))
MOST_PAIRS = 12
INTRO = (
    "Every column of the synthetic rows against real rows of the same class mix. Similarity is one "
    "minus the total variation distance over a dozen bins; real against real is the same number "
    "between two halves of the real rows."
)


def build(material: Material) -> Section | None:
    """Nothing for images, which show pictures instead."""
    compared = material.table
    if not compared:
        return None
    further = compared.pairs[MOST_PAIRS:]
    blocks: list[Block | None] = [
        Text(_summary(compared), "lead"),
        Text(INTRO),
        Grid(columns_table(compared), LEGEND),
        Grid(pairs_table(compared.pairs[:MOST_PAIRS])),
        Fold("Further pairs of columns", only([Grid(pairs_table(further, key="further-pairs"))])),
        Fold("All associations at a glance", only([_matrix(compared)])),
    ]
    return Section("distributions", "Distributions", only(blocks))


def columns_table(compared: TableComparison) -> Table:
    """Every column, the least similar first."""
    columns = sorted(compared.columns, key=lambda column: column.similarity)
    return Table(
        key="columns",
        caption="Every column, the least similar first",
        columns=(
            Column("Column"),
            Column("Kind"),
            Column("Distribution", "mark"),
            Column("Similarity", "number"),
            Column("Real against real", "number"),
            Column("Missing, real", "number"),
            Column("Missing, synthetic", "number"),
        ),
        rows=tuple(map(_column_row, columns)),
    )


def pairs_table(pairs: tuple[PairComparison, ...], *, key: str = "pairs") -> Table:
    """Associations of pairs, the most different first."""
    return Table(
        key=key,
        caption="Pairs of columns whose association differs most",
        columns=(
            Column("Columns"),
            Column("And"),
            Column("Real", "number"),
            Column("Synthetic", "number"),
            Column("Difference", "number"),
        ),
        rows=tuple(
            (
                name_cell(pair.first),
                name_cell(pair.second),
                Cell(_signed(pair.real), pair.real),
                Cell(_signed(pair.synthetic), pair.synthetic),
                Cell(_signed(pair.difference), pair.difference),
            )
            for pair in pairs
        ),
        note="Rank correlation of two numbers, Cramér's V of two categories, the correlation ratio "
        "of one of each.",
    )


def _column_row(column: ColumnComparison) -> tuple[Cell, ...]:
    return (
        name_cell(column.name),
        Cell(column.kind),
        Cell(mark=mirrored_mark(column.real, column.synthetic)),
        Cell(numbers.percent(column.similarity), column.similarity),
        Cell(numbers.percent(column.floor), column.floor),
        Cell(numbers.percent(column.real[-1]), column.real[-1]),
        Cell(numbers.percent(column.synthetic[-1]), column.synthetic[-1]),
    )


def _matrix(compared: TableComparison) -> Heat | None:
    """Hundredths of the absolute difference of associations; empty for a single column."""
    if not compared.pairs:
        return None
    paired = {pair.first for pair in compared.pairs} | {pair.second for pair in compared.pairs}
    names = tuple(column.name for column in compared.columns if column.name in paired)
    differences = {
        frozenset((pair.first, pair.second)): round(100 * abs(pair.difference))
        for pair in compared.pairs
    }
    return Heat(
        "Hundredths by which the association of two columns differs, synthetic from real",
        tuple(map(numbers.visible, names)),
        tuple(tuple(differences.get(frozenset((a, b)), 0) for b in names) for a in names),
        most=100,
    )


def _summary(compared: TableComparison) -> str:
    mean = sum(column.similarity for column in compared.columns) / len(compared.columns)
    worst = min(compared.columns, key=lambda column: column.similarity)
    return (
        f"Columns are {numbers.percent(mean)} similar on average; the least similar is "
        f"{numbers.visible(worst.name)}, {numbers.percent(worst.similarity)}."
    )


def _signed(number: float) -> str:
    rounded = round(number, 2)
    return "0.00" if rounded == 0 else f"{rounded:+.2f}".replace("-", numbers.MINUS)

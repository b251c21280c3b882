"""Columns of a table and pairs of them, synthetic against real."""

from collections.abc import Mapping, Sequence

from pipeline import numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Heat, Section, Text, only
from pipeline.reporting.marks import Tone, mirrored_mark
from pipeline.reporting.previews.bars import Bars, ClassBars
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import ColumnRow, ColumnsResult, PairRow

LEGEND: tuple[tuple[Tone, str], ...] = (("real", "real, above"), ("gan", "synthetic, below"))
MOST_COLUMNS = 20
MOST_PAIRS = 12
MOST_IN_MATRIX = 24
MEASURES = {"ks": "KS", "tv": "TV"}
INTRO = (
    "Synthetic rows against real rows that the generator did not see, equally many of each class. "
    "KS is the largest difference of the distribution functions of numbers and dates, TV the share "
    "of rows whose category would have to change; both go from 0, equal, to 1. Real against real "
    "is the same between these and as many training rows: no generator can be expected to do "
    "better."
)
BY_CLASS = (
    "The columns in which the real classes differ most. A generator that mixes classes shows it "
    "here: its bars of one class look like those of another."
)
DRAWN = (
    "Bars: share of rows in each bin, the last one for missing cells. Numbers have bins of equal "
    "width; categories stand by how frequent they are in the real rows."
)


def column_section(
    found: ColumnsResult, bars: Sequence[Bars], by_class: Sequence[ClassBars]
) -> tuple[Section, ...]:
    """The worst columns in the open and the others folded; none where nothing was measured."""
    if not found.columns:
        return ()
    drawn = {one.name: one for one in bars}
    worst, others = found.columns[:MOST_COLUMNS], found.columns[MOST_COLUMNS:]
    gaps = [row for row in found.columns if row.missing_real or row.missing_synthetic]
    pairs, further = found.pairs[:MOST_PAIRS], found.pairs[MOST_PAIRS:]
    folded = f"The other {numbers.counted(len(others), 'column')}"
    blocks: list[Block | None] = [
        Text(_summary(found), "lead"),
        Text(INTRO),
        Grid(columns_table(worst, drawn, found.n_samples), LEGEND),
        Fold(folded, only([Grid(columns_table(others, drawn, 0, key="columns-others"), LEGEND)])),
        Grid(missing_table(gaps[:MOST_COLUMNS])),
        Fold("By class", only([_by_class(by_class)])),
        Grid(pairs_table(pairs)),
        Fold("Further pairs of columns", only([Grid(pairs_table(further, key="further-pairs"))])),
        Fold("All differences of associations at a glance", only([_matrix(found)])),
    ]
    return (Section("distributions", "Columns", only(blocks)),)


def columns_table(
    rows: Sequence[ColumnRow], drawn: Mapping[str, Bars], n: int, *, key: str = "columns"
) -> Table:
    """Columns with their bars and distances, those that differ most first."""
    return Table(
        key=key,
        caption="Columns, those that differ most first",
        columns=(
            Column("Column"),
            Column("Kind"),
            Column("Distribution", "mark"),
            Column("Distance", "number", hint="KS or TV"),
            Column("Real against real", "number"),
            Column("Values", hint="of the bars"),
        ),
        rows=tuple(_column_row(row, drawn.get(row.name)) for row in rows),
        note=f"n {numbers.count(n)} on each side. {DRAWN}" if n else "",
    )


def missing_table(rows: Sequence[ColumnRow]) -> Table:
    """Missing cells of the columns that have any."""
    ordered = sorted(rows, key=lambda row: -abs(row.missing_real - row.missing_synthetic))
    return Table(
        key="missing",
        caption="Missing cells, the largest difference first",
        columns=(
            Column("Column"),
            Column("Real", "number"),
            Column("Synthetic", "number"),
            Column("Difference", "number", hint="points"),
        ),
        rows=tuple(
            (
                name_cell(row.name),
                Cell(numbers.percent(row.missing_real), row.missing_real),
                Cell(numbers.percent(row.missing_synthetic), row.missing_synthetic),
                _points(row.missing_synthetic - row.missing_real),
            )
            for row in ordered
        ),
    )


def pairs_table(pairs: Sequence[PairRow], *, key: str = "pairs") -> Table:
    """Associations of pairs, those that differ most first."""
    return Table(
        key=key,
        caption="Pairs of columns whose association differs most",
        columns=(
            Column("Columns"),
            Column("And"),
            Column("Real", "number"),
            Column("Synthetic", "number"),
            Column("Difference", "number", hint="mean of several draws"),
            Column("Real against real", "number"),
        ),
        rows=tuple(
            (
                name_cell(pair.first),
                name_cell(pair.second),
                Cell(_signed(pair.real), pair.real),
                Cell(_signed(pair.synthetic), pair.synthetic),
                Cell(f"{pair.difference:.2f}", pair.difference),
                Cell(f"{pair.floor:.2f}", pair.floor),
            )
            for pair in pairs
        ),
        note="Rank correlation of two numbers, Cramér's V of two categories, the correlation ratio "
        "of one of each; real and synthetic values are means of several draws of rows.",
    )


def _column_row(row: ColumnRow, bars: Bars | None) -> tuple[Cell, ...]:
    return (
        name_cell(row.name),
        Cell(row.kind),
        Cell(mark=mirrored_mark(bars.real, bars.synthetic)) if bars else Cell(),
        Cell(f"{row.value:.3f}", row.value, note=MEASURES[row.metric]),
        Cell(f"{row.floor:.3f}", row.floor),
        Cell(numbers.visible(bars.ends) if bars else "", is_name=True),
    )


def _by_class(columns: Sequence[ClassBars]) -> Grid | None:
    rows = tuple(
        (
            name_cell(column.name),
            name_cell(name),
            Cell(mark=mirrored_mark(bars.real, bars.synthetic)),
            Cell(numbers.visible(bars.ends), is_name=True),
        )
        for column in columns
        for name, bars in column.classes
    )
    table = Table(
        key="columns-by-class",
        caption="The columns that separate the classes most, class by class",
        columns=(
            Column("Column"),
            Column("Class"),
            Column("Distribution", "mark"),
            Column("Values", hint="of the bars"),
        ),
        rows=rows,
        note=BY_CLASS,
    )
    return Grid(table, LEGEND)


def _matrix(found: ColumnsResult) -> Heat | None:
    """Hundredths by which associations differ; None for a single column."""
    if not found.pairs:
        return None
    names = list(dict.fromkeys(name for pair in found.pairs for name in (pair.first, pair.second)))
    names = names[:MOST_IN_MATRIX]
    differences = {
        frozenset((pair.first, pair.second)): round(100 * pair.difference) for pair in found.pairs
    }
    return Heat(
        "Hundredths by which the association of two columns differs, synthetic from real",
        tuple(map(numbers.visible, names)),
        tuple(tuple(differences.get(frozenset((a, b)), 0) for b in names) for a in names),
        most=100,
    )


def _summary(found: ColumnsResult) -> str:
    told = []
    for metric, what in (("ks", "numbers and dates"), ("tv", "categories")):
        rows = [row for row in found.columns if row.metric == metric]
        if rows:
            mean = sum(row.value for row in rows) / len(rows)
            floor = sum(row.floor for row in rows) / len(rows)
            told.append(
                f"columns of {what} differ by {mean:.3f} on average (real against real {floor:.3f})"
            )
    worst = found.columns[0]
    return (
        f"{numbers.capital(numbers.listed(told))}; the one that differs most is "
        f"{numbers.visible(worst.name)}."
    )


def _points(share: float) -> Cell:
    return Cell(numbers.points(100 * share), share)


def _signed(number: float) -> str:
    rounded = round(number, 2)
    return "0.00" if rounded == 0 else f"{rounded:+.2f}".replace("-", numbers.MINUS)

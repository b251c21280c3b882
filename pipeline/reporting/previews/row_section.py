"""Rows of a table: synthetic ones beside their nearest real ones, and rejected ones."""

from collections.abc import Sequence

from pipeline import numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Section, Text, only
from pipeline.reporting.previews.examples import ClassExamples, Example
from pipeline.reporting.tables import Cell, Column, Table, name_cell

MOST_COLUMNS = 20
MOST_CLASSES_OPEN, MOST_CLASSES = 2, 10
INTRO = (
    "Of each class the synthetic row that lies closest to a real one, and a random choice, each "
    "beside the nearest real row. The ratio is that of the nearest to the second-nearest distance: "
    "near 0 the row is a copy, near 1 it is as close to others."
)


def row_section(examples: Sequence[ClassExamples], columns: Sequence[str]) -> tuple[Section, ...]:
    """Rows of the first classes in the open, of further ones folded; none without rows."""
    shown = [one for one in examples if one.shown][:MOST_CLASSES]
    rejected = [one for one in examples if one.rejected][:MOST_CLASSES]
    if not shown and not rejected:
        return ()
    blocks: list[Block | None] = [
        Text(INTRO),
        *(_shown(one, columns, place) for place, one in enumerate(shown)),
        Fold(
            "Rows that curation rejected, with the reason",
            only([Grid(rejected_table(one, columns, n)) for n, one in enumerate(rejected)]),
        ),
    ]
    return (Section("rows", "Rows", only(blocks)),)


def _shown(one: ClassExamples, columns: Sequence[str], place: int) -> Block:
    grids: list[Block] = [Grid(examples_table(one, columns, place, slice(0, MOST_COLUMNS)))]
    if len(columns) > MOST_COLUMNS:
        rest = slice(MOST_COLUMNS, None)
        title = f"The other {len(columns) - MOST_COLUMNS} columns of these rows"
        grids.append(Fold(title, (Grid(examples_table(one, columns, place, rest)),)))
    if place < MOST_CLASSES_OPEN and len(grids) == 1:
        return grids[0]
    return Fold(f"Class {numbers.visible(one.name)}", tuple(grids))


def examples_table(one: ClassExamples, columns: Sequence[str], place: int, part: slice) -> Table:
    """A row a column, and beside each other the cells of a synthetic row and of its neighbour."""
    heads = [Column("Column")]
    for number, example in enumerate(one.shown):
        what = "closest" if number == 0 and example.ratio is not None else "at random"
        heads.append(Column("Synthetic", hint=what))
        heads.append(Column("Nearest real", hint=_ratio(example)))
    return Table(
        key=f"rows-{place}" + "-others" * bool(part.start),
        caption=f"Class {numbers.visible(one.name)}: synthetic rows beside their nearest real ones",
        columns=tuple(heads),
        rows=tuple(
            (
                name_cell(name),
                *(cell for example in one.shown for cell in _pair(example, column)),
            )
            for column, name in list(enumerate(columns))[part]
        ),
    )


def rejected_table(one: ClassExamples, columns: Sequence[str], place: int) -> Table:
    """A row a column, and a column a rejected row, under its reason."""
    return Table(
        key=f"rejected-{place}",
        caption=f"Class {numbers.visible(one.name)}: rejected rows",
        columns=(
            Column("Column"),
            *(
                Column("Rejected", hint=numbers.visible(example.reason) or "no reason recorded")
                for example in one.rejected
            ),
        ),
        rows=tuple(
            (name_cell(name), *(_text(example.cells[column]) for example in one.rejected))
            for column, name in list(enumerate(columns))[:MOST_COLUMNS]
        ),
        note=f"The first {MOST_COLUMNS} columns." if len(columns) > MOST_COLUMNS else "",
    )


def _pair(example: Example, column: int) -> tuple[Cell, Cell]:
    neighbour = _text(example.neighbour[column]) if example.neighbour else Cell("–")
    return _text(example.cells[column]), neighbour


def _text(cell: str) -> Cell:
    """Text from outside: never markup, and of its own direction."""
    return Cell(numbers.visible(cell), value=cell, is_name=True)


def _ratio(example: Example) -> str:
    return "–" if example.ratio is None else f"ratio {example.ratio:.2f}"

"""Copies and membership: what was tested, what was found, what this does not prove."""

from pipeline.reporting import numbers
from pipeline.reporting.blocks import Block, Grid, Items, Section, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import CopiesResult

TITLE = "Copies and membership"
CAUTIONS = (
    (
        "What this does not prove: that no real sample can be told from the dataset. The search "
        "knows the distances of one feature network, not every way of looking."
    ),
    "Nothing here is differential privacy, and the real rows are part of the dataset as they are.",
)


def build(material: Material) -> Section:
    """The search for memorised samples and the membership test."""
    copies = material.result.copies
    if copies is None:
        return Section("copies", TITLE, (Text("Copies were not searched for in this run."),))
    blocks: list[Block | None] = [
        Text(_sentence(copies), "lead"),
        Text(numbers.visible(copies.wording)) if copies.wording else None,
        Grid(copies_table(copies)),
        Grid(closest_table(copies)),
        Items(CAUTIONS),
    ]
    return Section("copies", TITLE, only(blocks))


def copies_table(copies: CopiesResult) -> Table:
    """What was tested and what was found."""
    near = f"Suspiciously close: ratio below {numbers.plain(copies.threshold)}"
    rows = [
        _count_row("Synthetic samples tested", copies.tested),
        _count_row("Equal to a training sample, bit for bit", copies.exact),
        _count_row("Equal after a shift by one pixel or a mirroring", copies.moved),
        _count_row(near, copies.suspected),
        (
            Cell("Real samples never trained on that the same threshold flags"),
            Cell(numbers.percent(copies.false_alarm_rate), copies.false_alarm_rate),
        ),
        *_membership_rows(copies),
    ]
    return Table(
        key="copies",
        caption="The search for memorised samples",
        columns=(Column("Test"), Column("Found", "number")),
        rows=tuple(rows),
    )


def closest_table(copies: CopiesResult) -> Table:
    """The most suspicious rows."""
    return Table(
        key="closest",
        caption="The most suspicious synthetic samples",
        columns=(Column("Synthetic"), Column("Nearest real"), Column("Ratio", "number")),
        rows=tuple(
            (name_cell(synthetic), name_cell(real), Cell(f"{ratio:.3f}", ratio))
            for synthetic, real, ratio in copies.closest
        ),
        note="Ratio of the nearest to the second-nearest distance. Rows flagged as copies were "
        "turned away.",
    )


def _count_row(words: str, number: int) -> tuple[Cell, ...]:
    return Cell(words), Cell(numbers.count(number), number)


def _membership_rows(copies: CopiesResult) -> list[tuple[Cell, ...]]:
    if copies.membership_auc is None:
        return []
    interval = copies.membership_interval
    within = f"{interval.low:.2f} to {interval.high:.2f}" if interval else ""
    value = Cell(f"{copies.membership_auc:.2f}", copies.membership_auc, note=within)
    return [(Cell("Membership test, area under the curve (0.50 is guessing)"), value)]


def _sentence(copies: CopiesResult) -> str:
    tested = numbers.counted(copies.tested, "synthetic sample")
    if copies.exact + copies.moved + copies.suspected == 0:
        return f"Of {tested}, none was found to be a copy of a training sample."
    return (
        f"Of {tested}, {numbers.count(copies.exact)} equal a training sample, "
        f"{numbers.count(copies.moved)} do after a shift or a mirroring, and "
        f"{numbers.count(copies.suspected)} lie suspiciously close; about "
        f"{copies.tested * copies.false_alarm_rate:.0f} would be flagged by chance alone."
    )

"""Copies and membership: what was tested, what was found, what this does not prove."""

from pipeline import numbers
from pipeline.reporting.blocks import Block, Grid, Items, Section, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import CopiesResult

TITLE = "Copies and membership"
CAUTIONS = (
    (
        "What this does not prove: that no real sample can be told from the rows. The search "
        "knows distances in pixels and in one network's features, not every way of looking."
    ),
    "Nothing here is differential privacy, and the real rows ship as they are.",
)
# The search looks at what curation let through, and further than curation does.
SHIPPED = (
    "All of them ship with the version, the flagged ones included: this search only reports. "
    "Curation had rejected before it what equals a training sample bit for bit, and what lies "
    "too close to one in pixels; what is a copy only after a shift or a mirroring, or in features, "
    "curation does not see. The last table names the most suspicious rows."
)


def build(material: Material) -> Section:
    """The search for memorised samples and the membership test."""
    copies = material.result.copies
    if copies is None:
        return Section("copies", TITLE, (Text("Copies were not searched for in this run."),))
    if copies.tested == 0:
        refused = Text(_why_not_searched(material, copies), "lead")
        return Section("copies", TITLE, only([refused, Grid(membership_table(copies))]))
    blocks: list[Block | None] = [
        Text(_sentence(copies), "lead"),
        Text(SHIPPED) if copies.suspected else None,
        Text(numbers.prose(copies.wording)) if copies.wording else None,
        Grid(copies_table(copies)),
        Grid(closest_table(copies)),
        Items(CAUTIONS),
    ]
    return Section("copies", TITLE, only(blocks))


def copies_table(copies: CopiesResult) -> Table:
    """What was tested and what was found."""
    rows = [
        _count_row("Synthetic samples tested", copies.tested),
        _count_row("Equal to a training sample, bit for bit", copies.exact),
        _count_row("Equal after a shift by one pixel or a mirroring", copies.moved),
        _count_row("Suspiciously close, the two rows above included", copies.suspected),
        (
            Cell("Real samples never trained on that such thresholds flag"),
            Cell(numbers.percent(copies.false_alarm_rate), copies.false_alarm_rate),
        ),
        *_membership_rows(copies),
    ]
    return Table(
        key="copies",
        caption="The search for memorised samples",
        columns=(Column("Test"), Column("Found", "number")),
        rows=tuple(rows),
        note="Suspiciously close: the nearest training sample is far nearer than the "
        f"second-nearest in pixels (ratio below {numbers.plain(copies.threshold)}), in pixels "
        "after a shift or a mirroring, or in features; each of the three has a threshold of its "
        "own.",
    )


def membership_table(copies: CopiesResult) -> Table:
    """The membership test by itself, where copies were not searched for; empty without one."""
    return Table(
        key="membership",
        caption="The membership test",
        columns=(Column("Test"), Column("Found", "number")),
        rows=tuple(_membership_rows(copies)),
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
        note="Ratio of the nearest to the second-nearest distance, the smallest of the three ways "
        "of comparing. All of these ship with the version.",
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
    # Equal ones are suspected too; each is told once.
    near = copies.suspected - copies.exact - copies.moved
    if copies.suspected == 0:
        return f"Of {tested}, none was found to be a copy of a training sample."
    return (
        f"Of {tested}, {numbers.count(copies.exact)} equal a training sample, "
        f"{numbers.count(copies.moved)} do after a shift or a mirroring, and "
        f"{numbers.count(near)} more lie suspiciously close; of as many real samples never trained "
        f"on, about {copies.tested * copies.false_alarm_rate:.0f} would be flagged by chance."
    )


def _why_not_searched(material: Material, copies: CopiesResult) -> str:
    """In the place of zeros, which would read as if nothing had been found."""
    if not material.asks_for_rows:
        return "No class was to get synthetic samples, so there are none to search for copies."
    why = f": {numbers.prose(copies.wording)}" if copies.wording else "."
    return f"Copies could not be searched for{why}"

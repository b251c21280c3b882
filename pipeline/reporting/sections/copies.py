"""Copies and membership: what was tested, what was found, what this does not prove."""

from pipeline import numbers
from pipeline.reporting.blocks import Block, Grid, Items, Section, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.previews.words import Words
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import CopiesResult

TITLE = "Copies and membership"
UNPROVEN = "What this does not prove: that no real sample can be told from the rows."
NO_PRIVACY = "Nothing here is differential privacy, and the real rows ship as they are."
# The search looks at what curation let through, and further than curation does.
SHIPPED = "All of them ship with the version, the flagged ones included: this search only reports."
LAST_TABLE = "The last table names the most suspicious rows."
MOST_RARE = 20
LEAST_EXPECTED = 0.5


def build(material: Material) -> Section:
    """The search for memorised samples and the membership test."""
    copies = material.result.copies
    if copies is None:
        return Section("copies", TITLE, (Text("Copies were not searched for in this run."),))
    words, rare = material.words, Grid(rare_table(copies))
    if copies.tested == 0:
        refused = Text(_why_not_searched(material, copies), "lead")
        return Section("copies", TITLE, only([refused, Grid(membership_table(copies)), rare]))
    blocks: list[Block | None] = [
        Text(_sentence(copies, words), "lead"),
        Text(f"{SHIPPED} {words.shipped} {LAST_TABLE}") if copies.suspected else None,
        Text(numbers.prose(copies.wording)) if copies.wording else None,
        Grid(copies_table(copies, words)),
        rare,
        Grid(closest_table(copies, words)),
        Items((f"{UNPROVEN} {words.caution}", NO_PRIVACY)),
    ]
    return Section("copies", TITLE, only(blocks))


def copies_table(copies: CopiesResult, words: Words) -> Table:
    """What was tested and what was found."""
    rows = [
        _count_row("Synthetic samples tested", copies.tested),
        _count_row(words.equal, copies.exact),
        *_expected_rows(copies),
        *([_count_row(words.moved, copies.moved)] if words.moved else []),
        _count_row("Suspiciously close, equal ones included", copies.suspected),
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
        + words.threshold.format(ratio=numbers.plain(copies.threshold)),
    )


def membership_table(copies: CopiesResult) -> Table:
    """The membership test by itself, where copies were not searched for; empty without one."""
    return Table(
        key="membership",
        caption="The membership test",
        columns=(Column("Test"), Column("Found", "number")),
        rows=tuple(_membership_rows(copies)),
    )


def closest_table(copies: CopiesResult, words: Words) -> Table:
    """The most suspicious rows."""
    return Table(
        key="closest",
        caption="The most suspicious synthetic samples",
        columns=(Column("Synthetic"), Column("Nearest real"), Column("Ratio", "number")),
        rows=tuple(
            (name_cell(synthetic), name_cell(real), Cell(f"{ratio:.3f}", ratio))
            for synthetic, real, ratio in copies.closest
        ),
        note="Ratio of the nearest to the second-nearest distance, the smallest of the "
        f"{words.ways}. All of these ship with the version.",
    )


def rare_table(copies: CopiesResult) -> Table:
    """Categories of few training rows that synthetic rows show, the rarest first."""
    further = len(copies.rare) - MOST_RARE
    return Table(
        key="rare",
        caption="Rare categories among the synthetic rows",
        columns=(
            Column("Column"),
            Column("Category"),
            Column("Training rows", "number"),
            Column("Synthetic rows", "number"),
        ),
        rows=tuple(
            (
                name_cell(one.column),
                name_cell(one.value),
                Cell(numbers.count(one.n_training), one.n_training),
                Cell(numbers.count(one.n_synthetic), one.n_synthetic),
            )
            for one in copies.rare[:MOST_RARE]
        ),
        note="A category that so few rows hold may name a person, and a synthetic row that shows "
        f"it tells of them.{f' There are {numbers.count(further)} more.' if further > 0 else ''}",
    )


def _count_row(words: str, number: int) -> tuple[Cell, ...]:
    return Cell(words), Cell(numbers.count(number), number)


def _expected_rows(copies: CopiesResult) -> list[tuple[Cell, ...]]:
    """What chance gives, where unseen real rows equal training rows too."""
    if copies.exact_expected < LEAST_EXPECTED:
        return []
    verdict = "no more than chance" if copies.exact_is_chance else "more than chance"
    words = Cell("Equal ones expected, as often as among unseen real rows")
    return [
        (words, Cell(numbers.count(copies.exact_expected), copies.exact_expected, note=verdict))
    ]


def _membership_rows(copies: CopiesResult) -> list[tuple[Cell, ...]]:
    if copies.membership_auc is None:
        return []
    interval = copies.membership_interval
    within = f"{interval.low:.2f} to {interval.high:.2f}" if interval else ""
    value = Cell(f"{copies.membership_auc:.2f}", copies.membership_auc, note=within)
    return [(Cell("Membership test, area under the curve (0.50 is guessing)"), value)]


def _sentence(copies: CopiesResult, words: Words) -> str:
    tested = numbers.counted(copies.tested, "synthetic sample")
    # Equal ones are suspected too; each is told once.
    near = copies.suspected - copies.exact - copies.moved
    if copies.suspected == 0:
        return f"Of {tested}, none was found to be a copy of a training sample."
    moved = f"{numbers.count(copies.moved)} do {words.moved_how}, " if words.moved else ""
    expected = (
        f" (about {copies.exact_expected:.0f} would by chance)"
        if copies.exact_expected >= LEAST_EXPECTED
        else ""
    )
    return (
        f"Of {tested}, {numbers.count(copies.exact)} equal a training sample{expected}, "
        f"{moved}and {numbers.count(near)} more lie suspiciously close; of as many real samples "
        f"never trained on, about {copies.tested * copies.false_alarm_rate:.0f} would be flagged "
        "by chance."
    )


def _why_not_searched(material: Material, copies: CopiesResult) -> str:
    """In the place of zeros, which would read as if nothing had been found."""
    if not material.asks_for_rows:
        return "No class was to get synthetic samples, so there are none to search for copies."
    why = f": {numbers.prose(copies.wording)}" if copies.wording else "."
    return f"Copies could not be searched for{why}"

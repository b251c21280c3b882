"""The report in few words: Markdown for a pull request, and every table as plain data.

Both are made from the tables that the page shows, so that no number is rendered a second time.
"""

from collections.abc import Iterator
from html import escape
from typing import Any

from pipeline import answers
from pipeline.reporting.blocks import Answers, Block, Fold, Grid
from pipeline.reporting.material import Material
from pipeline.reporting.page import sections
from pipeline.reporting.sections import (
    classes,
    comparison,
    consumers,
    contents,
    fidelity,
    gan,
    verdict,
)
from pipeline.reporting.tables import Cell, Column, Table, markdown_text

ADVICE = "Advice for whoever may change training code; this is not the gain of the version."


def markdown_summary(material: Material) -> str:
    """The answers, gains, arms, classes, rows and fidelity, as GitHub-flavoured Markdown.

    Names from outside are escaped: none becomes markup, a mention or a link.
    """
    result = material.result
    overall = [row for row in result.fidelity if row.class_name is None]
    shown = (
        consumers.consumers_table(material),
        contents.balance_table(material),
        comparison.arms_table(material),
        gan.gan_table(material),
        classes.classes_table(material),
        fidelity.fidelity_table(overall, "Fidelity, all classes together"),
    )
    advice = answers.recipe_sentences(result)
    told = (
        answers.consumers_sentence(result),
        answers.rows_sentence(result),
        f"What to do: {answers.what_to_do(result)}",
        answers.gan_sentence(result),
        f"{ADVICE} {' '.join(advice)}" if advice else "",
        answers.interval_note(result),
    )
    parts = [
        f"## {markdown_text(answers.headline(result))}",
        *(markdown_text(sentence) for sentence in told if sentence),
        *(_section(table) for table in shown if table),
        "The whole report is `reports/report.html`.",
    ]
    return "\n\n".join(parts) + "\n"


def tables_by_key(material: Material) -> dict[str, dict[str, Any]]:
    """Every table of the page by its key, as `Table.plain` gives it, and the answers."""
    shown = [table for section in sections(material) for table in _tables(section.blocks)]
    return {table.key: table.plain() for table in (answers_table(material), *shown)}


def answers_table(material: Material) -> Table:
    """The questions with their answers, which the page shows as cards."""
    found = [
        one
        for block in verdict.build(material).blocks
        if isinstance(block, Answers)
        for one in block.answers
    ]
    return Table(
        key="answers",
        caption=answers.headline(material.result),
        columns=(
            Column("Question"),
            Column("Verdict"),
            Column("Gain", "number"),
            Column("Interval", "number"),
            Column("What it decides"),
        ),
        rows=tuple(
            (
                Cell(one.question),
                Cell(one.verdict),
                Cell(f"{one.change} {one.unit}", one.value),
                Cell(one.interval),
                Cell(one.decides),
            )
            for one in found
        ),
    )


def _section(table: Table) -> str:
    note = f"\n\n{markdown_text(table.note)}" if table.note else ""
    return (
        f"<details><summary>{escape(table.caption)}</summary>\n\n{table.markdown()}{note}\n\n"
        "</details>"
    )


def _tables(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Grid):
            yield block.table
        elif isinstance(block, Fold):
            yield from _tables(block.blocks)

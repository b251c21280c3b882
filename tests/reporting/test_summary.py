"""The report as Markdown and as plain tables: the same words as the page."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from pipeline.reporting.page import render_report
from pipeline.reporting.summary import markdown_summary, tables_by_key
from pipeline.reporting.tables import markdown_text
from tests.reporting.example_material import example_material, named
from tests.reporting.payloads import PAYLOADS

COMMONMARK = MarkdownIt("commonmark").enable("table")


def page_text() -> str:
    page = html.unescape(re.sub(r"<[^>]*>", " ", render_report(example_material())))
    return " ".join(page.split())


def test_the_summary_begins_with_the_verdict():
    first = markdown_summary(example_material()).splitlines()[0]
    assert "changes balanced accuracy on unseen data by" in COMMONMARK.render(first)
    assert "it helps, and is promoted" in first


def test_every_text_in_the_tables_stands_on_the_page():
    shown = page_text()
    tables = tables_by_key(example_material())
    texts = {
        re.sub(r" \(.*\)$", "", text)
        for table in tables.values()
        for row in table["rows"]
        for text in row
    }
    missing = [text for text in texts if " ".join(text.split()) not in shown]
    # "+1.2 points of …" is said in one for what a card of the page shows in parts.
    assert [text for text in missing if "points of" not in text] == []


def test_tables_of_every_section_have_a_key_of_their_own():
    keys = set(tables_by_key(example_material()))
    assert keys >= {
        "answers", "consumers", "balance", "configs", "arms-panel", "arms-svm", "gan", "recipes",
        "classes", "curation", "fidelity", "copies", "learning", "facts", "params", "watch",
    }  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_name_stays_text_in_markdown(payload):
    rendered = COMMONMARK.render(f"before {markdown_text(payload)} after")
    assert re.findall(r"<[^>]*>", rendered) == ["<p>", "</p>"]


def test_hostile_names_leave_the_tables_of_the_summary_whole():
    ten = [name for name in PAYLOADS if "|" in name or "`" in name or "\n" in name]
    ten = [*ten, *PAYLOADS][:10]
    hostile = COMMONMARK.render(markdown_summary(named(example_material(), ten)))
    harmless = COMMONMARK.render(markdown_summary(example_material()))
    assert re.findall(r"<[a-z]+", hostile) == re.findall(r"<[a-z]+", harmless)


def test_a_diversity_that_cannot_be_told_is_a_dash():
    history = tuple(
        row | {"diversity": [None] + [0.5] * (len(row["coverage"]) - 1)}
        if "coverage" in row
        else row
        for row in example_material().history
    )
    table = tables_by_key(example_material(history=history))["watch"]
    place = table["columns"].index("Diversity")
    assert [row[place] for row in table["rows"]][:2] == ["–", "0.50"]

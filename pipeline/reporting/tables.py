"""The tables of a report: the one source of every number that is shown.

The page, the Markdown summary and the flow's artifacts all render these; none of them computes or
rounds a number of its own. A cell holds the raw value beside its text, so that the page can be
checked against `metrics.json`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pipeline import numbers
from pipeline.reporting.marks import Axis, Mark, Tick

Align = Literal["text", "number", "mark"]
Value = str | int | float | None


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the raw value behind it, and perhaps a small picture or a remark.

    Attributes:
        text: What people read.
        value: What the text was made from, unrounded; None where the text is all there is.
        emphasis: "helps" or "harms" where the value is a proven change.
        is_name: Whether the text is a name from outside, perhaps of another direction of writing.
        link: A page beside this one, of our own making; "" for none.
    """

    text: str = ""
    value: Value = None
    mark: Mark | None = None
    note: str = ""
    emphasis: Literal["", "helps", "harms"] = ""
    is_name: bool = False
    link: str = ""

    @property
    def words(self) -> str:
        """Text and remark, where only plain text can be shown."""
        return f"{self.text} ({self.note})" if self.note else self.text


@dataclass(frozen=True)
class Column:
    """One column; a mark's column shows its axis in the head."""

    title: str
    align: Align = "text"
    axis: tuple[Tick, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """A caption, columns and rows; the first column names the row."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def plain(self) -> dict[str, Any]:
        """Caption, note, column titles and rows of text, without the pictures.

        Rows are lists, not mappings: JSON with sorted keys would lose the order of the columns.
        """
        kept = [index for index, column in enumerate(self.columns) if column.align != "mark"]
        return {
            "caption": self.caption,
            "note": self.note,
            "columns": [self.columns[index].title for index in kept],
            "rows": [[row[index].words for index in kept] for row in self.rows],
        }

    def markdown(self) -> str:
        """The rows as a GitHub-flavoured Markdown table, without the pictures."""
        kept = [index for index, column in enumerate(self.columns) if column.align != "mark"]
        heads = [self.columns[index].title for index in kept]
        rules = ["--:" if self.columns[index].align == "number" else ":--" for index in kept]
        body = [[markdown_text(row[index].words) for index in kept] for row in self.rows]
        return "\n".join(_markdown_row(cells) for cells in ([*heads], rules, *body))


def markdown_text(text: str) -> str:
    """Text from outside as text, never as markup, inside a Markdown table or paragraph."""
    escaped = "".join(
        f"\\{character}" if character in r"\`*_{}[]()#+!|~" else character
        for character in numbers.visible(text)
    )
    return (
        escaped.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("@", "&#64;")
    )


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def name_cell(text: str, *, note: str = "") -> Cell:
    """A name from outside (class, file, column): text of its own direction, never markup."""
    return Cell(numbers.visible(text), value=text, note=note, is_name=True)


def axis_column(title: str, axis: Axis) -> Column:
    """A column of marks on one axis."""
    return Column(title, "mark", axis.ticks())

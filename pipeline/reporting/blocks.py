"""What a section is built of: paragraphs, tables, figures, pictures, and folds that hide detail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.reporting.marks import Mark, Tick, Tone
from pipeline.reporting.pictures import Picture
from pipeline.reporting.tables import Table


@dataclass(frozen=True)
class Text:
    """A paragraph of plain text; the template escapes it."""

    kind: ClassVar[str] = "text"
    text: str
    role: Literal["", "lead", "note", "heading"] = ""


@dataclass(frozen=True)
class Items:
    """A bulleted list of plain sentences."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Commands to copy; between the parts stands the version, which the stamp fills in."""

    kind: ClassVar[str] = "code"
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table on the page."""

    kind: ClassVar[str] = "grid"
    table: Table
    legend: tuple[tuple[Tone, str], ...] = ()


@dataclass(frozen=True)
class Heat:
    """A square table of counts in shades, e.g. a confusion matrix: rows true, columns predicted.

    Attributes:
        most: The count of the darkest shade; None for the sum of the cell's own row.
    """

    kind: ClassVar[str] = "heat"
    caption: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    most: int | None = None

    def shade(self, row: int, column: int) -> int:
        """How dark a cell is, 0 to 8."""
        count = self.counts[row][column]
        most = self.most or sum(self.counts[row])
        return 0 if count == 0 else min(8, max(1, round(8 * count / most)))


@dataclass(frozen=True)
class Figure:
    """Inline SVG of our own making, what it shows, and the words under it."""

    svg: str
    alt: str
    caption: str
    legend: tuple[tuple[Tone, str], ...] = ()


@dataclass(frozen=True)
class Figures:
    """Figures side by side where there is room."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Shot:
    """One picture, or a synthetic one beside its nearest real one, with the words under it."""

    pictures: tuple[Picture, ...]
    caption: str


@dataclass(frozen=True)
class Strip:
    """Shots in a row under one heading."""

    title: str
    shots: tuple[Shot, ...]
    note: str = ""


@dataclass(frozen=True)
class ClassPictures:
    """One class: real beside synthetic, and the strips of the remarkable ones."""

    name: str
    real: Picture | None
    synthetic: Picture | None
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class Pictures:
    """The pictures of every class."""

    kind: ClassVar[str] = "pictures"
    classes: tuple[ClassPictures, ...]
    is_tiny: bool = False


@dataclass(frozen=True)
class Answer:
    """One question of the trial with its answer; `decides` says what depends on it."""

    question: str
    verdict: str
    tone: Tone
    change: str
    value: float
    unit: str
    interval: str
    words: str
    mark: Mark
    decides: str


@dataclass(frozen=True)
class Answers:
    """Answers side by side, on one axis."""

    kind: ClassVar[str] = "answers"
    answers: tuple[Answer, ...]
    axis: tuple[Tick, ...]


@dataclass(frozen=True)
class Slot:
    """A place for what is known only after the release; see `pipeline.reporting.stamp`."""

    kind: ClassVar[str] = "slot"
    name: Literal["run"]


@dataclass(frozen=True)
class Fold:
    """Detail that a reader unfolds; it opens in print."""

    kind: ClassVar[str] = "fold"
    title: str
    blocks: tuple["Block", ...]


Block = Text | Items | Code | Grid | Heat | Figures | Pictures | Answers | Slot | Fold


@dataclass(frozen=True)
class Section:
    """One heading of the page and what stands under it; `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def only(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    """The blocks that are there; empty tables and lists are left out with their headings."""
    return tuple(block for block in blocks if block is not None and not _is_empty(block))


def _is_empty(block: Block) -> bool:
    if isinstance(block, Grid):
        return not block.table
    if isinstance(block, Fold):
        return not block.blocks
    if isinstance(block, Items):
        return not block.items
    return isinstance(block, Figures) and not block.figures

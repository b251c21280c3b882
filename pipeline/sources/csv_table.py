"""A text table (CSV, TSV) as cells: every text stripped, missing ones as null."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.sources.cells import Cells, Place, TableError, cells_of_one
from pipeline.sources.csv_layout import MAXIMUM_LINE_BYTES, Layout, lines_of, look_at
from pipeline.sources.survey import Notice, converted

MAXIMUM_CELL_BYTES = MAXIMUM_LINE_BYTES
BLOCK_CELLS = 500_000
SHOWN_LINES = 3


def read_csv(path: Path, place: Place, params: TableParams, problems: list[str]) -> Cells:
    """The file's cells; ragged rows are added to `problems`.

    Raises:
        TableError: it is no such file at all.
    """
    layout = look_at(path, params)
    found = _Rows(layout, params)
    blocks = [pa.table(block) for block in _blocks(found.read(path), layout)]
    problems += [f"{place.name} {text}." for text in found.problems]
    if not blocks and not found.problems:
        raise TableError("has a header line but no rows; there is nothing to learn from")
    if not blocks:
        blocks = [pa.table({name: pa.array([], pa.string()) for name in layout.header})]
    table = pa.concat_tables(blocks)
    notices = [*layout.notices, *found.notices()]
    columns: dict[str, pa.ChunkedArray] = {}
    n_stripped = 0
    for name in table.column_names:
        bare = pc.utf8_trim_whitespace(table[name])
        n_stripped += pc.sum(pc.not_equal(bare, table[name])).as_py() or 0
        columns[name] = _with_missing(bare, name, params.missing_texts, notices)
    if "" in columns:
        _drop_nameless(columns, notices)
    if n_stripped:
        notices.insert(0, converted(f"Spaces around {n_stripped:,} cells were removed."))
    numbers = np.array(found.lines, np.int64)
    return cells_of_one(pa.table(columns), place, numbers, is_typed=False, notices=notices)


def first_row_where(mask: pa.ChunkedArray) -> int:
    """Position of the first true value."""
    return int(np.argmax(np.asarray(pc.fill_null(mask, False))))


@dataclass
class _Rows:
    """The rows of one file, parsed one after the other, each with the line that it begins in."""

    layout: Layout
    params: TableParams
    lines: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    n_long: int = 0
    longest: tuple[int, int] = (0, 0)

    def read(self, path: Path) -> Iterator[list[str]]:
        """Rows of as many cells as the header has; others become problems."""
        csv.field_size_limit(MAXIMUM_CELL_BYTES)
        layout, width = self.layout, len(self.layout.header)
        kept: list[str] = []
        lines = self._kept(lines_of(path, layout.encoding), kept)
        for _ in range(layout.skipped):
            next(lines, None)
        kept.clear()
        parser = csv.reader(lines, delimiter=layout.delimiter, strict=True)
        is_header, begin = layout.has_header, layout.skipped + 1
        while True:
            try:
                row = next(parser, None)
            except csv.Error as error:
                raise TableError(_unreadable(str(error), begin)) from None
            if row is None:
                return
            end = layout.skipped + parser.line_num
            if is_header:
                is_header = False
            elif len(row) == width:
                if end > begin:
                    self._look_at_long(kept, begin, end)
                self.lines.append(begin)
                yield row
            elif row:
                self.problems.append(
                    f"has {len(row)} cells in line {begin} where its "
                    f"{'header' if layout.has_header else 'first row'} has {width}; correct it "
                    "(a delimiter inside a cell needs quotes)"
                )
            begin = end + 1
            kept.clear()

    def notices(self) -> Iterator[Notice]:
        """What was odd among the rows that were read."""
        if self.n_long:
            line, n = self.longest
            yield converted(
                f"{self.n_long:,} rows have quoted cells over several lines, which were kept; the "
                f"longest begins in line {line} and takes {n:,} lines."
            )

    def _kept(self, lines: Iterator[str], kept: list[str]) -> Iterator[str]:
        for line in lines:
            kept.append(line)
            yield line

    def _look_at_long(self, kept: list[str], begin: int, end: int) -> None:
        """A quote left open swallows rows: each line then has the cells of a whole row."""
        self.n_long += 1
        if end - begin + 1 > self.longest[1]:
            self.longest = (begin, end - begin + 1)
        if self.params.quoted_newlines == "allow":
            return
        delimiter, width = self.layout.delimiter, len(self.layout.header)
        like_rows = sum(line.count(delimiter) >= width - 1 for line in kept)
        if like_rows > len(kept) / 2 and (width > 1 or len(kept) > SHOWN_LINES):
            self.problems.append(
                f"has a quoted cell from line {begin} to line {end}, most lines of which look like "
                "rows; close the quote, or set `source.table.quoted_newlines: allow` if the cell "
                "is meant"
            )


def _unreadable(text: str, line: int) -> str:
    if "field larger" in text:
        return (
            f"has a cell of over {MAXIMUM_CELL_BYTES:,} bytes from line {line} on; is a quote left "
            "open?"
        )
    if "unexpected end" in text:
        return (
            f"has a quote in line {line} that is never closed; close it, or write it twice if it "
            "is part of the text"
        )
    return (
        f"cannot be read as CSV from line {line} on ({text}); a quote inside a quoted cell is "
        "written twice: correct the row"
    )


def _blocks(rows: Iterator[list[str]], layout: Layout) -> Iterator[dict[str, pa.Array]]:
    """Columns of some rows at a time, so that few Python texts are alive at once."""
    most = max(1, BLOCK_CELLS // len(layout.header))
    block: list[list[str]] = []
    for row in rows:
        block.append(row)
        if len(block) == most:
            yield _columns(block, layout)
            block = []
    if block:
        yield _columns(block, layout)


def _columns(block: list[list[str]], layout: Layout) -> dict[str, pa.Array]:
    return {
        name: pa.array(cells, pa.string())
        for name, cells in zip(layout.header, zip(*block, strict=True), strict=True)
    }


def _with_missing(
    cells: pa.ChunkedArray, name: str, texts: tuple[str, ...], notices: list[Notice]
) -> pa.ChunkedArray:
    is_missing = pc.is_in(cells, value_set=pa.array(texts, pa.string()))
    n = pc.sum(is_missing).as_py() or 0
    if not n:
        return cells
    marks = pc.unique(pc.filter(cells, is_missing)).to_pylist()
    if marks != [""]:
        shown = ", ".join(repr(mark) for mark in sorted(marks))
        notices.append(converted(f"{n:,} cells of {name!r} ({shown}) were read as missing."))
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), cells)


def _drop_nameless(columns: dict[str, pa.ChunkedArray], notices: list[Notice]) -> None:
    """Every row ends with a delimiter, and so does the header: there is no such column."""
    if columns[""].null_count < len(columns[""]):
        raise TableError(
            f"has no name for column {len(columns)} in its header; give it one (an index column "
            "can be named and then listed in `source.table.leave_out`)"
        )
    del columns[""]
    notices.append(converted("Every line ends with a delimiter, after which nothing follows."))

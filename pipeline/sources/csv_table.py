"""A CSV file as a table of texts: every cell stripped, missing ones as null."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.params import TableParams
from pipeline.sources.csv_bytes import CsvError, Layout, look_at
from pipeline.sources.survey import Notice, converted

BLOCK_BYTES = 8 * 2**20
MAXIMUM_CELL_BYTES = 2**20


@dataclass(frozen=True)
class Texts:
    """Cells as text.

    Attributes:
        table: One column of strings (null where missing) for each column of the file.
        has_lines: Whether data row k is line k + 2 of the file.
        rows: Position of each row among the file's data rows, int64 [n].
        notices: What was changed on the way.
    """

    table: pa.Table
    has_lines: bool
    rows: np.ndarray
    notices: tuple[Notice, ...]

    def where(self, row: int) -> str:
        """How row `row` (from 0) of the table is called to a person."""
        number = int(self.rows[row])
        return f"line {number + 2}" if self.has_lines else f"data row {number + 1}"

    def without_rows_missing(self, names: list[str]) -> "Texts":
        """Without the rows in which one of these columns is missing."""
        whole = np.ones(self.table.num_rows, bool)
        for name in names:
            whole &= self.table[name].is_valid().to_numpy()
        notice = converted(f"{int((~whole).sum()):,} rows with missing cells were dropped.")
        table = self.table.filter(pa.array(whole))
        return Texts(table, self.has_lines, self.rows[whole], (*self.notices, notice))


def read_csv(path: Path, params: TableParams, problems: list[str]) -> Texts:
    """The file's cells; ragged rows are added to `problems`.

    Raises:
        CsvError: it is no such file at all.
    """
    layout = look_at(path, params)
    ragged: list[str] = []
    table = _parse(path, layout, params, ragged)
    problems += [f"{path.name} {text}." for text in ragged]
    if table.num_rows == 0 and not ragged:
        raise CsvError("has a header line but no rows; there is nothing to learn from")
    notices: list[Notice] = []
    columns = {}
    stripped = 0
    for name in layout.header:
        cells = table.column(name)
        _refuse_huge(cells, name)
        bare = pc.utf8_trim_whitespace(cells)
        stripped += pc.sum(pc.not_equal(bare, cells)).as_py() or 0
        columns[name] = _with_missing(bare, name, params.missing_texts, notices)
    if stripped:
        notices.insert(0, converted(f"Spaces around {stripped:,} cells were taken away."))
    return Texts(pa.table(columns), layout.has_lines, np.arange(table.num_rows), tuple(notices))


def _parse(path: Path, layout: Layout, params: TableParams, ragged: list[str]) -> pa.Table:
    unit = "line" if layout.has_lines else "row"

    def note(row: Any) -> str:
        ragged.append(
            f"has {row.actual_columns} cells in {unit} {row.number} where its header has "
            f"{row.expected_columns}; mend the row (a delimiter inside a cell needs quotes)"
        )
        return "skip"

    try:
        return pa.csv.read_csv(
            path,
            # One thread, so that the numbers of ragged rows are known.
            read_options=pa.csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                encoding={"utf-8": "utf8"}.get(params.encoding, params.encoding),
                column_names=list(layout.header),
                skip_rows=1,
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                invalid_row_handler=note,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(layout.header, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise CsvError(f"cannot be read as CSV ({str(error)[:300]}); mend or replace it") from None


def _refuse_huge(cells: pa.ChunkedArray, name: str) -> None:
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    if longest > MAXIMUM_CELL_BYTES:
        raise CsvError(
            f"has a cell of {longest:,} bytes in the column {name!r}; at most "
            f"{MAXIMUM_CELL_BYTES:,} are read: is a quote left open?"
        )


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


def first_row_where(mask: pa.ChunkedArray) -> int:
    """Position of the first true value."""
    return int(np.argmax(np.asarray(pc.fill_null(mask, False))))

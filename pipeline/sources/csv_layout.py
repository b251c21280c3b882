"""How the text of a table lies in its file: what comes first, the delimiter, the header."""

import contextlib
import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.params import TableParams
from pipeline.sources.cells import TableError
from pipeline.sources.csv_encoding import encoding_of
from pipeline.sources.csv_header import has_header
from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, converted

MAXIMUM_LINE_BYTES = 2**20
MAXIMUM_COLUMNS = 2_000
SAMPLED_LINES = 400
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
COMMENT = re.compile(r"\s*(#|//|%)")
DECLARED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
# Of the rows, that have as many cells as the header: a few ragged ones are told one by one.
MOSTLY = 0.8


@dataclass(frozen=True)
class Layout:
    """How the text lies in the file.

    Attributes:
        header: Column names, stripped of surrounding spaces; made up where the file has none.
        delimiter: One of `DELIMITERS`.
        encoding: For `open`.
        skipped: Lines before the header, or before the first row where there is none.
        has_header: Whether the first row that is not skipped names the columns.
        notices: What was found that is not as usual.
    """

    header: tuple[str, ...]
    delimiter: str
    encoding: str
    skipped: int
    has_header: bool
    notices: tuple[Notice, ...] = ()


def look_at(path: Path, params: TableParams) -> Layout:
    """Look at a file's bytes and its first lines.

    Raises:
        TableError: with the byte or line, and the option that would help.
    """
    if path.stat().st_size == 0:
        raise TableError("is empty (0 bytes); a header line and rows are expected")
    encoding, notices = encoding_of(path, params.encoding)
    lines = list(itertools.islice(lines_of(path, encoding), SAMPLED_LINES))
    skipped, declared = _preamble(lines, params)
    rest = lines[skipped:]
    if not rest:
        raise TableError("holds no rows; a header line and rows are expected")
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    delimiter = params.delimiter or declared or _delimiter(rest, usual)
    if delimiter not in DELIMITERS:
        raise TableError(
            f"says `sep={delimiter}` in its first line; the delimiters read are "
            f"{', '.join(DELIMITERS.values())}: save it with one of them"
        )
    rows = _rows(rest, delimiter)
    if params.skip_lines is None:
        skipped, rows = _with_comments(lines, skipped, rows, delimiter)
        _refuse_title(rows, skipped)
    names = _header_names(rows, params)
    if skipped and params.skip_lines is None:
        notices.append(converted(_about_preamble(lines[:skipped])))
    if delimiter != usual and not params.delimiter:
        notices.append(
            converted(f"The cells are separated by {DELIMITERS[delimiter]}s, by the first lines.")
        )
    if names is None:
        header = tuple(f"column_{k + 1}" for k in range(len(rows[0])))
        if params.header is None:
            notices.append(
                converted(
                    f"The file has no header line: its first row ({', '.join(rows[0])[:60]}) looks "
                    "like the others and was kept as data; the columns are called column_1, …. If "
                    "it is the header, set `source.table.header: true`."
                )
            )
    else:
        header = tuple(name.strip() for name in names)
        if any("\n" in name or "\r" in name for name in header):
            notices.append(converted("Column names hold line breaks, which became spaces."))
            header = tuple(" ".join(name.split()) for name in header)
        _check_header(header, delimiter, skipped)
    return Layout(header, delimiter, encoding, skipped, names is not None, tuple(notices))


def lines_of(path: Path, encoding: str) -> Iterator[str]:
    """The physical lines with their ends, whichever of \\n, \\r\\n or \\r they are.

    Raises:
        TableError: a line is too long, or is not in that encoding.
    """
    number = 0
    with path.open(encoding=encoding, newline="") as stream:
        while True:
            number += 1
            try:
                line = stream.readline(MAXIMUM_LINE_BYTES + 1)
            except (UnicodeError, ValueError) as error:
                raise TableError(
                    f"is not {encoding} text near line {number} ({str(error)[:100]}); save it as "
                    "UTF-8, or set another `source.table.encoding`"
                ) from None
            if not line:
                return
            if number == 1:
                # The mark is left where the byte order was declared.
                line = line.removeprefix("\ufeff")
            if len(line) > MAXIMUM_LINE_BYTES:
                raise TableError(
                    f"has over {MAXIMUM_LINE_BYTES:,} bytes in line {number}; such long lines are "
                    "not read: is a quote left open, or a file inside a cell?"
                )
            if "\0" in line:
                raise TableError(
                    f"has a NUL character in line {number}; it is no text: save it again as UTF-8 "
                    "CSV, or set another `source.table.encoding`"
                )
            yield line


def _preamble(lines: list[str], params: TableParams) -> tuple[int, str | None]:
    """Lines before the header, and the delimiter that a line `sep=…` declares."""
    if params.skip_lines is not None:
        return params.skip_lines, None
    declared, skipped = None, 0
    for line in lines:
        bare = line.strip("\r\n \ufeff")
        found = DECLARED.fullmatch(bare)
        if found and skipped == 0:
            declared = found[1]
        elif bare.strip(" ,;|\t") and not COMMENT.match(bare):
            break
        skipped += 1
    return skipped, declared


def _with_comments(
    lines: list[str], skipped: int, rows: list[list[str]], delimiter: str
) -> tuple[int, list[list[str]]]:
    """Whether the last line that looks like a comment is the header after all ("#id,age,…")."""
    if not skipped or not COMMENT.match(lines[skipped - 1]):
        return skipped, rows
    last = _rows([lines[skipped - 1]], delimiter)[0]
    if len(last) != len(rows[0]) or len(last) < 2:
        return skipped, rows
    if has_header(rows):
        return skipped, rows
    raise TableError(
        f"has a line {skipped} that begins like a comment and has as many cells as the rows after "
        f"it; set `source.table.skip_lines: {skipped - 1}` if it is the header, or "
        f"`source.table.skip_lines: {skipped}` if it is a comment (and `source.table.header: "
        "false` if no header follows)"
    )


def _refuse_title(rows: list[list[str]], skipped: int) -> None:
    """A line of one cell before rows of several is a title, or a header in another delimiter."""
    widths = [len(row) for row in rows]
    first = next((k for k, width in enumerate(widths) if width > 1), 0)
    if first and all(width == widths[first] for width in widths[first:]) and len(rows) > first + 1:
        raise TableError(
            f"begins with {first + skipped} lines of one cell ({rows[0][0][:40]!r}) before rows of "
            f"{widths[first]}; set `source.table.skip_lines: {first + skipped}` to leave them out"
        )


def _about_preamble(lines: list[str]) -> str:
    shown = next((line.strip() for line in lines if line.strip()), "")
    what = f" (such as {shown[:40]!r})" if shown else ""
    return (
        f"The first {len(lines)} lines{what} are blank, comments or a `sep=` line and were left "
        "out; `source.table.skip_lines` sets another number."
    )


def _delimiter(lines: list[str], usual: str) -> str:
    fits: dict[str, int] = {}
    for mark in DELIMITERS:
        rows = _rows(lines, mark)
        counts = Counter(len(row) for row in rows)
        width, n = counts.most_common(1)[0]
        if width > 1 and len(rows[0]) == width and n == len(rows):
            fits[mark] = width
    if len(fits) > 1:
        shown = " or ".join(
            f"`source.table.delimiter: {quoted(mark)}` ({width} columns)"
            for mark, width in fits.items()
        )
        raise TableError(f"can be read in more than one way; say which: {shown}")
    if fits:
        return next(iter(fits))
    # With ragged rows no way fits all; the one that fits most is told with each of them.
    for mark in (usual, *DELIMITERS):
        rows = _rows(lines, mark)
        width = len(rows[0])
        if width > 1 and sum(len(row) == width for row in rows) >= MOSTLY * len(rows):
            return mark
    return usual


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    """The rows of the first lines; one that the sample cuts off is left out."""
    csv.field_size_limit(MAXIMUM_LINE_BYTES)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows += (row for row in csv.reader(lines, delimiter=delimiter) if row)
    if len(lines) == SAMPLED_LINES and len(rows) > 1:
        rows.pop()
    return rows or [[""]]


def _header_names(rows: list[list[str]], params: TableParams) -> list[str] | None:
    """The names in the first row; None where it is a row like the others."""
    if params.header is not None:
        return rows[0] if params.header else None
    found = has_header(rows)
    if found is None:
        raise TableError(
            f"has a first line ({', '.join(rows[0])[:60]}) that may be a header or a row; set "
            "`source.table.header: true` or `source.table.header: false`"
        )
    return rows[0] if found else None


def _check_header(header: tuple[str, ...], delimiter: str, skipped: int) -> None:
    if len(header) == 1:
        for other, name in DELIMITERS.items():
            if other != delimiter and other in header[0]:
                raise TableError(
                    f"has one column between {DELIMITERS[delimiter]}s, but its header holds "
                    f"{name}s; set `source.table.delimiter: {other!r}`"
                )
    if len(header) > MAXIMUM_COLUMNS:
        raise TableError(
            f"has {len(header):,} columns; at most {MAXIMUM_COLUMNS:,} are read, and it may be "
            "transposed"
        )
    repeated = sorted({name for name in header if header.count(name) > 1 and name})
    if repeated:
        raise TableError(
            f"has the column name {', '.join(map(repr, repeated[:5]))} more than once in its "
            "header; give each column a name of its own"
        )
    if "" in header[:-1]:
        raise TableError(
            f"has no name for column {header.index('') + 1} in its header; give it one (an index "
            "column can be named and then listed in `source.table.leave_out`)"
            + (
                f", or, where line {skipped + 1} is a title and no header, set "
                f"`source.table.skip_lines: {skipped + 1}`"
                if header.count("") > len(header) / 3
                else ""
            )
        )

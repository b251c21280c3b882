"""What the bytes of a CSV file say before it is parsed: encoding, line lengths, header."""

import codecs
import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

from pipeline.params import TableParams

MAXIMUM_LINE_BYTES = 2**20
MAXIMUM_COLUMNS = 2_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class CsvError(Exception):
    """The file cannot be used; the text completes "<file> …"."""


@dataclass(frozen=True)
class Layout:
    """How the text lies in the file.

    Attributes:
        header: Column names, stripped of surrounding spaces.
        delimiter: One of `DELIMITERS`.
        has_lines: Whether row k of the data is line k + 2 of the file: no blank lines.
    """

    header: tuple[str, ...]
    delimiter: str
    has_lines: bool


def look_at(path: Path, params: TableParams) -> Layout:
    """Read the file once, in blocks, and check what must hold before it is parsed.

    Raises:
        CsvError: with the byte or line, and the option that would help.
    """
    if path.stat().st_size == 0:
        raise CsvError("is empty (0 bytes); a header line and rows are expected")
    has_lines = _scan(path, params.encoding)
    first = _first_line(path, params.encoding)
    delimiter = params.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    header = tuple(name.strip() for name in next(csv.reader([first], delimiter=delimiter), []))
    _check_header(header, first, delimiter)
    return Layout(header=header, delimiter=delimiter, has_lines=has_lines)


def _check_header(header: tuple[str, ...], first: str, delimiter: str) -> None:
    if len(header) == 1:
        for other, name in DELIMITERS.items():
            if other != delimiter and other in first:
                raise CsvError(
                    f"has one column when parted at {DELIMITERS[delimiter]}s, but its header holds "
                    f"{name}s; set `source.table.delimiter: {other!r}`"
                )
    if len(header) > MAXIMUM_COLUMNS:
        raise CsvError(
            f"has {len(header):,} columns; at most {MAXIMUM_COLUMNS:,} are read: is it transposed?"
        )
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise CsvError(
            f"has the column name {', '.join(map(repr, repeated[:5]))} more than once in its "
            "header; give each column a name of its own"
        )
    if "" in header:
        raise CsvError(
            f"has no name for column {header.index('') + 1} in its header; give it one (an index "
            "column can be named and then listed in `source.table.leave_out`)"
        )


def _scan(path: Path, encoding: str) -> bool:
    """Check encoding and line lengths; whether the file is free of blank lines but at its end."""
    offset, n_blank_before = 0, 0
    has_blank_inside = False
    with path.open("rb") as stream:
        if encoding != "utf-16" and stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise CsvError("is UTF-16 text; set `source.table.encoding: utf-16`")
        stream.seek(0)
        for number in itertools.count(1):
            line = stream.readline(MAXIMUM_LINE_BYTES + 1)
            if not line:
                return not has_blank_inside
            _check_line(line, number, offset, encoding)
            offset += len(line)
            is_blank = not line.strip()
            has_blank_inside = has_blank_inside or (n_blank_before > 0 and not is_blank)
            n_blank_before += is_blank
    raise AssertionError("unreachable")


def _check_line(line: bytes, number: int, offset: int, encoding: str) -> None:
    if len(line) > MAXIMUM_LINE_BYTES:
        raise CsvError(
            f"has over {MAXIMUM_LINE_BYTES:,} bytes in line {number}; such long lines are not "
            "read: is a quote left open, or a file inside a cell?"
        )
    if encoding != "utf-16" and b"\0" in line:
        raise CsvError(
            f"has a NUL byte at byte {offset + line.index(0)} (line {number}); it is no text: save "
            "it again as UTF-8 CSV, or set `source.table.encoding: utf-16` if it is that"
        )
    if encoding == "utf-8":
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise CsvError(
                f"is not UTF-8 text (byte {offset + error.start}, line {number}); save it as "
                "UTF-8, or set `source.table.encoding: latin-1` (or cp1252)"
            ) from None


def _first_line(path: Path, encoding: str) -> str:
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as stream:
        return stream.readline(MAXIMUM_LINE_BYTES).rstrip("\r\n")

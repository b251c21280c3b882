"""How the numbers of a text column are written: decimal mark, thousands, signs around them.

Every way that reads all of a column's numbers is tried. Where two ways give other values, as for
"1,037", the column is asked about and never guessed.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.sources.survey import Notice, converted, warning

PLAIN = "1234.56"
SPACES = " \u00a0\u2009\u202f"
APOSTROPHES = "'\u2019"
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
ALL_PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
POINTED_GROUPS = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}([eE][+-]?[0-9]+)?$"
NEGATIVE = {"-", "\u2212"}
CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CAD|AUD|BRL"
CURRENCY = rf"[$\u20ac\u00a3\u00a5\u20b9]|{CODES}"
AROUND = re.compile(
    rf"(?P<open>\()?(?P<sign>[+\-\u2212])?\s?(?P<before>{CURRENCY})?\s?(?P<inner>[+\-\u2212])?"
    rf"(?P<core>[0-9.,](?:[0-9.,{SPACES}{APOSTROPHES}]*[0-9.,])?(?:[eE][+-]?[0-9]+)?)"
    rf"\s?(?P<percent>%)?\s?(?P<after>{CURRENCY})?(?P<close>\))?(?P<last>[-\u2212])?"
)


@dataclass(frozen=True)
class Format:
    """One way to write numbers, named by an example; `thousands` are all marks that may stand."""

    decimal: str
    thousands: str
    pattern: re.Pattern[str]

    def plain(self, core: str) -> str | None:
        """The number with a point and nothing else; None where it is not written this way."""
        if not self.pattern.fullmatch(core):
            return None
        return core.translate(dict.fromkeys(map(ord, self.thousands))).replace(self.decimal, ".")


def _format(decimal: str, thousands: str = "", *, groups: str = "") -> Format:
    exponent = "(?:[eE][+-]?[0-9]+)?"
    mark, fraction = re.escape(decimal), f"(?:{re.escape(decimal)}[0-9]*)?"
    whole = "[0-9]+"
    if thousands:
        any_mark = f"[{re.escape(thousands)}]"
        whole = f"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{any_mark}[0-9]{{3}})+{groups})"
    return Format(decimal, thousands, re.compile(f"(?:{whole}{fraction}|{mark}[0-9]+){exponent}"))


FORMATS: dict[str, Format] = {
    PLAIN: _format("."),
    "1234,56": _format(","),
    # Of India's 12,34,567 the last group has three digits.
    "1,234.56": _format(".", ",", groups="|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"),
    "1.234,56": _format(",", "."),
    "1 234.56": _format(".", SPACES),
    "1 234,56": _format(",", SPACES),
    "1'234.56": _format(".", APOSTROPHES),
    "1'234,56": _format(",", APOSTROPHES),
}


@dataclass
class Numbers:
    """A column's cells as numbers.

    Attributes:
        texts: Numbers in plain form; every other cell as it was.
        is_number: Which cells are; missing where the cell is.
        share: Of the cells that are not missing.
        written: The key of `FORMATS`.
        is_doubtful: Read as plain, though every point could stand before thousands.
        share_in_any_way: Of the cells that some one way of writing reads.
        unlike: Where that is more than `share`, two numbers that no one way reads.
        problem: Why nobody can tell what is meant, as a whole sentence.
    """

    texts: pa.ChunkedArray
    is_number: pa.ChunkedArray
    share: float
    written: str = PLAIN
    is_doubtful: bool = False
    share_in_any_way: float = 0.0
    unlike: tuple[str, ...] = ()
    problem: str | None = None
    notices: list[Notice] = field(default_factory=list)


@dataclass(frozen=True)
class _Cell:
    """A text that may be a number: its core, and what stands around it."""

    core: str
    is_negative: bool
    currency: str
    is_percent: bool
    is_bare: bool


def read_numbers(name: str, texts: pa.ChunkedArray, params: TableParams) -> Numbers:
    """Find how the column's numbers are written, and write them plainly.

    Args:
        texts: Stripped cells; null where missing.
        params: `decimal`, `thousands` and `numbers` narrow what is tried.
    """
    plain = _all_plain(name, texts, params)
    if plain is not None:
        return plain
    counts = {
        row["values"].as_py(): row["counts"].as_py() for row in pc.value_counts(pc.drop_null(texts))
    }
    cells = {text: cell for text in counts if (cell := _cell(text))}
    tried = _tried(name, params)
    read = {written: _read(cells, FORMATS[written]) for written in tried}
    covered = {written: sum(counts[text] for text in found) for written, found in read.items()}
    most = max(covered.values())
    best = [written for written in tried if covered[written] == most]
    written = best[0]
    found = read[written]
    numbers = _applied(texts, found, counts)
    numbers.written = written
    others = [text for way in tried for text in read[way] if text not in found]
    if others:
        any_way = sum(counts[text] for text in {*found, *others})
        numbers.share_in_any_way = any_way / sum(counts.values())
        numbers.unlike = (next(iter(found)), others[0])
    unlike = _first_unlike(best, read)
    if unlike and numbers.share > 0.5:
        if written == PLAIN and params.decimal is None and params.thousands is None:
            numbers.is_doubtful = unlike[1] == "1.234,56"
        elif written != PLAIN:
            numbers.problem = _ambiguous(name, unlike, read)
    if not numbers.problem and numbers.share > 0.5:
        around = {text: cells[text] for text in found if text in cells}
        numbers.problem = _mixed(name, around, counts)
        numbers.notices = list(_told(name, found, around, counts, written))
    return numbers


def _all_plain(name: str, texts: pa.ChunkedArray, params: TableParams) -> Numbers | None:
    """The usual column, whose numbers need no look at each of them; None for any other."""
    if params.decimal == "," or params.thousands is not None or name in params.numbers:
        return None
    is_plain = pc.match_substring_regex(texts, ALL_PLAIN)
    if texts.null_count == len(texts) or not pc.all(is_plain).as_py():
        return None
    pointed = pc.filter(texts, pc.fill_null(pc.match_substring(texts, "."), False))
    grouped = pc.all(pc.match_substring_regex(pointed, POINTED_GROUPS)).as_py()
    is_doubtful = params.decimal is None and len(pointed) > 0 and bool(grouped)
    return Numbers(texts, is_plain, 1.0, is_doubtful=is_doubtful)


def read_otherwise(name: str, texts: pa.ChunkedArray, params: TableParams) -> Numbers | None:
    """The column's numbers where they are plainly not written as the whole file is said to be.

    Returns:
        None where nothing is declared, or there are no such numbers; with a problem where the
        column itself has a declared format.
    """
    if params.decimal is None and params.thousands is None and name not in params.numbers:
        return None
    free = read_numbers(name, texts, TableParams())
    if free.share <= 0.5:
        return None
    if name in params.numbers:
        free.problem = (
            f"The column {name!r} has numbers that are not written like {params.numbers[name]}; "
            f"{line_for(name, free.written)} reads them."
        )
    elif not free.problem:
        free.notices.append(
            warning(
                f"The column {name!r} has numbers written like {free.written}, though "
                "`source.table` says otherwise of the file; they were read as they are written."
            )
        )
    return free


def line_for(name: str, written: str) -> str:
    """The line of params.yaml that gives one column its format, in backquotes."""
    return f"`source.table.numbers: {{{quoted(name)}: {quoted(written)}}}`"


def quoted(text: str) -> str:
    """Text as it stands in YAML whatever it holds."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _tried(name: str, params: TableParams) -> list[str]:
    if name in params.numbers:
        return [params.numbers[name]]
    return [
        written
        for written, form in FORMATS.items()
        if params.decimal in (None, form.decimal)
        and (params.thousands is None or params.thousands in form.thousands or not form.thousands)
        and params.thousands != form.decimal
        and not (params.thousands == "," and written == "1234,56")
        and not (params.thousands == "." and written == PLAIN)
    ]


def _cell(text: str) -> _Cell | None:
    if INFINITE.fullmatch(text):
        return None
    found = AROUND.fullmatch(text)
    if found is None or (found["open"] is None) != (found["close"] is None):
        return None
    signs = [mark for mark in (found["sign"], found["inner"], found["last"]) if mark]
    currencies = [code for code in (found["before"], found["after"]) if code]
    if len(signs) > 1 or len(currencies) > 1 or (found["open"] and signs):
        return None
    is_odd = found["open"] or found["last"] or found["percent"] or currencies or "\u2212" in signs
    return _Cell(
        core=found["core"],
        is_negative=bool(found["open"]) or any(mark in NEGATIVE for mark in signs),
        currency=currencies[0] if currencies else "",
        is_percent=found["percent"] is not None,
        is_bare=not is_odd,
    )


def _read(cells: dict[str, _Cell], form: Format) -> dict[str, str]:
    """Text → the plain number, of every text that is written this way."""
    found = {}
    for text, cell in cells.items():
        plain = form.plain(cell.core)
        if plain is not None:
            found[text] = ("-" if cell.is_negative else "") + plain
    return found


def _applied(texts: pa.ChunkedArray, found: dict[str, str], counts: dict[str, int]) -> Numbers:
    infinite = [text for text in counts if INFINITE.fullmatch(text)]
    known = pa.array([*found, *infinite], pa.string())
    plain = pa.array([*found.values(), *infinite], pa.string())
    place = pc.index_in(texts, value_set=known)
    is_number = pc.if_else(pc.is_valid(texts), pc.is_valid(place), pa.scalar(None, pa.bool_()))
    n = sum(counts.values())
    n_numbers = sum(counts[text] for text in [*found, *infinite])
    written = pa.chunked_array(list(pc.take(plain, place).chunks), pa.string())
    return Numbers(
        texts=pc.if_else(pc.is_valid(place), written, texts),
        is_number=is_number,
        share=n_numbers / n if n else 0.0,
    )


def _first_unlike(best: list[str], read: dict[str, dict[str, str]]) -> tuple[str, str, str] | None:
    """A text that the first of the formats and another one read unlike, and that other."""
    for other in best[1:]:
        for text, plain in read[best[0]].items():
            if float(plain) != float(read[other].get(text, plain)):
                return text, other, best[0]
    return None


def _ambiguous(name: str, unlike: tuple[str, str, str], read: dict[str, dict[str, str]]) -> str:
    text, *ways = unlike
    lines = " or ".join(
        f"{line_for(name, way)} ({float(read[way][text]):,.10g})" for way in sorted(ways)
    )
    return (
        f"The column {name!r} has numbers like {text!r}, whose comma may stand before thousands or "
        f'decimals; say which: {lines}; or for the whole file `source.table.thousands: ","` or '
        '`source.table.decimal: ","`.'
    )


def _mixed(name: str, around: dict[str, _Cell], counts: dict[str, int]) -> str | None:
    n_percent = sum(counts[text] for text, cell in around.items() if cell.is_percent)
    n = sum(counts[text] for text in around)
    found: Counter[str] = Counter()
    for text, cell in around.items():
        found[cell.currency] += counts[text] if cell.currency else 0
    signs = [sign for sign in found if sign]
    what = (
        f"{n_percent:,} numbers with % and {n - n_percent:,} without"
        if 0 < n_percent < n
        else f"the currencies {', '.join(signs)}"
        if len(signs) > 1
        else None
    )
    if what is None:
        return None
    return (
        f"The column {name!r} mixes {what}, which are no numbers of one unit; write all alike, or "
        f"declare `source.table.kinds: {{{quoted(name)}: categorical}}`."
    )


def _told(
    name: str,
    found: dict[str, str],
    around: dict[str, _Cell],
    counts: dict[str, int],
    written: str,
) -> Iterable[Notice]:
    changed = [text for text, cell in around.items() if not cell.is_bare]
    if changed:
        first = changed[0]
        n = sum(counts[text] for text in changed)
        yield converted(
            f"The column {name!r} was read as numbers without the signs around them (currency, %, "
            f"parentheses, other minus signs) in {n:,} cells: {first!r} as {found[first]}."
        )
    if written != PLAIN:
        unlike = next((text for text in found if float(found[text]) != _naive(text)), None)
        if unlike is not None:
            yield converted(
                f"The column {name!r} was read as numbers written like {written}: {unlike!r} as "
                f"{found[unlike]}."
            )


def _naive(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

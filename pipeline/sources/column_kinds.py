"""What kind of values a column of texts holds, and what is said of cells that do not suit it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.sources.csv_table import first_row_where
from pipeline.sources.number_format import Numbers, quoted, read_numbers, read_otherwise
from pipeline.sources.survey import Notice, converted, warning
from pipeline.sources.words import counted

WHOLE = r"^[+-]?[0-9]+$"
LEADING_ZERO = r"^[+-]?0[0-9]+$"
MONTHS = "(jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*"
DATES = {
    "2024-01-31": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+ ?(Z|[+-][0-9:]+)?)?$",
    "31/01/2024": r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}( .*)?$",
    "31.01.2024": r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}( .*)?$",
    "2024/01/31": r"^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}( .*)?$",
    "31-01-2024": r"^[0-9]{1,2}-[0-9]{1,2}-[0-9]{2,4}( .*)?$",
    "31 Jan 2024": rf"(?i)^[0-9]{{1,2}}[ .-]+{MONTHS}[ .-]+[0-9]{{2,4}}( .*)?$",
    "Jan 31 2024": rf"(?i)^{MONTHS}[ .]+[0-9]{{1,2}}(st|nd|rd|th)?[ ,]+[0-9]{{4}}( .*)?$",
    # Whatever else begins with year, month and day.
    "2024-1-31": r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ].*)?$",
}
BOOLEANS = ({"true", "false"}, {"yes", "no"})
# A column is of the kind that more than half of its cells are.
MOSTLY = 0.5
# Fewer numbers among categories, such as a size "42" among names, are nothing to tell.
NOTABLE = 0.2
SHOWN_ODD = 3
MAXIMUM_CATEGORIES = 1_000
# One column of names (or codes) for every twenty rows can still be learnt.
CATEGORY_SHARE = 0.05
# More categories than these, and than this share of the rows, are names or notes.
FEW_CATEGORIES, NEARLY_ALL = 20, 0.5


@dataclass(frozen=True)
class Found:
    """The kind of a column, and its texts in the form in which that kind is read."""

    kind: str
    texts: pa.ChunkedArray
    is_doubtful: bool = False
    has_decimal_commas: bool = False


class KindFinder:
    """Tells the kinds of columns, and gathers what is wrong or odd.

    Args:
        params: The `source.table` section.
        where: Row position to the words for a person.
        problems, notices: Lists to add to.
    """

    def __init__(
        self,
        params: TableParams,
        where: Callable[[int], str],
        problems: list[str],
        notices: list[Notice],
    ):
        self._params = params
        self._where = where
        self._problems = problems
        self._notices = notices

    def find(self, name: str, texts: pa.ChunkedArray, declared: str | None) -> Found | None:
        """The declared kind, or that of its texts; None where it is told as a problem instead."""
        found: Found | bool | None
        if declared in ("continuous", "integer"):
            found = self._numbers(name, texts, declared)
            return found if isinstance(found, Found) else None
        if declared is not None:
            return Found(declared, texts)
        for find in (self._codes, self._numbers, self._booleans, self._dates):
            found = find(name, texts)
            if found is not None:
                return found if isinstance(found, Found) else None
        return Found(kind_of_text(texts), texts)

    def _codes(self, name: str, texts: pa.ChunkedArray) -> Found | None:
        n = len(texts) - texts.null_count
        if not _share(texts, LEADING_ZERO, n) or _share(texts, WHOLE, n) <= MOSTLY:
            return None
        self._notices.append(
            warning(
                f"The column {name!r} has numbers with leading zeros; they were kept as text "
                f"(codes). Declare `source.table.kinds: {{{quoted(name)}: integer}}` if numbers "
                "are meant."
            )
        )
        return Found(kind_of_text(texts), texts)

    def _numbers(
        self, name: str, texts: pa.ChunkedArray, declared: str | None = None
    ) -> Found | bool | None:
        n = len(texts) - texts.null_count
        if _share(texts, WHOLE, n) == 1:
            return Found(declared or "integer", texts)
        numbers = read_numbers(name, texts, self._params)
        if numbers.share <= MOSTLY:
            numbers = read_otherwise(name, texts, self._params) or numbers
        if numbers.share <= MOSTLY and declared is None:
            return self._several_ways(name, numbers)
        if numbers.problem:
            self._problems.append(numbers.problem)
            return False
        self._notices += numbers.notices
        is_odd = pc.and_(pc.invert(numbers.is_number), pc.is_valid(texts))
        says = f"was taken as {declared}, but a cell is not:" if declared else "holds numbers, but"
        kept = self._without_odd(name, numbers.texts, is_odd, says)
        if kept is None:
            return False
        known = len(kept) - kept.null_count
        kind = declared or ("integer" if _share(kept, WHOLE, known) == 1 else "continuous")
        return Found(kind, kept, numbers.is_doubtful, "," in numbers.written[-3:])

    def _several_ways(self, name: str, numbers: Numbers) -> bool | None:
        """Numbers of two files, say, that no one way of writing reads, though most cells are some.

        Where fewer are, the column is categories, and the numbers among them are told.
        """
        if numbers.share_in_any_way > MOSTLY:
            self._problems.append(
                f"The column {name!r} holds numbers that are not all written in one way (such as "
                f"{' and '.join(map(repr, numbers.unlike))}); write all alike, or declare "
                f"`source.table.kinds: {{{quoted(name)}: categorical}}`."
            )
            return False
        if numbers.share >= NOTABLE:
            self._notices.append(
                warning(
                    f"The column {name!r} holds numbers in {numbers.share:.0%} of its cells; it "
                    f"was read as categories. `source.table.kinds: {{{quoted(name)}: continuous}}` "
                    f"with `source.table.odd_cells: {{{quoted(name)}: missing}}` reads numbers."
                )
            )
        return None

    def _booleans(self, name: str, texts: pa.ChunkedArray) -> Found | None:
        counts = Counter(pc.utf8_lower(pc.drop_null(texts)).to_pylist())
        for words in BOOLEANS:
            n = sum(counts[word] for word in words)
            if n <= MOSTLY * counts.total() or len(words - set(counts)) > 1:
                continue
            if set(counts) == words:
                return Found("boolean", texts)
            if not words <= set(counts):
                continue
            lower = pc.utf8_lower(texts)
            is_odd = pc.invert(pc.is_in(lower, value_set=pa.array(sorted(words))))
            is_odd = pc.and_(is_odd, pc.is_valid(texts))
            if name in self._params.odd_cells:
                return Found("boolean", self._missing_where(name, texts, is_odd))
            # Categories keep every value, so that nothing need be asked.
            self._notices.append(
                warning(
                    f"The column {name!r} holds {' and '.join(sorted(words))}, and "
                    f"{_shown_odd(texts, is_odd)}; it was read as categories. "
                    f"`source.table.odd_cells: {{{quoted(name)}: missing}}` reads true and false."
                )
            )
            return Found("categorical", texts)
        return None

    def _dates(self, name: str, texts: pa.ChunkedArray) -> Found | bool | None:
        n = len(texts) - texts.null_count
        shares: dict[str, float] = {}
        rest = texts
        for form, pattern in DATES.items():
            shares[form] = _share(rest, pattern, n)
            rest = rest.filter(pc.invert(matches(rest, pattern))) if shares[form] else rest
        found = [form for form, share in shares.items() if share > 0]
        if sum(shares.values()) <= MOSTLY:
            return None
        if len(found) > 1:
            self._problems.append(
                f"The column {name!r} mixes dates written in different ways (like "
                f"{' and '.join(found)}); write all as 2024-01-31, or declare "
                f"`source.table.kinds: {{{quoted(name)}: categorical}}`."
            )
            return False
        if found != ["2024-01-31"]:
            self._notices.append(
                warning(
                    f"The column {name!r} has dates like {found[0]}, whose order of day and month "
                    "is not certain; they were kept as text. Write them as 2024-01-31 to have "
                    "dates."
                )
            )
            return Found(kind_of_text(texts), texts)
        is_odd = pc.invert(matches(texts, DATES[found[0]]))
        is_odd = pc.and_(is_odd, pc.is_valid(texts))
        kept = self._without_odd(name, texts, is_odd, "holds dates, but")
        return False if kept is None else Found("datetime", kept)

    def _without_odd(
        self, name: str, texts: pa.ChunkedArray, is_odd: pa.ChunkedArray, says: str
    ) -> pa.ChunkedArray | None:
        """The texts without cells that do not suit; None where they are asked about."""
        if not pc.any(is_odd).as_py():
            return texts
        if name in self._params.odd_cells:
            return self._missing_where(name, texts, is_odd)
        row = first_row_where(is_odd)
        self._problems.append(
            f"The column {name!r} {says} {texts[row].as_py()[:40]!r} in "
            f"{self._where(row)} ({_shown_odd(texts, is_odd)}); correct them, or say how they are "
            f"meant: `source.table.odd_cells: {{{quoted(name)}: missing}}`, or the whole column as "
            f"`source.table.kinds: {{{quoted(name)}: categorical}}`."
        )
        return None

    def _missing_where(
        self, name: str, texts: pa.ChunkedArray, is_odd: pa.ChunkedArray
    ) -> pa.ChunkedArray:
        if pc.any(is_odd).as_py():
            n, shown = _commonest(texts, is_odd)
            self._notices.append(
                converted(f"In the column {name!r} {counted(n, 'cell')} became missing: {shown}.")
            )
        return pc.if_else(pc.fill_null(is_odd, False), pa.scalar(None, pa.string()), texts)


def _shown_odd(texts: pa.ChunkedArray, is_odd: pa.ChunkedArray) -> str:
    """How many cells do not suit, and the commonest of them, in brackets."""
    n, shown = _commonest(texts, is_odd)
    return f"{counted(n, 'such cell')}: {shown}"


def _commonest(texts: pa.ChunkedArray, is_odd: pa.ChunkedArray) -> tuple[int, str]:
    """How many cells do not suit, and the commonest of them with their counts."""
    counts = Counter(pc.filter(texts, pc.fill_null(is_odd, False)).to_pylist())
    shown = ", ".join(f"{text[:40]!r} {n:,}×" for text, n in counts.most_common(SHOWN_ODD))
    return counts.total(), shown


def matches(texts: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Which texts hold the pattern; missing where the text is."""
    return pc.match_substring_regex(texts, pattern)


def kind_of_text(texts: pa.ChunkedArray) -> Literal["categorical", "text"]:
    """Categories, or free text where there are too many."""
    distinct = pc.count_distinct(texts).as_py()
    n = len(texts) - texts.null_count
    most = max(MAXIMUM_CATEGORIES, CATEGORY_SHARE * len(texts))
    # Names and notes of a small table differ in most rows; where all do, that is asked about.
    differs = distinct < n and distinct > max(FEW_CATEGORIES, NEARLY_ALL * n)
    return "text" if distinct > most or differs else "categorical"


def _share(texts: pa.ChunkedArray, pattern: str, n: int) -> float:
    return float((pc.sum(matches(texts, pattern)).as_py() or 0) / n)

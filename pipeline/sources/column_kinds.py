"""What kind of values a column of texts holds."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sources.csv_table import first_row_where
from pipeline.sources.survey import Notice, warning

WHOLE = r"^[+-]?[0-9]+$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INFINITE = r"(?i)^[+-]?inf(inity)?$"
DECIMAL_COMMA = r"^[+-]?[0-9]+,[0-9]+$"
LEADING_ZERO = r"^[+-]?0[0-9]+$"
DATES = {
    "2024-01-31": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$",
    "31/01/2024": r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}( .*)?$",
    "31.01.2024": r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}( .*)?$",
    "2024/01/31": r"^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}( .*)?$",
}
BOOLEANS = ({"true", "false"}, {"yes", "no"})
MOSTLY = 0.9
MAXIMUM_CATEGORIES = 1_000
# One column of names (or codes) for every twenty rows can still be learnt.
CATEGORY_SHARE = 0.05


class KindFinder:
    """Tells the kinds of columns, and gathers what is wrong or odd.

    Args:
        where: Row position to the words for a person.
        problems, notices: Lists to add to.
    """

    def __init__(self, where: Callable[[int], str], problems: list[str], notices: list[Notice]):
        self._where = where
        self._problems = problems
        self._notices = notices

    def kind_of(self, name: str, texts: pa.ChunkedArray) -> str | None:
        """The kind by its texts alone; None where it is told as a problem instead."""
        n = len(texts) - texts.null_count
        if _share(texts, LEADING_ZERO, n) > 0 and _share(texts, WHOLE, n) == 1:
            self._notices.append(
                warning(
                    f"The column {name!r} has numbers with leading zeros; they were kept as text "
                    "(codes). Declare `source.table.kinds` if numbers are meant."
                )
            )
            return _kind_of_text(texts)
        if _share(texts, WHOLE, n) == 1:
            return "integer"
        number = pc.or_(pc.match_substring_regex(texts, NUMBER), matches(texts, INFINITE))
        share = (pc.sum(number).as_py() or 0) / n
        if share == 1:
            return "continuous"
        if share >= MOSTLY:
            self._refuse_stray(name, texts, number)
            return None
        if _share(texts, DECIMAL_COMMA, n) + share >= MOSTLY and _share(texts, DECIMAL_COMMA, n):
            self._problems.append(
                f"The column {name!r} has numbers with a decimal comma (such as "
                f"{_first(texts, matches(texts, DECIMAL_COMMA))!r}); set `source.table.decimal: "
                "','`."
            )
            return None
        if set(pc.unique(pc.utf8_lower(pc.drop_null(texts))).to_pylist()[:3]) in BOOLEANS:
            return "boolean"
        return self._infer_dates(name, texts, n)

    def _infer_dates(self, name: str, texts: pa.ChunkedArray, n: int) -> str | None:
        shares = {form: _share(texts, pattern, n) for form, pattern in DATES.items()}
        found = [form for form, share in shares.items() if share > 0]
        if sum(shares.values()) < MOSTLY:
            return _kind_of_text(texts)
        if len(found) > 1 or sum(shares.values()) < 1:
            self._problems.append(
                f"The column {name!r} mixes dates written in different ways (like "
                f"{' and '.join(found)}{'' if len(found) > 1 else ' and other text'}); write all "
                "as 2024-01-31."
            )
            return None
        if found == ["2024-01-31"]:
            return "datetime"
        self._notices.append(
            warning(
                f"The column {name!r} has dates like {found[0]}, whose order of day and month is "
                "not certain; they were kept as text. Write them as 2024-01-31 to have dates."
            )
        )
        return _kind_of_text(texts)

    def _refuse_stray(self, name: str, texts: pa.ChunkedArray, number: pa.ChunkedArray) -> None:
        stray = pc.and_(pc.invert(number), pc.is_valid(texts))
        row = first_row_where(stray)
        self._problems.append(
            f"The column {name!r} holds numbers, but {texts[row].as_py()[:40]!r} in "
            f"{self._where(row)} ({pc.sum(stray).as_py()} such cells); correct them, add the text "
            f"to `source.table.missing_texts`, or declare `source.table.kinds: {{{name}: "
            "categorical}`."
        )


def matches(texts: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Which texts hold the pattern; missing where the text is."""
    return pc.match_substring_regex(texts, pattern)


def _share(texts: pa.ChunkedArray, pattern: str, n: int) -> float:
    return float((pc.sum(matches(texts, pattern)).as_py() or 0) / n)


def _first(texts: pa.ChunkedArray, mask: pa.ChunkedArray) -> str:
    return str(texts[first_row_where(mask)].as_py())


def _kind_of_text(texts: pa.ChunkedArray) -> str:
    distinct = pc.count_distinct(texts).as_py()
    most = max(MAXIMUM_CATEGORIES, CATEGORY_SHARE * len(texts))
    return "categorical" if distinct <= most else "text"

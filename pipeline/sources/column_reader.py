"""Columns in their own type, whether a file gives the type or its texts tell it."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.samples import Column, ColumnKind
from pipeline.sources.cells import Cells
from pipeline.sources.column_kinds import BOOLEANS, KindFinder, kind_of_text
from pipeline.sources.csv_table import first_row_where
from pipeline.sources.number_format import line_for, quoted, read_numbers
from pipeline.sources.survey import Notice, converted, warning
from pipeline.sources.typed_columns import (
    ColumnTypeError,
    Typed,
    as_declared,
    beyond_doubles,
    looks_like_numbers,
    plain_of,
)

TRUE_TEXTS = {"true", "yes"}
FORMULA = r"^[=+\-@]"
ZONED = r"(Z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})$"
# Over 17 digits from the first that is not zero; and what is not zero though it reads as 0.
LONG = r"^[+-]?[0.]*[1-9](\.?[0-9]){16,}\.?[1-9]"
VANISHING = r"^[^eE]*[1-9]"
TIMED = r"[T ][0-9]"


class ColumnReader:
    """Reads the columns one after the other and gathers what is wrong or odd.

    Args:
        params: The `source.table` section.
        cells: The table.
    """

    def __init__(self, params: TableParams, cells: Cells):
        self._params = params
        self._cells = cells
        self._where = cells.where
        self.problems: list[str] = []
        self.notices: list[Notice] = []
        # Columns that could not be features, and why; and those that may name their rows.
        self.left_out: dict[str, str] = {}
        self.unique: dict[str, pa.ChunkedArray] = {}
        self._kinds = KindFinder(params, self._where, self.problems, self.notices)
        self._doubtful: list[str] = []
        self._has_decimal_commas: list[str] = []

    def read(self, name: str) -> Typed | None:
        """The column typed; None where it cannot be used, or holds nothing."""
        column = self._cells.table[name]
        if column.null_count == len(column):
            self.notices.append(converted(f"The column {name!r} is empty and was left out."))
            self.left_out[name] = "empty"
            return None
        if not self._cells.is_typed:
            return self._read_texts(name, column, self._params.kinds.get(name))
        try:
            return self._read_typed(name, column)
        except ColumnTypeError as problem:
            self.problems.append(str(problem))
            return None

    def finish(self) -> None:
        """What only all columns together tell: a point that may stand before thousands."""
        if not self._has_decimal_commas:
            return
        self.problems += [
            f"The column {name!r} has numbers such as 1.234 whose point may stand before decimals "
            f"or thousands, since {self._has_decimal_commas[0]!r} has decimal commas; say which: "
            f"{line_for(name, '1234.56')} or {line_for(name, '1.234,56')}."
            for name in self._doubtful
        ]

    def note(self, typed: Typed) -> None:
        """Say what is odd about a column that can be read."""
        name, values, n = typed.column.name, typed.values, len(typed.values)
        distinct = pc.count_distinct(values).as_py()
        if distinct == 1:
            self.notices.append(warning(f"The column {name!r} is constant; it tells nothing."))
        elif distinct == n and self._is_suspect(typed):
            self.unique[name] = values
            self.problems.append(
                f"The column {name!r} has another value in each of the {n:,} rows, which invites "
                f"memorising; list it: `source.table.leave_out: [{quoted(name)}]`, or "
                f"`source.table.unique_columns: [{quoted(name)}]` if it is a feature all the same."
            )
        is_text = typed.column.kind == "categorical"
        formulas = pc.sum(pc.match_substring_regex(values, FORMULA)).as_py() if is_text else 0
        if formulas:
            told = (
                f"{formulas:,} cells of {name!r} begin with =, +, - or @; they are kept, and "
                "escaped where they are exported to CSV."
            )
            self.notices.append(warning(told))

    def _read_texts(self, name: str, texts: pa.ChunkedArray, declared: str | None) -> Typed | None:
        found = self._kinds.find(name, texts, declared)
        if found is None:
            return None
        if found.is_doubtful:
            self._doubtful.append(name)
        if found.has_decimal_commas:
            self._has_decimal_commas.append(name)
        if found.kind == "text":
            self._texts(name, found.texts)
            return None
        read = {
            "integer": self._integers,
            "continuous": self._numbers,
            "boolean": self._booleans,
            "datetime": self._datetimes,
            "categorical": self._categories,
        }[found.kind]
        return read(name, found.texts)

    def _read_typed(self, name: str, column: pa.ChunkedArray) -> Typed | None:
        declared = self._params.kinds.get(name)
        plain = plain_of(name, column, declared)
        self.notices += plain.notices
        kind: ColumnKind
        if declared is not None:
            if pa.types.is_string(plain.values.type) and declared not in ("categorical", "text"):
                return self._read_texts(name, plain.values, declared)
            values, kind = as_declared(name, plain, declared), declared
        else:
            values, kind = plain.values, plain.kind or kind_of_text(plain.values)
        if kind == "integer":
            values = self._exact(name, values)
        elif kind == "continuous":
            values = self._finite(name, values)
        elif kind == "text":
            self._texts(name, values)
            return None
        if values is None:
            return None
        if declared is None and plain.kind is None:
            self._note_numbers(name, values)
        if kind == "categorical":
            return self._categories(name, values, plain.order)
        return self._typed(name, kind, values, is_measure=plain.is_measure)

    def _note_numbers(self, name: str, texts: pa.ChunkedArray) -> None:
        """Say so where all texts of a typed file are numbers; the first ones mostly tell."""
        for known in (pc.drop_null(texts).slice(0, 100), texts):
            share = read_numbers(name, known, TableParams()).share
            if share < 1:
                return
        self.notices.append(looks_like_numbers(name))

    def _integers(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        numbers = self._cast(name, texts, pa.float64(), "integer")
        if numbers is None:
            return None
        # A double of 2^53 + 1 is 2^53, so that only far larger ones are told by it.
        large = pc.greater_equal(pc.abs(numbers), 2.0**62)
        if pc.any(large).as_py():
            row = first_row_where(large)
            self._refuse_large(name, texts[row].as_py(), row)
            return None
        whole = self._cast(name, texts, pa.int64(), "integer")
        values = None if whole is None else self._exact(name, whole)
        return None if values is None else self._typed(name, "integer", values)

    def _exact(self, name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
        large = beyond_doubles(values)
        if pc.any(large).as_py():
            row = first_row_where(large)
            self._refuse_large(name, values[row].as_py(), row)
            return None
        return values

    def _refuse_large(self, name: str, number: object, row: int) -> None:
        self.problems.append(
            f"The column {name!r} has the whole number {number} in {self._where(row)}, beyond "
            "2^53, where numbers lose their last digits; declare "
            f"`source.table.kinds: {{{quoted(name)}: categorical}}` if it is a code, or leave it "
            f"out: `source.table.leave_out: [{quoted(name)}]`."
        )

    def _numbers(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        values = self._cast(name, texts, pa.float64(), "continuous")
        if values is None:
            return None
        # A number such as 1e999 is finite as text.
        too_large = pc.and_(pc.is_inf(values), pc.match_substring_regex(texts, "[0-9]"))
        if pc.any(too_large).as_py():
            row = first_row_where(too_large)
            self.problems.append(
                f"The column {name!r} has the number {texts[row].as_py()[:40]} in "
                f"{self._where(row)}, too large to be held; correct or scale it."
            )
            return None
        self._note_lost_digits(name, texts, values)
        finite = self._finite(name, values)
        return None if finite is None else self._typed(name, "continuous", finite)

    def _note_lost_digits(self, name: str, texts: pa.ChunkedArray, values: pa.ChunkedArray) -> None:
        """Say so where a number is written with more digits than a double has."""
        vanished = pc.and_(pc.equal(values, 0), pc.match_substring_regex(texts, VANISHING))
        lost = pc.fill_null(pc.or_(pc.match_substring_regex(texts, LONG), vanished), False)
        n = pc.sum(lost).as_py() or 0
        if n:
            row = first_row_where(lost)
            self.notices.append(
                converted(
                    f"{n:,} cells of {name!r} have more digits than a number of double precision, "
                    f"and were rounded: {texts[row].as_py()[:40]} as {values[row].as_py()!r}. "
                    f"`source.table.kinds: {{{quoted(name)}: categorical}}` keeps every digit."
                )
            )

    def _finite(self, name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
        infinite = pc.fill_null(pc.is_inf(values), False)
        n = pc.sum(infinite).as_py() or 0
        if not n:
            return values
        if self._params.infinite == "refuse":
            row = first_row_where(infinite)
            self.problems.append(
                f"The column {name!r} is infinite in {self._where(row)} ({n} such cells); correct "
                "them, or set `source.table.infinite: missing`."
            )
            return None
        self.notices.append(converted(f"{n} infinite cells of {name!r} became missing."))
        return pc.if_else(infinite, pa.scalar(None, values.type), values)

    def _booleans(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        lower = pc.utf8_lower(texts)
        known = pa.array(sorted(set().union(*BOOLEANS)))
        wrong = pc.and_(pc.is_valid(texts), pc.invert(pc.is_in(lower, value_set=known)))
        if pc.any(wrong).as_py():
            row = first_row_where(wrong)
            self.problems.append(
                f"The column {name!r} was taken as boolean, but {texts[row].as_py()[:40]!r} in "
                f"{self._where(row)} is not true, false, yes or no; correct the cell, or declare "
                "another kind in `source.table.kinds`."
            )
            return None
        values = pc.is_in(lower, value_set=pa.array(sorted(TRUE_TEXTS)))
        nothing = pa.scalar(None, pa.bool_())
        return self._typed(name, "boolean", pc.if_else(pc.is_valid(texts), values, nothing))

    def _datetimes(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        is_timed = pc.match_substring_regex(texts, TIMED)
        is_zoned = pc.and_(is_timed, pc.match_substring_regex(texts, ZONED))
        n_zoned, n = pc.sum(is_zoned).as_py() or 0, len(texts) - texts.null_count
        if 0 < n_zoned < n:
            row = first_row_where(pc.and_(pc.invert(is_zoned), pc.is_valid(texts)))
            self.problems.append(
                f"The column {name!r} has {n_zoned:,} times with a zone and {n - n_zoned:,} "
                f"without, the first ({texts[row].as_py()!r}) in {self._where(row)}; write all "
                f"with a zone or all without, or declare `source.table.kinds: {{{quoted(name)}: "
                "categorical}`."
            )
            return None
        series = pd.Series(texts.to_pandas())
        moments = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
        wrong = (moments.isna() & series.notna()).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            self.problems.append(
                f"The column {name!r} has the date {series[row]!r} in {self._where(row)}, which "
                "does not exist; correct it, or declare "
                f"`source.table.kinds: {{{quoted(name)}: categorical}}`."
            )
            return None
        if n_zoned:
            told = f"The times of {name!r} are kept in UTC."
            self.notices.append(converted(told))
        whole = pa.chunked_array([pa.array(moments if n_zoned else moments.dt.tz_localize(None))])
        zone = "UTC" if n_zoned else None
        try:
            values = pc.cast(whole, pa.timestamp("us", zone))
        except pa.ArrowInvalid:  # Digits below a microsecond.
            values = pc.cast(whole, pa.timestamp("ns", zone))
        return self._typed(name, "datetime", values)

    def _categories(
        self, name: str, texts: pa.ChunkedArray, order: tuple[str, ...] | None = None
    ) -> Typed:
        known = sorted(pc.unique(pc.drop_null(texts)).to_pylist())
        places = {category: k for k, category in enumerate(order or ())}
        known.sort(key=lambda category: places.get(category, 0))
        return self._typed(name, "categorical", texts, categories=tuple(known))

    def _texts(self, name: str, texts: pa.ChunkedArray) -> None:
        """Free text is no feature: nothing could be generated for it."""
        distinct = pc.count_distinct(texts).as_py()
        if self._params.kinds.get(name) == "text" or name in self._params.unique_columns:
            self.problems.append(
                f"The column {name!r} is declared as a feature, and it is free text ({distinct:,} "
                "distinct cells), for which nothing can be generated; list it in "
                f"`source.table.leave_out: [{quoted(name)}]`."
            )
            return
        self.left_out[name] = "free text"
        self.notices.append(
            converted(
                f"The column {name!r} is free text ({distinct:,} distinct cells); it was left out, "
                "since nothing is generated for it. "
                f"`source.table.kinds: {{{quoted(name)}: categorical}}` keeps it as categories."
            )
        )

    def _cast(
        self, name: str, texts: pa.ChunkedArray, kind: pa.DataType, word: str
    ) -> pa.ChunkedArray | None:
        try:
            return pc.cast(pc.replace_substring_regex(texts, r"^\+", ""), kind)
        except pa.ArrowInvalid as error:
            self.problems.append(
                f"The column {name!r} was taken as {word}, but a cell is not ({str(error)[:120]}); "
                "correct the cell, or declare another kind in `source.table.kinds`."
            )
            return None

    def _typed(
        self,
        name: str,
        kind: str,
        values: pa.ChunkedArray,
        *,
        categories: tuple[str, ...] = (),
        is_measure: bool = False,
    ) -> Typed:
        column = Column.model_validate(
            {
                "name": name,
                "kind": kind,
                "type": str(values.type),
                "categories": categories,
                "has_missing": values.null_count > 0,
                "keeps_rare": name in self._params.rare_categories,
            }
        )
        return Typed(column, values, is_measure)

    def _is_suspect(self, typed: Typed) -> bool:
        is_discrete = typed.column.kind in ("integer", "categorical")
        is_declared = typed.column.name in self._params.unique_columns
        return is_discrete and not typed.is_measure and not is_declared

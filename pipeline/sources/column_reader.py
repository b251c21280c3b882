"""Columns of texts in their own type."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.samples import Column
from pipeline.sources.column_kinds import DECIMAL_COMMA, INFINITE, KindFinder, matches
from pipeline.sources.csv_table import first_row_where
from pipeline.sources.survey import Notice, converted, warning

TRUE_TEXTS = {"true", "yes"}
LARGEST_WHOLE = 2**53
FORMULA = r"^[=+\-@]"


@dataclass(frozen=True)
class Typed:
    """A column in its own type: what it is called in the schema, and its values."""

    column: Column
    values: pa.ChunkedArray


class ColumnReader:
    """Reads columns of texts one after the other and gathers what is wrong or odd.

    Args:
        params: The `source.table` section.
        where: Row position to the words for a person.
    """

    def __init__(self, params: TableParams, where: Callable[[int], str]):
        self._params = params
        self._where = where
        self.problems: list[str] = []
        self.notices: list[Notice] = []
        self._kinds = KindFinder(where, self.problems, self.notices)

    def read(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        """The column typed; None where it cannot be used, or holds nothing."""
        if texts.null_count == len(texts):
            self.notices.append(converted(f"The column {name!r} is empty and was left out."))
            return None
        if self._params.decimal == ",":
            texts = _with_points(texts)
        kind = self._params.kinds.get(name) or self._kinds.kind_of(name, texts)
        if kind is None:
            return None
        read = {
            "integer": self._integers,
            "continuous": self._numbers,
            "boolean": self._booleans,
            "datetime": self._datetimes,
            "categorical": self._categories,
            "text": self._texts,
        }[kind]
        typed = read(name, texts)
        if typed is not None:
            self._note(typed, texts)
        return typed

    def _integers(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        numbers = self._cast(name, texts, pa.float64(), "integer")
        if numbers is None:
            return None
        large = pc.greater(pc.abs(numbers), LARGEST_WHOLE)
        if pc.any(large).as_py():
            row = first_row_where(large)
            self.problems.append(
                f"The column {name!r} has the whole number {texts[row].as_py()} in "
                f"{self._where(row)}, beyond 2^53, where numbers lose their last digits; declare "
                f"`source.table.kinds: {{{name}: categorical}}` if it is a code, or leave it out."
            )
            return None
        values = self._cast(name, _without_plus(texts), pa.int64(), "integer")
        return None if values is None else self._typed(name, "integer", values)

    def _numbers(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        infinite = pc.fill_null(matches(texts, INFINITE), False)
        if pc.any(infinite).as_py():
            row = first_row_where(infinite)
            if self._params.infinite == "refuse":
                self.problems.append(
                    f"The column {name!r} is infinite in {self._where(row)} "
                    f"({pc.sum(infinite).as_py()} such cells); correct them, or set "
                    "`source.table.infinite: missing`."
                )
                return None
            texts = pc.if_else(infinite, pa.scalar(None, pa.string()), texts)
            self.notices.append(
                converted(f"{pc.sum(infinite).as_py()} infinite cells of {name!r} became missing.")
            )
        values = self._cast(name, _without_plus(texts), pa.float64(), "continuous")
        if values is not None and not pc.all(pc.is_finite(values)).as_py():
            self.problems.append(f"The column {name!r} has numbers too large to be held; scale it.")
            return None
        return None if values is None else self._typed(name, "continuous", values)

    def _booleans(self, name: str, texts: pa.ChunkedArray) -> Typed:
        values = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(TRUE_TEXTS)))
        nothing = pa.scalar(None, pa.bool_())
        return self._typed(name, "boolean", pc.if_else(pc.is_valid(texts), values, nothing))

    def _datetimes(self, name: str, texts: pa.ChunkedArray) -> Typed | None:
        series = pd.Series(texts.to_pandas())
        moments = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
        wrong = (moments.isna() & series.notna()).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            self.problems.append(
                f"The column {name!r} has the date {series[row]!r} in {self._where(row)}, which "
                "does not exist; correct it."
            )
            return None
        values = pa.chunked_array([pa.array(moments.dt.tz_localize(None), pa.timestamp("us"))])
        return self._typed(name, "datetime", values)

    def _categories(self, name: str, texts: pa.ChunkedArray) -> Typed:
        known = tuple(sorted(pc.unique(pc.drop_null(texts)).to_pylist()))
        return self._typed(name, "categorical", texts, categories=known)

    def _texts(self, name: str, texts: pa.ChunkedArray) -> Typed:
        self.notices.append(
            warning(
                f"The column {name!r} is free text ({pc.count_distinct(texts).as_py():,} distinct "
                "cells); it is carried along, but nothing is generated for it."
            )
        )
        return self._typed(name, "text", texts)

    def _cast(
        self, name: str, texts: pa.ChunkedArray, kind: pa.DataType, word: str
    ) -> pa.ChunkedArray | None:
        try:
            return pc.cast(_without_plus(texts), kind)
        except pa.ArrowInvalid as error:
            self.problems.append(
                f"The column {name!r} was taken as {word}, but a cell is not ({str(error)[:120]}); "
                "correct the cell, or declare another kind in `source.table.kinds`."
            )
            return None

    def _typed(
        self, name: str, kind: str, values: pa.ChunkedArray, categories: tuple[str, ...] = ()
    ) -> Typed:
        column = Column.model_validate(
            {
                "name": name,
                "kind": kind,
                "categories": categories,
                "has_missing": values.null_count > 0,
            }
        )
        return Typed(column, values)

    def _is_suspect(self, typed: Typed) -> bool:
        is_discrete = typed.column.kind in ("integer", "categorical", "text")
        return is_discrete and typed.column.name not in self._params.unique_columns

    def _note(self, typed: Typed, texts: pa.ChunkedArray) -> None:
        name, n = typed.column.name, len(texts)
        distinct = pc.count_distinct(texts).as_py()
        if distinct == 1:
            self.notices.append(warning(f"The column {name!r} is constant; it tells nothing."))
        elif distinct == n and self._is_suspect(typed):
            self.problems.append(
                f"The column {name!r} has another value in each of the {n:,} rows, which invites "
                "memorising; list it in `source.table.leave_out`, or in "
                "`source.table.unique_columns` if it is a feature all the same."
            )
        if typed.column.kind in ("categorical", "text"):
            formulas = pc.sum(pc.match_substring_regex(texts, FORMULA)).as_py() or 0
            if formulas:
                self.notices.append(
                    warning(
                        f"{formulas:,} cells of {name!r} begin with =, +, - or @; they are kept, "
                        "and escaped where they are exported to CSV."
                    )
                )


def _without_plus(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(texts, r"^\+", "")


def _with_points(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    is_number = pc.fill_null(matches(texts, DECIMAL_COMMA), False)
    return pc.if_else(is_number, pc.replace_substring(texts, ",", "."), texts)

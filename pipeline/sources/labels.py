"""The label column of a table: its values are the names of the classes, whatever they are."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.params import TableParams
from pipeline.sources.cells import Cells
from pipeline.sources.class_names import in_order, look_alikes, problem_with_value
from pipeline.sources.csv_table import first_row_where
from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, converted, warning

MANY_CLASSES = 1_000
# Leading zeros make codes of numbers.
NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Labels:
    """The classes in their order, and the class of each row, int64 [n]."""

    classes: tuple[str, ...]
    codes: np.ndarray
    notices: tuple[Notice, ...] = ()


def read_labels(name: str, cells: Cells, params: TableParams, problems: list[str]) -> Labels | None:
    """Read the label column; what is wrong with it is added to `problems`."""
    notices: list[Notice] = []
    texts = label_texts(name, cells, problems)
    if texts is None:
        return None
    missing = texts.is_null()
    n = pc.sum(missing).as_py() or 0
    if n:
        where = cells.where(first_row_where(missing))
        problems.append(
            f"The label column {name!r} is missing in {n:,} rows, the first in {where}; fill them "
            f"in, or delete the rows{_about_marks(name, cells, params)}."
        )
    texts = _merged(name, texts, params, problems, notices)
    classes = _classes(texts, name, problems)
    notices += [
        warning(f"The class names {first!r} and {second!r} differ only in case or accents.")
        for first, second in look_alikes(classes)
    ]
    codes = pc.index_in(texts, value_set=pa.array(classes, pa.string())).fill_null(-1)
    return Labels(classes, np.asarray(codes, np.int64), tuple(notices))


def label_texts(name: str, cells: Cells, problems: list[str]) -> pa.ChunkedArray | None:
    """The cells as texts, exactly; None where they are of a type that names nothing."""
    column = cells.table[name]
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    names = cells.class_names.get(name)
    if names is not None and pa.types.is_integer(column.type):
        known = pc.and_(pc.greater_equal(column, 0), pc.less(column, len(names)))
        wrong = pc.fill_null(pc.invert(known), False)
        if pc.any(wrong).as_py():
            row = first_row_where(wrong)
            problems.append(
                f"The label column {name!r} has {column[row].as_py()} in {cells.where(row)}, which "
                f"is none of the {len(names)} classes that the file names; correct or delete it."
            )
            return None
        return pc.take(pa.array(names, pa.string()), column)
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        problems.append(
            f"The label column {name!r} is of the type {column.type}, whose cells are no names of "
            "classes; write them as text or whole numbers, or name another column as "
            "`source.label_column`."
        )
        return None


def _about_marks(name: str, cells: Cells, params: TableParams) -> str:
    """Text files: which marks were taken for missing, and how to make one of them a class."""
    told = [notice.message for notice in cells.notices if f"cells of {name!r} (" in notice.message]
    if not told or cells.is_typed:
        return ""
    marks = [mark for mark in params.missing_texts if repr(mark) in told[0].split("(", 1)[1]]
    rest = ", ".join(quoted(mark) for mark in params.missing_texts if mark not in marks or not mark)
    shown = ", ".join(repr(mark) for mark in marks if mark)
    return f"; if {shown} is a class, set `source.table.missing_texts: [{rest}]`"


def _merged(
    name: str,
    texts: pa.ChunkedArray,
    params: TableParams,
    problems: list[str],
    notices: list[Notice],
) -> pa.ChunkedArray:
    counts = Counter(pc.drop_null(texts).to_pylist())
    one = merged_spellings(name, counts, params, problems, notices)
    if not one:
        return texts
    place = pc.index_in(texts, value_set=pa.array(list(one), pa.string()))
    merged = pa.array(list(one.values()), pa.string()).take(place.combine_chunks())
    return pc.if_else(place.is_valid(), pa.chunked_array([merged], pa.string()), texts)


def merged_spellings(
    name: str,
    counts: Counter[str],
    params: TableParams,
    problems: list[str],
    notices: list[Notice],
) -> dict[str, str]:
    """Labels such as 1.0 by the label of the same number, such as 1, that they become.

    Args:
        counts: Rows of each label.
        params: Whether they are merged, kept apart or asked about.
        problems, notices: Lists to add to.
    """
    spellings: dict[float, list[str]] = {}
    for text in sorted(counts, key=lambda text: (len(text), text)):
        number = _number(text)
        if number is not None:
            spellings.setdefault(number, []).append(text)
    several = [found for found in spellings.values() if len(found) > 1]
    if not several or params.equal_labels == "apart":
        return {}
    shown = "; ".join(" and ".join(map(repr, found)) for found in several[:5])
    if params.equal_labels == "ask":
        problems.append(
            f"The label column {name!r} has classes that are one number written in two ways "
            f"({shown}); set `source.table.equal_labels: merge` for one class, or "
            "`source.table.equal_labels: apart` if they are two."
        )
        return {}
    one = {text: found[0] for found in several for text in found[1:]}
    n = sum(counts[text] for text in one)
    notices.append(converted(f"{n:,} labels were merged with the same number: {shown}."))
    return one


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None


def _classes(labels: pa.ChunkedArray, name: str, problems: list[str]) -> tuple[str, ...]:
    found = pc.unique(pc.drop_null(labels)).to_pylist()
    if len(found) > MANY_CLASSES or len(found) > max(10, len(labels) / 2):
        problems.append(
            f"The label column {name!r} has {len(found):,} distinct values in {len(labels):,} "
            "rows; classes are expected: is it a number to predict, or an identifier?"
        )
        return tuple(found)
    if len(found) == 1:
        problems.append(f"There is one class only ({found[0]!r}); at least two are needed.")
    problems += [problem for value in found if (problem := problem_with_value(value))]
    return in_order(found)

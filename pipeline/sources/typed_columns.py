"""Columns that come with a type: kept as they are, converted exactly and told, or refused."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import PLAIN_TYPES
from pipeline.samples import Column, ColumnKind
from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, converted, warning

LARGEST_WHOLE = 2**53
# A double holds this many decimal digits, whichever they are.
EXACT_DIGITS = 15


class ColumnTypeError(Exception):
    """A column cannot be used; the text is a whole sentence."""


@dataclass(frozen=True)
class Typed:
    """A column in its own type: what it is called in the schema, and its values.

    Attributes:
        is_measure: It may differ in every row without naming it.
    """

    column: Column
    values: pa.ChunkedArray
    is_measure: bool = False

    def taken(self, mask: pa.Array) -> "Typed":
        """The rows where `mask` is true; the column is described again."""
        values = self.values.filter(mask)
        known = set(pc.unique(values).to_pylist()) if self.column.categories else set()
        categories = tuple(name for name in self.column.categories if name in known)
        update = {"categories": categories, "has_missing": values.null_count > 0}
        return Typed(self.column.model_copy(update=update), values, self.is_measure)


@dataclass(frozen=True)
class Plain:
    """A column in a type that a prepared table may hold.

    Attributes:
        kind: A kind of `samples.ColumnKind`; None for texts, whose number of values tells it.
        order: Categories in the order that the file declares; None where it declares none.
        is_measure: Converted from moments or spans, which may differ in every row.
    """

    values: pa.ChunkedArray
    kind: ColumnKind | None
    notices: tuple[Notice, ...] = ()
    order: tuple[str, ...] | None = None
    is_measure: bool = False


def plain_of(name: str, column: pa.ChunkedArray, declared: str | None = None) -> Plain:
    """The column's values exactly, in a plain type.

    Args:
        declared: Its kind in params.yaml; a decimal may be a code of any length.

    Raises:
        ColumnTypeError: they cannot be had exactly; with a remedy.
    """
    kind = column.type
    if pa.types.is_decimal(kind) and declared in ("categorical", "text"):
        return Plain(pc.cast(column, pa.string()), None)
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(name, column)
    if pa.types.is_dictionary(kind):
        return _dictionary(name, column)
    for holds, same in SAME_VALUES:
        if holds(kind):
            column = pc.cast(column, same)
    if str(column.type) in PLAIN_TYPES or pa.types.is_timestamp(kind):
        return _kept(column)
    for holds, convert in CONVERSIONS:
        if holds(kind):
            return convert(name, column)
    raise ColumnTypeError(_refusal(name, kind))


def _refusal(name: str, kind: pa.DataType, why: str = "for which there is no rule") -> str:
    return (
        f"The column {name!r} is of the type {str(kind)[:80]}, {why}; write it as plain numbers or "
        "text, or, unless it is the label, leave it out: "
        f"`source.table.leave_out: [{quoted(name)}]`."
    )


def _kept(column: pa.ChunkedArray) -> Plain:
    kind = column.type
    if pa.types.is_integer(kind):
        return Plain(column, "integer")
    if pa.types.is_floating(kind):
        return Plain(column, "continuous")
    if pa.types.is_boolean(kind):
        return Plain(column, "boolean")
    return Plain(column, None if pa.types.is_string(kind) else "datetime")


def _extension(name: str, column: pa.ChunkedArray) -> Plain:
    kind, storage = column.type, column.type.storage_type
    bare = column.cast(storage)
    if kind.extension_name == "arrow.bool8":
        return Plain(pc.cast(bare, pa.bool_()), "boolean")
    if kind.extension_name == "arrow.uuid":
        texts = [None if cell is None else str(cell) for cell in column.to_pylist()]
        told = converted(f"The column {name!r} has identifiers (uuid), which were read as text.")
        return Plain(pa.chunked_array([pa.array(texts, pa.string())]), None, (told,))
    if _is_text(storage):
        told = converted(
            f"The column {name!r} is of the type {kind.extension_name}; its text was read as text."
        )
        return Plain(pc.cast(bare, pa.string()), None, (told,))
    raise ColumnTypeError(
        _refusal(name, kind, f"an extension ({kind.extension_name}) without a rule")
    )


def _dictionary(name: str, column: pa.ChunkedArray) -> Plain:
    kind = column.type
    column = column.unify_dictionaries()
    known = column.chunk(0).dictionary if column.num_chunks else pa.array([], kind.value_type)
    if not _is_text(kind.value_type):
        return plain_of(name, pc.cast(column, kind.value_type))
    values = pc.cast(pc.cast(column, kind.value_type), pa.string())
    if not kind.ordered:
        return Plain(values, "categorical")
    order = tuple(name for name in pc.cast(known, pa.string()).to_pylist() if name is not None)
    told = converted(
        f"The categories of {name!r} have an order in the file, which is kept in the schema; they "
        "are learnt as categories without one."
    )
    return Plain(values, "categorical", (told,), tuple(dict.fromkeys(order)))


def _bytes(name: str, column: pa.ChunkedArray) -> Plain:
    try:
        texts = pc.cast(pc.cast(column, pa.large_binary()), pa.large_string())
    except pa.ArrowInvalid:
        raise ColumnTypeError(_refusal(name, column.type, "bytes that are no UTF-8 text")) from None
    told = converted(f"The column {name!r} has bytes ({column.type}), which were read as text.")
    return Plain(pc.cast(texts, pa.string()), None, (told,))


def _span(name: str, column: pa.ChunkedArray) -> Plain:
    unit = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
    kind = column.type
    whole = pc.cast(column, pa.int32()) if pa.types.is_time32(kind) else column
    told = converted(
        f"The column {name!r} is of the type {kind}, and was read as whole {unit[kind.unit]}"
        f"{'' if pa.types.is_duration(kind) else ' since midnight'}."
    )
    return Plain(pc.cast(whole, pa.int64()), "integer", (told,), is_measure=True)


def _decimal(name: str, column: pa.ChunkedArray) -> Plain:
    kind = column.type
    doubles = pc.cast(column, pa.float64())
    try:
        is_exact = kind.precision <= EXACT_DIGITS or pc.cast(
            pc.cast(doubles, pa.decimal256(76, max(kind.scale, 0))), pa.string()
        ).equals(pc.cast(pc.cast(column, pa.decimal256(76, max(kind.scale, 0))), pa.string()))
    except pa.ArrowInvalid:
        is_exact = False
    if not is_exact:
        raise ColumnTypeError(
            f"The column {name!r} is of the type {kind}, with more digits than a number of double "
            "precision holds; declare `source.table.kinds: "
            f"{{{quoted(name)}: categorical}}` if it is a code, round it, or, unless it is the "
            "label, leave it out: "
            f"`source.table.leave_out: [{quoted(name)}]`."
        )
    largest = pc.max(pc.abs(doubles)).as_py() or 0.0
    if kind.scale <= 0 and largest <= LARGEST_WHOLE:
        told = converted(f"The column {name!r} is of the type {kind}; it was read as integer.")
        return Plain(pc.cast(doubles, pa.int64()), "integer", (told,))
    told = converted(
        f"The column {name!r} is of the type {kind}; it was read as numbers of double precision, "
        f"which are the same to all {kind.scale} decimals."
    )
    return Plain(doubles, "continuous", (told,))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_span(kind: pa.DataType) -> bool:
    return bool(pa.types.is_time(kind) or pa.types.is_duration(kind))


# Types whose values are the same in a plain one, so that nothing need be told.
SAME_VALUES: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (_is_text, pa.string()),
    (pa.types.is_float16, pa.float32()),
    (pa.types.is_date64, pa.date32()),
)
Conversion = Callable[[str, pa.ChunkedArray], Plain]
CONVERSIONS: tuple[tuple[Callable[[pa.DataType], bool], Conversion], ...] = (
    (_is_bytes, _bytes),
    (_is_span, _span),
    (pa.types.is_decimal, _decimal),
)


def as_declared(name: str, plain: Plain, kind: str) -> pa.ChunkedArray:
    """The values in the kind that params.yaml declares.

    Raises:
        ColumnTypeError: a cell would lose something.
    """
    values = plain.values
    try:
        if kind in ("categorical", "text"):
            return pc.cast(values, pa.string())
        if kind == "continuous" and not pa.types.is_temporal(values.type):
            return pc.cast(values, pa.float64())
        if kind == "integer" and not pa.types.is_temporal(values.type):
            return values if pa.types.is_integer(values.type) else pc.cast(values, pa.int64())
        if kind == "boolean" and _is_zero_or_one(values):
            return pc.cast(values, pa.bool_())
        if kind == "datetime" and plain.kind == "datetime":
            return values
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    raise ColumnTypeError(
        f"The column {name!r} is declared as {kind} in `source.table.kinds`, but it is of the type "
        f"{values.type} with cells that are not; declare another kind, or take it from the list."
    )


def _is_zero_or_one(values: pa.ChunkedArray) -> bool:
    if pa.types.is_boolean(values.type):
        return True
    is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    return is_number and set(pc.unique(pc.drop_null(values)).to_pylist()) <= {0, 1}


def beyond_doubles(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which whole numbers a double cannot hold, bool."""
    most = pa.scalar(LARGEST_WHOLE, column.type) if column.type.bit_width == 64 else None
    if most is None:
        return pc.and_(pc.is_valid(column), pa.scalar(False))
    is_large = pc.greater(column, most)
    if pa.types.is_signed_integer(column.type):
        is_large = pc.or_(is_large, pc.less(column, pa.scalar(-LARGEST_WHOLE, column.type)))
    return pc.fill_null(is_large, False)


def looks_like_numbers(name: str) -> Notice:
    """A word where the file says text and every cell is a number."""
    return warning(
        f"The column {name!r} is text in the file, though every cell is written like a number; it "
        f"is kept as text. `source.table.kinds: {{{quoted(name)}: continuous}}` (or integer) reads "
        "numbers."
    )

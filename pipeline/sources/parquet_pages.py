"""The headers and the footer of a Parquet file, read without unpacking any page.

The footer says how large the data are, and a hostile footer lies. Each page says it again before
its bytes, in Thrift's compact protocol, and that is what a reader allocates.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq

DICTIONARY_PAGE, DATA_PAGES = 2, (0, 3)
# Each value of this encoding begins with a part of the one before it, which the page does not hold.
DELTA_BYTE_ARRAY = 7
DEEPEST = 12
MOST_PAGES = 1_000_000

Field = int | list["Field"] | dict[int, "Field"] | None


Content = mmap.mmap | bytes


class PageError(Exception):
    """The bytes are no page headers."""


@dataclass(frozen=True)
class Page:
    """What a page's header says; sizes in bytes."""

    is_dictionary: bool
    uncompressed: int
    compressed: int
    values: int
    encoding: int


def pages_of(content: Content, chunk: pq.ColumnChunkMetaData) -> Iterator[Page]:
    """The pages of one column in one row group.

    Raises:
        PageError: they do not lie where the footer says.
    """
    begin = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        begin = min(begin, chunk.dictionary_page_offset)
    end = begin + chunk.total_compressed_size
    if not 0 <= begin <= end <= len(content):
        raise PageError("a column lies outside the file")
    position = begin
    seen = 0
    for _ in range(MOST_PAGES):
        if position >= end or seen >= chunk.num_values:
            return
        header, position = _struct(content, position, end, 0)
        page = _page(header)
        position += page.compressed
        if page.compressed < 0 or page.uncompressed < 0 or position > end or page.values < 0:
            raise PageError("a page has an impossible size")
        seen += 0 if page.is_dictionary else page.values
        yield page
    raise PageError(f"a column has over {MOST_PAGES:,} pages")


def refuse_unsound_footer(footer: bytes, schema: pq.ParquetSchema) -> None:
    """Refuse what pyarrow's view of a column cannot be made of: it ends the process there.

    Its accessor of a column's metadata lets no exception of the C++ library through, and the
    library throws where the counts of levels do not fit the schema (seen with pyarrow 26).

    Args:
        footer: Its bytes, in Thrift's compact protocol.

    Raises:
        PageError: a column has no metadata, is encrypted, or has such counts.
    """
    content, _ = _struct(footer, 0, len(footer), 0)
    for group in _structs(content.get(4)):
        for index, chunk in enumerate(_structs(group.get(1))):
            about = chunk.get(3)
            if not isinstance(about, dict) or 8 in chunk or index >= len(schema):
                raise PageError("a column cannot be read")
            sizes = about.get(16)
            if isinstance(sizes, dict):
                _require_fitting_sizes(sizes, schema.column(index))


def _require_fitting_sizes(sizes: dict[int, Field], column: pq.ColumnSchema) -> None:
    levels = {2: column.max_repetition_level, 3: column.max_definition_level}
    for field, most in levels.items():
        counts = sizes.get(field)
        if isinstance(counts, list) and len(counts) not in (0, most + 1):
            raise PageError("the counts of a column's levels do not fit it")
    if 1 in sizes and column.physical_type != "BYTE_ARRAY":
        raise PageError("a column of numbers has the size of texts")


def _structs(value: Field) -> Iterator[dict[int, Field]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _page(header: dict[int, Field]) -> Page:
    kind = header.get(1)
    is_dictionary = kind == DICTIONARY_PAGE
    own = header.get({DICTIONARY_PAGE: 7, 0: 5, 3: 8}.get(kind if isinstance(kind, int) else -1, 0))
    sizes = (header.get(2), header.get(3))
    if not all(isinstance(size, int) for size in sizes):
        raise PageError("a page has no size")
    if not isinstance(own, dict):
        # Pages of an index hold no values.
        own = {}
    values = own.get(1, 0)
    encoding = own.get(4 if kind == 3 else 2, -1)
    assert isinstance(sizes[0], int) and isinstance(sizes[1], int)  # noqa: PT018
    return Page(
        is_dictionary,
        sizes[0],
        sizes[1],
        values if isinstance(values, int) else -1,
        encoding if isinstance(encoding, int) else -1,
    )


def _struct(content: Content, at: int, end: int, depth: int) -> tuple[dict[int, Field], int]:
    if depth > DEEPEST:
        raise PageError("a page header is too deep")
    fields: dict[int, Field] = {}
    name = 0
    while True:
        if at >= end:
            raise PageError("a page header is cut short")
        head = content[at]
        at += 1
        if head == 0:
            return fields, at
        delta, kind = head >> 4, head & 15
        if delta:
            name += delta
        else:
            number, at = _number(content, at, end)
            name = _signed(number)
        fields[name], at = _value(content, at, end, kind, depth)


def _value(content: Content, at: int, end: int, kind: int, depth: int) -> tuple[Field, int]:
    if kind in (1, 2):
        return int(kind == 1), at
    if kind == 3:
        return content[at], at + 1
    if kind in (4, 5, 6):
        number, at = _number(content, at, end)
        return _signed(number), at
    if kind == 7:
        return None, at + 8
    if kind == 8:
        length, at = _number(content, at, end)
        if at + length > end:
            raise PageError("a page header is cut short")
        return None, at + length
    if kind in (9, 10):
        return _list(content, at, end, depth)
    if kind == 12:
        return _struct(content, at, end, depth + 1)
    raise PageError("a page header holds something unknown")


def _list(content: Content, at: int, end: int, depth: int) -> tuple[Field, int]:
    if at >= end:
        raise PageError("a page header is cut short")
    size, kind = content[at] >> 4, content[at] & 15
    at += 1
    if size == 15:
        size, at = _number(content, at, end)
    if size > end - at:
        raise PageError("a page header is cut short")
    values: list[Field] = []
    for _ in range(size):
        if kind in (1, 2):
            values.append(content[at])
            at += 1
        else:
            value, at = _value(content, at, end, kind, depth + 1)
            values.append(value)
    return values, at


def _number(content: Content, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if at >= end or shift > 63:
            raise PageError("a page header is cut short")
        byte = content[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)

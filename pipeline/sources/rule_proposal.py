"""Rules that hold in every row of a table: what `init` proposes, commented out."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import as_numbers
from pipeline.samples import Column

# A rule as params.yaml has it: a text, or a mapping of one key.
Entry = str | dict[str, list[str]]
# Of so many columns pairs and triples are looked at, and so many rules are proposed.
MOST_COLUMNS, MOST_TRIPLES, MOST_PROPOSED = 60, 25, 12
# Rows that a pair is first held against; only what holds there is held against all.
FIRST_ROWS = 500
FEWEST_ROWS = 20
# An inequality is none where it would mostly hold if the rows of one column were shuffled.
BROKEN_IF_SHUFFLED = 0.1
# Rows for each value of the column that tells the other.
ROWS_A_VALUE = 3
MOST_VALUES = 1_000
TOLERANCE = 1e-9


def proposed_rules(columns: Sequence[Column], values: Mapping[str, pa.ChunkedArray]) -> list[Entry]:
    """Sums, inequalities and fixed combinations that no row breaks, as entries of params.yaml."""
    if not columns or len(values[columns[0].name]) < FEWEST_ROWS:
        return []
    numbers = {
        kind: {
            column.name: as_numbers(values[column.name].to_pandas())
            for column in columns
            if column.kind in kinds
        }
        for kind, kinds in {"number": ("continuous", "integer"), "moment": ("datetime",)}.items()
    }
    numbers = {kind: dict(list(found.items())[:MOST_COLUMNS]) for kind, found in numbers.items()}
    sums = list(_sums(numbers["number"]))
    found: list[Entry] = [text for text, _ in sums]
    explained = {frozenset(pair) for _, names in sums for pair in _pairs(names)}
    for group in numbers.values():
        found += [
            f"{_name(low)} <= {_name(high)}"
            for low, high in _ordered(group)
            if frozenset((low, high)) not in explained
        ]
    found += list(_combinations(columns, values))
    return found[:MOST_PROPOSED]


def _sums(numbers: Mapping[str, np.ndarray]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """a + b == c in every row where none is missing."""
    names = [name for name, cells in numbers.items() if _varies(cells)][:MOST_TRIPLES]
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            for total in names:
                if total in (first, second):
                    continue
                parts = numbers[first], numbers[second], numbers[total]
                if _adds_up(*(cells[:FIRST_ROWS] for cells in parts)) and _adds_up(*parts):
                    text = f"{_name(first)} + {_name(second)} == {_name(total)}"
                    yield text, (first, second, total)


def _adds_up(first: np.ndarray, second: np.ndarray, total: np.ndarray) -> bool:
    known = ~(np.isnan(first) | np.isnan(second) | np.isnan(total))
    if known.sum() < FEWEST_ROWS:
        return False
    off = np.abs(first + second - total)[known]
    size = (np.abs(first) + np.abs(second) + np.abs(total))[known]
    return bool((off <= TOLERANCE * size).all())


def _ordered(numbers: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str]]:
    """Pairs (low, high) in this order in every row, though their ranges overlap."""
    names = [name for name, cells in numbers.items() if _varies(cells)]
    for low in names:
        for high in names:
            if low == high:
                continue
            small, large = numbers[low], numbers[high]
            if not _never_above(small[:FIRST_ROWS], large[:FIRST_ROWS]):
                continue
            known = ~(np.isnan(small) | np.isnan(large))
            if known.sum() < FEWEST_ROWS or not _never_above(small, large):
                continue
            small, large = small[known], large[known]
            below = np.searchsorted(np.sort(large), small, side="left") / len(large)
            # In equal columns both orders hold.
            if below.mean() >= BROKEN_IF_SHUFFLED and (small < large).any():
                yield low, high


def _never_above(small: np.ndarray, large: np.ndarray) -> bool:
    return not bool((small > large).any())


def _combinations(
    columns: Sequence[Column], values: Mapping[str, pa.ChunkedArray]
) -> Iterator[Entry]:
    """Pairs of which one column's value tells the other's, e.g. city and country."""
    codes: dict[str, np.ndarray] = {}
    for column in columns:
        if column.kind not in ("categorical", "integer", "boolean") or len(codes) >= MOST_COLUMNS:
            continue
        found = pc.fill_null(pc.cast(values[column.name], pa.string()), "\x00")
        coded = np.asarray(found.combine_chunks().dictionary_encode().indices, np.int64)
        n = coded.max() + 1
        if 2 <= n <= min(MOST_VALUES, len(coded) / ROWS_A_VALUE):
            codes[column.name] = coded
    places = {name: place for place, name in enumerate(codes)}
    for fine, own in codes.items():
        for coarse, other in codes.items():
            n, m = own.max() + 1, other.max() + 1
            # Of two that tell each other, the first stands for both.
            if fine == coarse or m > n or (m == n and places[coarse] < places[fine]):
                continue
            is_told = _tells(own[:FIRST_ROWS], other[:FIRST_ROWS]) and _tells(own, other)
            if is_told and np.bincount(own).min() >= 2:
                yield {"combinations": [fine, coarse]}


def _tells(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether each code of the one stands beside one code of the other alone."""
    pairs = fine * (coarse.max() + 1) + coarse
    return len(np.unique(pairs)) == len(np.unique(fine))


def _varies(cells: np.ndarray) -> bool:
    known = cells[~np.isnan(cells)]
    return len(known) >= FEWEST_ROWS and bool((known != known[0]).any())


def _pairs(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            yield first, second


def _name(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'

"""Columns that another one determines: found on the training rows, so that they are looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.modalities.rarity import FEWEST_ROWS

# Columns of more values are not looked at.
MOST_VALUES = 1000
# A first look at so many rows turns most pairs away.
GLANCE_ROWS = 400
# Natural logarithm of how likely independent columns may agree as well by chance.
LEAST_SURPRISE = -20.0
# A number is a list of values where so large a part of its rows hold one that enough rows share.
LISTED_SHARE = 0.98


@dataclass(frozen=True)
class Discrete:
    """A column as indices of its distinct values.

    Attributes:
        codes: Of each row, int32 [n]; the gap is a value of its own.
        n_values: How many distinct values there are.
        is_number: Whether the values have an order that means something.
        is_listed: Whether other columns may be looked up by its values: not by those of a number of
            which few rows share one, since only values that enough rows hold may then come out.
    """

    codes: np.ndarray
    n_values: int
    is_number: bool
    is_listed: bool = True


def discrete(array: pa.Array) -> Discrete | None:
    """The column as indices; None where it is constant or has too many values."""
    # Of a column of very many values a part shows it.
    if len(pc.unique(array.slice(0, 2 * MOST_VALUES))) > MOST_VALUES:
        return None
    encoded = pc.dictionary_encode(array, null_encoding="encode")
    n = len(encoded.dictionary)
    if not 2 <= n <= min(MOST_VALUES, len(array) // 2):
        return None
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int32)
    is_number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    rows = np.bincount(codes, minlength=n)
    gap = encoded.dictionary.is_null().to_numpy(zero_copy_only=False)
    held = rows[~gap]
    is_listed = not is_number or held[held >= FEWEST_ROWS].sum() >= LISTED_SHARE * held.sum()
    return Discrete(codes, n, is_number, is_listed)


def find_maps(columns: Mapping[str, Discrete]) -> dict[str, str]:
    """Column → the column that determines it, and is itself determined by none.

    The finer column is the source; of two that determine each other the one that is a number, since
    its order is known, else the first.
    """
    order = sorted(columns, key=lambda name: (-columns[name].n_values, not columns[name].is_number))
    found: dict[str, str] = {}
    sources: list[str] = []
    for name in order:
        source = _source_of(columns[name], [(s, columns[s]) for s in sources])
        if source is None:
            if columns[name].is_listed:
                sources.append(name)
        else:
            found[name] = source
    return found


def _source_of(target: Discrete, sources: Sequence[tuple[str, Discrete]]) -> str | None:
    return next((name for name, source in sources if determines(source, target)), None)


def determines(source: Discrete, target: Discrete) -> bool:
    """Whether each value of the source goes with one of the target, and not by chance."""
    if not _agrees(source, target, GLANCE_ROWS) or not _agrees(source, target, None):
        return False
    return _surprise(source, target) <= LEAST_SURPRISE


def _agrees(source: Discrete, target: Discrete, rows: int | None) -> bool:
    first, second = source.codes[:rows], target.codes[:rows]
    seen = np.full(source.n_values, -1)
    # Whatever row is written last stays; all others must agree with it.
    seen[first] = second
    return bool((seen[first] == second).all())


def _surprise(source: Discrete, target: Discrete) -> float:
    """Log-probability that independent columns of these values agree in every row.

    Each value of the source takes the target of one of its rows; the others must repeat it.
    """
    shares = np.bincount(target.codes, minlength=target.n_values) / len(target.codes)
    rows = np.bincount(source.codes, minlength=source.n_values)
    seen = np.full(source.n_values, 0)
    seen[source.codes] = target.codes
    return float(((rows - 1).clip(0) * np.log(shares[seen])).sum())

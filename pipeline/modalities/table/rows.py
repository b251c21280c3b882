"""New rows of a table from real ones, without a generator: SMOTE and MUNGE."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.neighbors import NearestNeighbors

from pipeline.column_types import arrow_to_frame
from pipeline.modalities.table.cells import Cells, cells_of
from pipeline.modalities.table.noise import empty_table
from pipeline.modalities.table.space import TableSpace
from pipeline.randomness import numpy_stream
from pipeline.row_digests import feature_digests, value_digests
from pipeline.samples import Samples

NEIGHBOURS = 5
# Neighbours are looked for among at most so many rows of a class.
MOST_ROWS = 10_000
# So many more rows are made than are wanted, so that those that equal a real one can be left out.
SPARE, LEAST_SPARE = 0.25, 8
# The share of a row's cells that MUNGE takes from its neighbour, and by what it divides the
# difference of two numbers for the deviation of the one that it draws.
SWAPPED = 0.5
LOCAL_VARIANCE = 1.0


@dataclass(frozen=True)
class Pairs:
    """Real rows and their nearest neighbours of the same class, one a row that is to be made.

    Attributes:
        rows: Positions of the real rows, int64 [n].
        neighbours: Positions of each one's neighbours, the nearest first, int64 [n, k].
        partners: One of them, int64 [n].
        seed, label: Where chance is drawn from, see `stream`.
    """

    rows: np.ndarray
    neighbours: np.ndarray
    partners: np.ndarray
    seed: int
    label: int

    def stream(self, *purpose: str) -> np.random.Generator:
        """Chance of its own for each purpose, so that the first rows never depend on the count."""
        return numpy_stream(self.seed, *purpose, self.label)


# A column's cells in the new rows: which real rows they come from, and numbers drawn instead, NaN
# where none is.
Rule = Callable[[Cells, Pairs], tuple[np.ndarray, np.ndarray | None]]


def munge_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """Real rows with cells mixed with a neighbour's, `wanted` (int [classes]) of each class.

    Each real row in turn meets one of its nearest neighbours of the same class. Every other cell
    comes from the neighbour: a category or a gap as it is, a number drawn from a normal
    distribution around the neighbour's, with the difference of the two as its deviation.

    Source: MUNGE of Bucila, Caruana & Niculescu-Mizil 2006, doi:10.1145/1150402.1150464, table 1,
    with one of five nearest neighbours for the nearest one, so that a small class gives many rows.
    """
    return _made(real, wanted, _munged, origin="munge", seed=seed)


def smote_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """Rows between real ones and a neighbour, `wanted` (int [classes]) of each class.

    Numbers lie between the row's and the neighbour's. Categories and gaps are the most frequent
    ones among all its neighbours, the nearest one's of equals.

    Source: SMOTE-NC of Chawla et al. 2002, arXiv:1106.1813, section 6.1. The implementation of
    imbalanced-learn takes no gaps.
    """
    return _made(real, wanted, _smoted, origin="smote", seed=seed)


def _made(real: Samples, wanted: np.ndarray, rule: Rule, *, origin: str, seed: int) -> Samples:
    """New rows in label order. Asking for more of one class never changes another."""
    columns = TableSpace.fit(real).columns(real)
    cells, taken = cells_of(real), set(value_digests(real))
    tables, names = [empty_table(real.schema)], []
    for label in np.flatnonzero(wanted):
        many = int(wanted[label]) + max(LEAST_SPARE, round(SPARE * wanted[label]))
        pairs = _pairs(columns, real.labels, int(label), many, seed)
        table = pa.table({one.column.name: _cells(one, rule, pairs) for one in cells})
        is_copy = np.isin(feature_digests(table, real.schema), list(taken))
        # Copies are taken only where there is nothing else, as of a class of one row.
        chosen = np.argsort(is_copy, kind="stable")[: wanted[label]]
        tables.append(table.take(chosen))
        names += [f"{origin}-{seed:x}-{label}-{number}" for number in range(len(chosen))]
    return Samples(
        real.schema,
        arrow_to_frame(pa.concat_tables(tables), real.schema.columns),
        np.repeat(np.arange(len(wanted)), wanted),
        pd.DataFrame({"id": pd.Series(names, dtype=object), "origin": origin}),
    )


def _cells(cells: Cells, rule: Rule, pairs: Pairs) -> pa.Array:
    """A column of the new rows. A rare category gives way to a neighbour's, or to any other."""
    rows, drawn = rule(cells, pairs)
    is_rare = ~cells.is_common[rows]
    if is_rare.any():
        near = pairs.neighbours[is_rare]
        usable = cells.is_common[near]
        first = near[np.arange(len(near)), usable.argmax(axis=1)]
        common = np.flatnonzero(cells.is_common)
        any_row = pairs.stream("common", cells.column.name).integers(0, len(common), len(rows))
        rows = rows.copy()
        rows[is_rare] = np.where(usable.any(axis=1), first, common[any_row[is_rare]])
    return cells.made(rows, drawn)


def _pairs(columns: np.ndarray, labels: np.ndarray, label: int, wanted: int, seed: int) -> Pairs:
    """The real rows of a class in turn, in an order of chance, each with its neighbours.

    A class of one row has that row for a neighbour: it is repeated.
    """
    own = np.flatnonzero(labels == label)
    assert len(own), f"rows were asked for class {label}, which has none"
    own = numpy_stream(seed, "parents", label).permutation(own)[:MOST_ROWS]
    used = own[: min(wanted, len(own))]
    k = min(NEIGHBOURS, len(own) - 1)
    near = np.arange(len(used))[:, None]
    if k:
        search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(columns[own])
        near = _others(search.kneighbors(columns[used], return_distance=False))
    turns = np.resize(np.arange(len(used)), wanted)
    neighbours = own[near[turns]]
    which = numpy_stream(seed, "partners", label).integers(0, max(k, 1), wanted)
    return Pairs(own[turns], neighbours, neighbours[np.arange(wanted), which], seed, label)


def _others(near: np.ndarray) -> np.ndarray:
    """Of the nearest of each row, int64 [n, k + 1], all but itself or the farthest, [n, k]."""
    is_itself = near == np.arange(len(near))[:, None]
    # A row with many twins may not be among its own nearest.
    is_itself[~is_itself.any(axis=1), -1] = True
    return np.asarray(near[~is_itself].reshape(len(near), -1))


def _munged(cells: Cells, pairs: Pairs) -> tuple[np.ndarray, np.ndarray | None]:
    name = cells.column.name
    is_swapped = pairs.stream("swapped", name).random(len(pairs.rows)) < SWAPPED
    rows = np.where(is_swapped, pairs.partners, pairs.rows)
    if cells.numbers is None:
        return rows, None
    own, others = cells.numbers[pairs.rows], cells.numbers[pairs.partners]
    # A gap on either side leaves nothing to draw between.
    spread = np.abs(own - others) / LOCAL_VARIANCE
    drawn = others + spread * pairs.stream("drawn", name).standard_normal(len(rows))
    return rows, np.where(is_swapped & (spread > 0), drawn, np.nan)


def _smoted(cells: Cells, pairs: Pairs) -> tuple[np.ndarray, np.ndarray | None]:
    if cells.numbers is None:
        return _most_frequent(_codes(cells.real), pairs.neighbours), None
    gaps = np.isnan(cells.numbers)
    rows = _most_frequent(gaps.astype(np.int64), pairs.neighbours)
    own, others = cells.numbers[pairs.rows], cells.numbers[pairs.partners]
    # One step along the line between the two rows for all columns.
    steps = pairs.stream("steps").random(len(rows))
    between = np.where(np.isnan(own), others, own + steps * (others - own))
    between = np.where(np.isnan(others), own, between)
    # Where neither has a number though most of the neighbours do, a neighbour's is taken.
    return rows, np.where(gaps[rows], np.nan, between)


def _codes(cells: pa.Array) -> np.ndarray:
    """A whole number for each distinct cell, gaps included, int64 [n]."""
    coded = pc.dictionary_encode(cells, null_encoding="encode")
    return np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)


def _most_frequent(codes: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Of each line of neighbours [n, k], the first whose code is the most frequent, int64 [n]."""
    near = codes[neighbours]
    votes = (near[:, :, None] == near[:, None, :]).sum(axis=2)
    return np.asarray(neighbours[np.arange(len(neighbours)), votes.argmax(axis=1)])

"""Cheap rows of a table that keep the rules between its columns."""

from dataclasses import replace

import numpy as np

from pipeline.column_rules import completed, keeps
from pipeline.modalities.registry import modality_of
from pipeline.randomness import derive_seed
from pipeline.results import Origin
from pipeline.samples import Samples, concatenate

# Rounds of as many rows of each class as the largest class has, or as are wanted.
MOST_ROUNDS = 12


def made_rows(origin: Origin, real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """Rows of a cheap source, `wanted` (int64 [classes]) of each class, in label order.

    Where the schema has rules, cells that they leave no choice about are filled in, rows that break
    one are replaced by further ones. Fewer of a class come where so few of all made keep the rules.
    """
    make = modality_of(real.schema).makers[origin]
    rules = real.schema.rules
    if not rules or not wanted.any():
        return make(real, wanted, seed=seed)
    # A round's size depends on the real rows alone, so that more of a class begin as fewer do.
    counts = np.bincount(real.labels, minlength=len(real.schema.classes))
    parts, missing = [], np.asarray(wanted, np.int64).copy()
    for number in range(MOST_ROUNDS + int(wanted.max()) // max(1, int(counts.max()))):
        size = np.where((missing > 0) & (counts > 0), counts.max(), 0)
        rows = make(real, size, seed=seed if number == 0 else derive_seed(seed, "rules", number))
        rows = replace(rows, values=completed(rules, rows.values))
        found = rows.take(np.flatnonzero(keeps(rules, rows.values)))
        parts.append(_first(found, missing, number))
        missing -= np.bincount(parts[-1].labels, minlength=len(missing))
        if not (missing > 0).any():
            break
    made = concatenate(parts)
    return made.take(np.argsort(made.labels, kind="stable"))


def _first(rows: Samples, missing: np.ndarray, number: int) -> Samples:
    """The first rows of each class as far as rows are missing, named apart from other rounds'."""
    places = [np.flatnonzero(rows.labels == k)[: max(int(n), 0)] for k, n in enumerate(missing)]
    taken = rows.take(np.concatenate(places))
    if number == 0:
        return taken
    names = [f"{name}-{number}" for name in taken.ids]
    return replace(taken, provenance=taken.provenance.assign(id=names))

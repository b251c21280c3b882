"""Which real rows a training never sees, so that it can be watched honestly."""

import numpy as np
import pandas as pd

from pipeline.randomness import numpy_stream

# A rare class needs every sample it has; only classes at least this large give some away,
SMALLEST_CLASS = 40
# and only where there are enough of them to say something of the class.
FEWEST_HELD_OUT = 6


def held_out_rows(
    labels: np.ndarray, *, fraction: float, seed: int, bonds: np.ndarray | None = None
) -> np.ndarray:
    """Positions of the rows to hold out, int64, ascending: a fraction of each large class.

    Args:
        labels: Class indices, int64 [n].
        fraction: Share in [0, 1), rounded down in each class; a class that would give fewer than
            `FEWEST_HELD_OUT` gives none.
        bonds: Names, object [n], equal for rows that stay together; such rows are held out all or
            none, while no class gives more than its share. None where every row is on its own.
    """
    counts = np.bincount(labels)
    left = (fraction * counts).astype(np.int64)
    left[(counts < SMALLEST_CLASS) | (left < FEWEST_HELD_OUT)] = 0
    bonds = np.arange(len(labels)) if bonds is None else bonds
    together = pd.Series(np.arange(len(labels))).groupby(bonds, sort=False).indices
    is_held_out = np.zeros(len(labels), bool)
    for label in np.flatnonzero(left):
        stream = numpy_stream(seed, "gan", "held out", int(label))
        for row in stream.permutation(np.flatnonzero(labels == label)):
            if left[label] == 0:
                break
            rows = together[bonds[row]]
            given = np.bincount(labels[rows], minlength=len(left))
            if not is_held_out[row] and (given <= left).all():
                is_held_out[rows] = True
                left -= given
    return np.flatnonzero(is_held_out)

"""Which real rows a training never sees, so that it can be watched honestly."""

import numpy as np

from pipeline.randomness import numpy_stream

# A rare class needs every sample it has; only classes at least this large give some away.
SMALLEST_CLASS = 40


def held_out_rows(labels: np.ndarray, *, fraction: float, seed: int) -> np.ndarray:
    """Positions of the rows to hold out, int64, ascending: a fraction of each large class.

    Args:
        labels: Class indices, int64 [n].
        fraction: Share in [0, 1), rounded down in each class.
    """
    chosen = [np.empty(0, np.int64)]
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) >= SMALLEST_CLASS:
            stream = numpy_stream(seed, "gan", "held out", int(label))
            chosen.append(stream.permutation(rows)[: int(fraction * len(rows))])
    return np.sort(np.concatenate(chosen))

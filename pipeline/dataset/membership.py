"""Which rows of an assembled set each config holds, and how many of each class and source."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from pipeline.dataset.layout import ROWS, in_order
from pipeline.dataset.wanted import RowCounts, Rows
from pipeline.samples import Samples, Schema


def rows_of(samples: Samples, rows: Rows) -> np.ndarray:
    """Which rows of an assembled set a config holds, bool [n]."""
    frame = samples.provenance
    if rows == "all":
        return np.ones(len(frame), bool)
    if rows == "synthetic":
        return np.asarray(frame["source"] == "gan", bool)
    return frame[f"in_{rows}"].to_numpy(bool)


def rows_per_class(labels: Iterable[int], sources: Iterable[str], schema: Schema) -> RowCounts:
    """Rows of each class and source; every class has every source that any class has."""
    found = Counter(zip(map(int, labels), map(str, sources), strict=True))
    named = in_order(source for _, source in found)
    return {
        name: {source: found[label, source] for source in named}
        for label, name in enumerate(schema.classes)
    }


def rows_per_config(samples: Samples) -> dict[Rows, RowCounts]:
    """The same for each config; configs without rows are left out."""
    sources, found = samples.provenance["source"].astype(str), {}
    for rows in ROWS:
        taken = rows_of(samples, rows)
        if taken.any():
            found[rows] = rows_per_class(samples.labels[taken], sources[taken], samples.schema)
    return found


def generators(samples: Samples) -> list[str]:
    """The hash of every generator that a row came from, sorted."""
    return sorted(set(samples.provenance["generator"].dropna()))

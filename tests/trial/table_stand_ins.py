"""Small tables of mixed columns with gaps, and a generator of rows that needs no training."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.column_types import arrow_to_frame
from pipeline.modalities.registry import modality_of
from pipeline.samples import Column, Samples, Schema

KINDS = {
    "boolean": "bool",
    "categorical": "string",
    "continuous": "double",
    "datetime": "date32[day]",
    "integer": "int64",
    "text": "string",
}


def table_of(labels, **columns):
    """A table from column name → (kind, cells), or (kind, cells, Arrow type)."""
    labels = np.asarray(labels, np.int64)
    described, arrays = [], {}
    for name, (kind, cells, *given) in columns.items():
        array = pa.array(cells)
        known = sorted({str(one) for one in array.to_pylist() if one is not None})
        described.append(
            Column(
                name=name,
                kind=kind,
                type=given[0] if given else KINDS[kind],
                categories=tuple(known) if kind == "categorical" else (),
                has_missing=array.null_count > 0,
            )
        )
        arrays[name] = array
    classes = tuple(f"class {k}" for k in range(max(labels, default=0) + 1))
    return Samples(
        Schema(modality="table", classes=classes, columns=tuple(described), label_column="kind"),
        arrow_to_frame(pa.table(arrays), described),
        labels,
        pd.DataFrame({"id": [f"row-{n}" for n in range(len(labels))]}),
    )


def mixed(counts, *, seed=0, apart=1.5):
    """Rows of every kind of column; classes differ in some of them by `apart` deviations."""
    stream = np.random.default_rng(seed)
    labels = stream.permutation(np.repeat(np.arange(len(counts)), counts))
    n, shift = len(labels), apart * labels
    city = np.array(["Ulm", "Bonn", "Kiel", "Jena"], object)[
        np.minimum(stream.integers(0, 3, n) + (stream.random(n) < 0.3 * labels), 3)
    ]
    days = stream.integers(0, 300, n).astype("datetime64[D]") + 18000
    return table_of(
        labels,
        amount=("continuous", np.round(stream.normal(shift, 1), 2)),
        visits=("integer", np.clip(stream.poisson(1 + shift), 0, 9), "int32"),
        city=("categorical", city),
        member=("boolean", stream.random(n) < 0.3 + 0.2 * np.minimum(labels, 2)),
        since=("datetime", pa.array(days, pa.date32())),
        # Told of those only who live elsewhere than in Jena.
        score=("continuous", pa.array(stream.normal(-shift, 1), mask=city == "Jena")),
    )


def refilled(samples, seed):
    """A pool that fills each class to the largest, of MUNGE rows under the name of a generator."""
    counts = np.bincount(samples.labels, minlength=len(samples.schema.classes))
    wanted = np.where(counts > 0, counts.max() - counts, 0)
    made = modality_of(samples.schema).makers["munge"](samples, wanted, seed=seed)
    names = [f"drawn-{seed}-{number}" for number in range(len(made))]
    return replace(
        made,
        provenance=pd.DataFrame({"id": names, "generator": "munge", "draw": np.arange(len(made))}),
    )

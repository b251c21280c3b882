"""Small tables of every column kind, made up."""

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.column_types import arrow_to_frame
from pipeline.samples import Column, ColumnKind, Samples, Schema

KIND_OF = {
    "double": "continuous",
    "float": "continuous",
    "bool": "boolean",
    "string": "categorical",
}


def table_of(columns, labels, *, kinds=None, classes=None) -> Samples:
    """Samples of columns, name → list or Arrow array, in the types that Arrow gives them."""
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    described = tuple(
        _described(name, table[name], (kinds or {}).get(name)) for name in table.column_names
    )
    classes = classes or tuple(str(k) for k in range(max(labels) + 1))
    return Samples(
        schema=Schema(modality="table", classes=classes, columns=described),
        values=arrow_to_frame(table, described),
        labels=np.array(labels, np.int64),
        provenance=pd.DataFrame({"id": [f"row-{i}" for i in range(len(labels))]}),
    )


def _described(name: str, array: pa.ChunkedArray, kind: ColumnKind | None) -> Column:
    known = str(array.type)
    kind = (
        kind
        or KIND_OF.get(known)
        or ("datetime" if "time" in known or "date" in known else "integer")
    )
    categories = sorted(set(array.drop_null().to_pylist())) if kind == "categorical" else []
    return Column(
        name=name,
        kind=kind,
        type=known,
        categories=tuple(map(str, categories)),
        has_missing=array.null_count > 0,
    )


def mixed_table(n: int = 240, seed: int = 0) -> Samples:
    """Every kind with gaps, a point mass, a constant, an empty column, a pair that determines."""
    stream = np.random.default_rng(seed)
    labels = (stream.random(n) < 0.2).astype(int)
    job = np.where(stream.random(n) < 0.3 + 0.4 * labels, "yes", "no")
    income = np.round(stream.gamma(2, 1000, n) * (1 + labels), 2)
    spent = np.where(stream.random(n) < 0.92, 0, stream.integers(1, 5000, n))
    grade = stream.choice(["low", "middle", "high"], n)
    first = np.datetime64("2020-01-01") + stream.integers(0, 700, n)
    gap = stream.random(n) < 0.1
    return table_of(
        {
            "age": pa.array(stream.integers(18, 80, n) + 5 * labels, pa.int32()),
            "job": job.tolist(),
            "income": pa.array(income, mask=job == "no"),
            "spent": pa.array(spent, pa.int64()),
            "grade": grade.tolist(),
            "points": pa.array([{"low": 1, "middle": 2, "high": 3}[g] for g in grade], pa.int8()),
            "first": pa.array(first.astype("datetime64[D]"), pa.date32()),
            "seen": pa.array(
                first.astype("datetime64[us]") + np.timedelta64(5, "h"),
                pa.timestamp("us", "Europe/Berlin"),
                mask=gap,
            ),
            "member": pa.array(stream.random(n) < 0.5, mask=gap),
            "height": pa.array(stream.normal(170, 10, n), pa.float32()),
            "always": ["same"] * n,
            "never": pa.array([None] * n, pa.int64()),
        },
        labels.tolist(),
    )

"""Synthetic rows to be read, each beside its nearest real row, and rejected ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from pipeline.reporting.previews.gallery import named, picked
from pipeline.reporting.previews.sample import hash_of, rows_named
from pipeline.samples import Samples, Schema
from pipeline.workspace import Workspace

# Of each class: the closest to a real row, and a random choice; and of the rejected.
MOST_CLOSEST, MOST_RANDOM, MOST_REJECTED = 1, 2, 3
MISSING = "missing"
LONGEST_CELL = 60


@dataclass(frozen=True)
class Example:
    """One synthetic row.

    Attributes:
        cells: Of each column, as text.
        neighbour: Cells of the real row that lies nearest; empty where none is known.
        ratio: Nearest over second-nearest distance, in [0, 1].
        reason: Why curation rejected it; "" where it did not.
    """

    id: str
    cells: tuple[str, ...]
    neighbour: tuple[str, ...] = ()
    ratio: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class ClassExamples:
    """Rows of one class; the first of `shown` is the closest to a real row of all."""

    name: str
    shown: tuple[Example, ...]
    rejected: tuple[Example, ...]


def gather_examples(
    workspace: Workspace, schema: Schema, curation: pd.DataFrame, *, seed: int
) -> tuple[ClassExamples, ...]:
    """Choose and read the rows of every class that has synthetic ones."""
    frame = named(curation, schema)
    chosen = {name: _chosen(frame, name, seed) for name in schema.classes}
    told = [row for kinds in chosen.values() for rows in kinds.values() for row in rows]
    synthetic = _cells(rows_named(workspace.synthetic, {row["id"] for row in told}))
    real = _cells(rows_named(workspace.prepared, {row["nearest_real_id"] for row in told}))
    found = (
        ClassExamples(
            name, **{kind: _examples(rows, synthetic, real) for kind, rows in kinds.items()}
        )
        for name, kinds in chosen.items()
    )
    return tuple(one for one in found if one.shown or one.rejected)


def cell_text(value: Any) -> str:
    """One cell as people read it, cut where it is long."""
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ")
        return text.removesuffix(" 00:00:00")
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def _chosen(curation: pd.DataFrame, name: str, seed: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of curation to show of one class."""
    picks = picked(curation, name)
    closest = picks["closest"][:MOST_CLOSEST]
    own = curation[(curation["label"] == name) & curation["chosen"].astype(bool)]
    others = own[~own["id"].isin([row["id"] for row in closest])]
    order = np.argsort([hash_of(seed, str(identifier)) for identifier in others["id"]])
    drawn = others.iloc[order[:MOST_RANDOM]].to_dict("records")
    return {"shown": [*closest, *drawn], "rejected": picks["rejected"][:MOST_REJECTED]}


def _cells(samples: Samples) -> dict[str, tuple[str, ...]]:
    """Identifier → every cell of the row, as text."""
    columns = [samples.values[column.name].tolist() for column in samples.schema.columns]
    rows = zip(*columns, strict=True) if columns else iter(())
    return {
        str(identifier): tuple(map(cell_text, row))
        for identifier, row in zip(samples.ids, rows, strict=False)
    }


def _examples(
    rows: list[dict[str, Any]],
    synthetic: Mapping[str, tuple[str, ...]],
    real: Mapping[str, tuple[str, ...]],
) -> tuple[Example, ...]:
    return tuple(
        Example(
            id=str(row["id"]),
            cells=synthetic[str(row["id"])],
            neighbour=real.get(str(row["nearest_real_id"]), ()),
            ratio=float(row["nearest_ratio"]) if pd.notna(row["nearest_ratio"]) else None,
            reason=row["reason"] if isinstance(row["reason"], str) else "",
        )
        for row in rows
        if str(row["id"]) in synthetic
    )

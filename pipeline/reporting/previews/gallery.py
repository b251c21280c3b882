"""The pictures a report shows, chosen by rule and never by taste.

Real and synthetic sheets are a random choice (the smallest hashes of their ids, so that the choice
is the same whatever order rows come in); the closest, the worst-scored and the rejected ones are
chosen by the numbers that curation wrote. Folders are read shard by shard: only what is shown stays
in memory.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import storage
from pipeline.reporting.previews.sample import hash_of
from pipeline.samples import Samples, Schema
from pipeline.workspace import Workspace

MOST_TILES = 1200
MOST_PER_SHEET = 24
MOST_SINGLES = 4
CURATION_COLUMNS = [
    "id", "label", "accepted", "chosen", "reason", "score", "nearest_real_id", "nearest_ratio",
]  # fmt: skip


@dataclass(frozen=True)
class Single:
    """One synthetic picture with what curation said of it, and its nearest real one.

    Attributes:
        reason: Why curation turned it away; "" where it did not.
    """

    id: str
    picture: np.ndarray
    score: float | None = None
    reason: str = ""
    ratio: float | None = None
    neighbour: np.ndarray | None = None
    neighbour_id: str = ""


@dataclass(frozen=True)
class ClassGallery:
    """The pictures of one class; all uint8 [height, width, 1 or 3] in [0, 255]."""

    name: str
    real: tuple[np.ndarray, ...] = ()
    synthetic: tuple[np.ndarray, ...] = ()
    closest: tuple[Single, ...] = ()
    worst: tuple[Single, ...] = ()
    rejected: tuple[Single, ...] = ()


@dataclass(frozen=True)
class Gallery:
    """All classes in label order."""

    classes: tuple[ClassGallery, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.classes)


@dataclass
class _Found:
    """Pictures by id that were asked for, and a random choice of each class."""

    by_id: dict[str, np.ndarray] = field(default_factory=dict)
    by_class: dict[int, list[np.ndarray]] = field(default_factory=dict)


def gather(workspace: Workspace, schema: Schema, curation: pd.DataFrame, *, seed: int) -> Gallery:
    """Choose and read the pictures of every class."""
    of_class = named(curation, schema)
    per_class = max(4, min(MOST_PER_SHEET, MOST_TILES // (2 * len(schema.classes))))
    picks = {name: picked(of_class, name) for name in schema.classes}
    chosen = [row for kinds in picks.values() for rows in kinds.values() for row in rows]
    shown = shipped(curation)
    synthetic = _read(
        workspace.synthetic, {row["id"] for row in chosen}, per_class, seed, only=shown
    )
    real = _read(workspace.prepared, {row["nearest_real_id"] for row in chosen}, per_class, seed)
    return Gallery(
        tuple(
            ClassGallery(
                name=name,
                real=tuple(real.by_class.get(index, ())),
                synthetic=tuple(synthetic.by_class.get(index, ())),
                **{
                    kind: tuple(_singles(rows, synthetic, real))
                    for kind, rows in picks[name].items()
                },
            )
            for index, name in enumerate(schema.classes)
        )
    )


def shipped(curation: pd.DataFrame) -> set[str] | None:
    """Identifiers of the synthetic samples that ship; None where nothing was curated."""
    return set(curation["id"][curation["chosen"]]) if len(curation) else None


def named(curation: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Curation with every column that previews need, and classes by name."""
    frame = curation.reindex(columns=CURATION_COLUMNS)
    if pd.api.types.is_numeric_dtype(frame["label"]):
        names = dict(enumerate(schema.classes))
        frame = frame.assign(label=frame["label"].map(names))
    return frame


def picked(curation: pd.DataFrame, name: str) -> dict[str, list[dict]]:
    """The rows of curation to show of one class: closest, worst-scored and rejected.

    Rejected rows that make up an exact number are in the dataset, and not among the rejected here.
    """
    rows = curation[curation["label"] == name].sort_values("id")
    is_chosen = rows["chosen"].astype(bool)
    chosen = rows[is_chosen]
    turned_away = rows[~rows["accepted"].astype(bool) & ~is_chosen]
    # One of each reason first, so that every reason is seen.
    rejected = turned_away.drop_duplicates("reason")
    more = turned_away.drop(rejected.index)
    picked = {
        "closest": chosen.dropna(subset=["nearest_ratio"]).nsmallest(MOST_SINGLES, "nearest_ratio"),
        "worst": chosen.dropna(subset=["score"]).nsmallest(MOST_SINGLES, "score"),
        "rejected": pd.concat([rejected, more]).head(MOST_SINGLES),
    }
    return {kind: frame.to_dict("records") for kind, frame in picked.items()}


def _singles(rows: Iterable[dict], synthetic: _Found, real: _Found) -> Iterator[Single]:
    for row in rows:
        if row["id"] in synthetic.by_id:
            yield Single(
                id=row["id"],
                picture=synthetic.by_id[row["id"]],
                score=_finite(row["score"]),
                reason=_text(row["reason"]),
                ratio=_finite(row["nearest_ratio"]),
                neighbour=real.by_id.get(row["nearest_real_id"]),
                neighbour_id=_text(row["nearest_real_id"]),
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _finite(value: float) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _read(
    folder: Path, ids: set[str], per_class: int, seed: int, *, only: set[str] | None = None
) -> _Found:
    found = _Found()
    heaps: dict[int, list[tuple[int, str, np.ndarray]]] = {}
    for shard in storage.iterate_split(folder, "train"):
        _search(shard, ids, found)
        for row, (identifier, label) in enumerate(zip(shard.ids, shard.labels, strict=True)):
            if only is None or identifier in only:
                _offer(heaps.setdefault(int(label), []), per_class, seed, identifier, shard, row)
    for label, heap in heaps.items():
        found.by_class[label] = [picture for _, _, picture in sorted(heap, key=lambda x: x[:2])]
    return found


def _search(shard: Samples, ids: set[str], found: _Found) -> None:
    for row in np.flatnonzero([identifier in ids for identifier in shard.ids]):
        found.by_id[shard.ids[row]] = shard.values[row].copy()


def _offer(
    heap: list[tuple[int, str, np.ndarray]],
    most: int,
    seed: int,
    identifier: str,
    shard: Samples,
    row: int,
) -> None:
    """Keep the row if its hash is among the `most` smallest seen so far."""
    key = -hash_of(seed, identifier)
    if len(heap) < most:
        heapq.heappush(heap, (key, identifier, shard.values[row].copy()))
    elif key > heap[0][0]:
        heapq.heapreplace(heap, (key, identifier, shard.values[row].copy()))

"""Rows chosen at random from a folder that may be larger than memory."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline import storage
from pipeline.samples import Samples, concatenate


def hash_of(seed: int, identifier: str) -> int:
    """The place of a row in a random order that does not depend on the order of the file."""
    digest = hashlib.sha256(f"{seed}:{identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def sample_of(
    folder: Path, *, most: int, seed: int, only: Callable[[str], bool] | None = None
) -> Samples:
    """At most `most` rows of the split `train`, those with the smallest hashes, in file order.

    Args:
        only: Whether a row, by its identifier, may be chosen; None allows every row.
    """
    known = storage.read_rows(folder, "train")
    allowed = [name for name in map(str, known.ids) if only is None or only(name)]
    chosen = set(sorted(allowed, key=lambda name: (hash_of(seed, name), name))[:most])
    return rows_named(folder, chosen)


def rows_named(folder: Path, names: set[str]) -> Samples:
    """The rows of the split `train` with these identifiers, in file order; one shard in memory."""
    parts: list[Samples] = []
    for shard in storage.iterate_split(folder, "train"):
        mask = np.array([str(name) in names for name in shard.ids], bool)
        if mask.any() or not parts:
            parts.append(shard.take(mask))
    return concatenate(parts)

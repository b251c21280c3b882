"""The rows of an augmented set that a consumer wants."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.dataset.assemble import COLUMNS
from pipeline.dataset.wanted import Selection
from pipeline.errors import VersionError
from pipeline.samples import Samples, Schema
from pipeline.storage import iterate_split, read_schema


def selected_shards(directory: Path, selection: Selection) -> Iterator[Samples]:
    """The selected rows of an augmented set, one shard in memory at a time.

    Raises:
        VersionError: a class is not in the set's schema.
    """
    check_classes(read_schema(directory), selection.classes)
    for shard in iterate_split(directory, "train"):
        yield _typed(select(shard, selection))


def select(samples: Samples, selection: Selection) -> Samples:
    """The selected rows, in their order."""
    mask = np.ones(len(samples), dtype=bool)
    if selection.synthetic is not None:
        is_synthetic = samples.provenance["is_synthetic"].to_numpy(dtype=bool)
        mask &= is_synthetic == selection.synthetic
    if selection.classes:
        wanted = [samples.schema.classes.index(name) for name in selection.classes]
        mask &= np.isin(samples.labels, wanted)
    return samples.take(mask)


def check_classes(schema: Schema, classes: tuple[str, ...]) -> None:
    """Refuse a class that the set does not have.

    Raises:
        VersionError: naming the unknown class and those there are.
    """
    unknown = [name for name in classes if name not in schema.classes]
    if unknown:
        known = ", ".join(repr(name) for name in schema.classes[:20])
        raise VersionError(f"There is no class {unknown[0]!r} in this version; it has {known}.")


def _typed(samples: Samples) -> Samples:
    """The same rows with the column types of the whole set, also where a column is empty."""
    types = {name: kind for name, kind in COLUMNS.items() if name in samples.provenance}
    return replace(samples, provenance=samples.provenance.astype(types))

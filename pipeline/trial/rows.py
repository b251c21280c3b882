"""Cheap rows beside the real ones: static classical copies, deformed copies and SMOTE."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.modalities.smote import smote_columns
from pipeline.randomness import numpy_stream
from pipeline.results import Origin
from pipeline.samples import Samples

# Static copies fill every class to this many times the largest: more brought nothing.
COPIES_PER_LARGEST = 4
COPIES_STRENGTH = 1.0


def flat(samples: Samples) -> np.ndarray:
    """Columns for classifiers that know no pictures: pixels in [0, 1], float64 [n, d]."""
    values = np.asarray(samples.values, np.float64)
    return values.reshape(len(values), math.prod(values.shape[1:])) / 255.0


def add_static_rows(training: TrainingSet, recipe: Recipe, *, seed: int) -> TrainingSet:
    """What a recipe's augmentation and SMOTE mean to a classifier that sees a fixed set of rows.

    The new rows take their share of the real rows' part of each class, so that the shares of other
    extras stay as they were chosen.
    """
    counts = training.real_counts
    made = list(training.extras)
    taken = np.zeros(len(counts))
    for extra in made:
        # A class without rows gives its share back to the real ones.
        present = np.bincount(extra.samples.labels, minlength=len(counts)) > 0
        taken = taken + np.where(present, extra.share, 0.0)
    for wanted, target, make in (
        (recipe.augmentation > 0, COPIES_PER_LARGEST * counts.max(), "classical"),
        (recipe.smote, counts.max(), "smote"),
    ):
        missing = np.maximum(target - counts, 0) * (counts > 0)
        if wanted and missing.any():
            rows = (
                classical_rows(training.real, missing, strength=recipe.augmentation, seed=seed)
                if make == "classical"
                else smote_rows(training.real, missing, seed=seed)
            )
            made.append(Extra(make, rows, (1 - taken) * missing / np.maximum(target, 1)))
            taken = taken + made[-1].share
    return TrainingSet(training.real, tuple(made))


def classical_rows(real: Samples, wanted: np.ndarray, *, strength: float, seed: int) -> Samples:
    """Augmented copies, `wanted` (int [classes]) of each class, of its real rows in turn."""
    from pipeline.modalities.image_copies import augmented_copies

    return augmented_copies(real, _parents(real.labels, wanted, seed), strength=strength, seed=seed)


def deformed_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """Deformed copies, `wanted` (int [classes]) of each class, of its real rows in turn."""
    from pipeline.modalities.image_copies import deformed_copies

    return deformed_copies(real, _parents(real.labels, wanted, seed), seed=seed)


def smote_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """SMOTE rows between pixels, `wanted` (int [classes]) of each class."""
    made, labels = smote_columns(flat(real), real.labels, wanted, seed=seed)
    pixels = made.reshape(-1, *real.values.shape[1:])
    numbers = np.concatenate([np.arange(n) for n in wanted])
    names = [f"smote-{seed:x}-{k}-{n}" for k, n in zip(labels, numbers, strict=True)]
    return Samples(
        real.schema,
        np.clip(np.rint(pixels * 255.0), 0, 255).astype(np.uint8),
        labels,
        pd.DataFrame({"id": names, "origin": "smote"}),
    )


# Of each source that needs no generator: (real rows, how many of each class, seed) → new rows.
CHEAP_ROWS: Mapping[Origin, Callable[..., Samples]] = {
    "classical": partial(classical_rows, strength=COPIES_STRENGTH),
    "smote": smote_rows,
    "deformed": deformed_rows,
}
CHEAP_ORIGINS = tuple(CHEAP_ROWS)


def _parents(labels: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    parts = []
    for label in np.flatnonzero(wanted):
        own = numpy_stream(seed, "parents", int(label)).permutation(np.flatnonzero(labels == label))
        parts.append(np.resize(own, int(wanted[label])))
    return np.concatenate(parts).astype(np.int64)

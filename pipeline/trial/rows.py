"""Cheap rows beside the real ones: static classical copies and SMOTE."""

import math

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples

# Static copies fill every class to this many times the largest: more brought nothing.
COPIES_PER_LARGEST = 4
SMOTE_NEIGHBOURS = 5


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
    taken = np.sum([extra.share for extra in made], axis=0) if made else np.zeros(len(counts))
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
    from pipeline.modalities.image_augmentation import copies

    return copies(real, _parents(real.labels, wanted, seed), strength=strength, seed=seed)


def smote_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """SMOTE rows, `wanted` (int [classes]) of each class; a class of one row is repeated.

    Source: Chawla et al. 2002, arXiv:1106.1813; imbalanced-learn's implementation.
    """
    counts = np.bincount(real.labels, minlength=len(wanted))
    columns = flat(real)
    parts, labels = [], []
    for label in np.flatnonzero(wanted):
        own = columns[real.labels == label]
        if counts[label] < 2:
            parts.append(np.repeat(own, wanted[label], axis=0))
        else:
            parts.append(
                _smote_class(own, int(wanted[label]), derive_seed(seed, "smote", int(label)))
            )
        labels.append(np.full(wanted[label], label, np.int64))
    pixels = np.concatenate(parts).reshape(-1, *real.values.shape[1:])
    names = [f"smote-{seed:x}-{label}-{n}" for part in labels for n, label in enumerate(part)]
    return Samples(
        real.schema,
        np.clip(np.rint(pixels * 255.0), 0, 255).astype(np.uint8),
        np.concatenate(labels),
        pd.DataFrame({"id": names, "origin": "smote"}),
    )


def _smote_class(own: np.ndarray, wanted: int, seed: int) -> np.ndarray:
    # imbalanced-learn fills one class up to another's size: a stand-in class sets the target.
    stand_in = np.zeros((len(own) + wanted, own.shape[1]))
    rows = np.concatenate([own, stand_in])
    labels = np.repeat([1, 0], [len(own), len(stand_in)])
    sampler = SMOTE(
        sampling_strategy={1: len(stand_in)},
        k_neighbors=min(SMOTE_NEIGHBOURS, len(own) - 1),
        random_state=seed % 2**32,
    )
    filled, _ = sampler.fit_resample(rows, labels)
    return np.asarray(filled[len(rows) :], np.float64)


def _parents(labels: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    parts = []
    for label in np.flatnonzero(wanted):
        own = numpy_stream(seed, "parents", int(label)).permutation(np.flatnonzero(labels == label))
        parts.append(np.resize(own, int(wanted[label])))
    return np.concatenate(parts).astype(np.int64)

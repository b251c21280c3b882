"""Rows that a recipe adds to what a classifier sees, where that is a fixed set of rows."""

import numpy as np

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.results import Origin

# Static copies fill every class to this many times the largest: more brought nothing.
COPIES_PER_LARGEST = 4


def add_static_rows(training: TrainingSet, recipe: Recipe, *, seed: int) -> TrainingSet:
    """What a recipe's augmentation and SMOTE mean to a classifier that sees a fixed set of rows.

    The new rows take their share of the real rows' part of each class, so that the shares of other
    extras stay as they were chosen.
    """
    counts = training.real_counts
    makers = modality_of(training.real.schema).makers
    made = list(training.extras)
    taken = np.zeros(len(counts))
    for extra in made:
        # A class without rows gives its share back to the real ones.
        present = np.bincount(extra.samples.labels, minlength=len(counts)) > 0
        taken = taken + np.where(present, extra.share, 0.0)
    asked: tuple[tuple[bool, int, Origin], ...] = (
        (recipe.augmentation > 0, COPIES_PER_LARGEST * counts.max(), "classical"),
        (recipe.smote, counts.max(), "smote"),
    )
    for wanted, target, origin in asked:
        missing = np.maximum(target - counts, 0) * (counts > 0)
        if wanted and missing.any():
            given = {"strength": recipe.augmentation} if origin == "classical" else {}
            rows = makers[origin](training.real, missing, seed=seed, **given)
            made.append(Extra(origin, rows, (1 - taken) * missing / np.maximum(target, 1)))
            taken = taken + made[-1].share
    return TrainingSet(training.real, tuple(made))

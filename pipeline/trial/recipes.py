"""The best way to train: recipes on the real rows, and the best of them on the recommended set.

Advice for whoever may change training code. No gain of a recipe is a gain of the set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.modalities.contract import Fitted
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.samples import Samples
from pipeline.trial.arms import Arm
from pipeline.trial.consumers import Chosen, Made, set_of
from pipeline.trial.criterion import calibrated_losses, mean_loss
from pipeline.trial.learners import fit
from pipeline.trial.parts import Effort, Parts
from pipeline.trial.predictions import predict
from pipeline.trial.thresholds import tuned_offsets


def run_recipe(
    *, parts: Parts, arm: Arm, classifier: ClassifierName, effort: Effort, seed: int
) -> dict[str, Any]:
    """Choose a recipe's settings on the choosing part, then fit on all of the training part."""
    candidates = arm.candidates if effort.is_tuned else arm.candidates[:1]
    own = derive_seed(seed, "choosing")
    fitted = [_fit(classifier, parts.fitting, recipe, effort, own) for recipe in candidates]
    losses = [
        calibrated_losses(one.probabilities(parts.choosing), parts.choosing.labels)
        for one in fitted
    ]
    best = int(np.argmin([mean_loss(each, parts.choosing.labels) for each in losses]))
    final = fitted[best]
    if not parts.chooses_apart:
        final = _fit(
            classifier, parts.training, candidates[best], effort, derive_seed(seed, "final")
        )
    offsets = None
    if effort.tunes_threshold:
        offsets = tuned_offsets(
            parts.choosing.labels, fitted[best].probabilities(parts.choosing), parts.training_counts
        )
    return {
        **predict(final, parts, offsets),
        "recipe": asdict(candidates[best]),
        "settings": candidates[best].words(),
        "choosing_losses": losses[best].tolist(),
    }


def best_recipe(tried: Sequence[Mapping[str, Any]], labels: np.ndarray) -> Mapping[str, Any]:
    """What was found of the recipe with the smallest loss on the choosing rows.

    Args:
        labels: Of these rows, int64 [n].
    """
    means = [mean_loss(np.asarray(one["choosing_losses"]), labels) for one in tried]
    return tried[int(np.argmin(means))]


def run_on_set(
    *,
    parts: Parts,
    tried: Sequence[Mapping[str, Any]],
    inner: Samples,
    sources: Samples,
    chosen: Mapping[str, Chosen],
    arm: str,
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """The best recipe, on a chosen set in place of the real rows.

    Args:
        tried: What `run_recipe` found, one dict a recipe.
        inner: Rows made from the fitting part, with which a threshold is tuned.
        sources: Rows made from the training part.
        arm: Whose set.
    """
    best = best_recipe(tried, parts.choosing.labels)
    rows = Made(parts.training, sources).rows(set_of(chosen[arm]))
    recipe = Recipe(**best["recipe"])
    fitted = _fit(classifier, rows, recipe, effort, derive_seed(seed, "final"))
    offsets = None
    if effort.tunes_threshold:
        judge = fitted
        if not parts.chooses_apart:
            fewer = Made(parts.fitting, inner).rows(set_of(chosen[arm]))
            judge = _fit(classifier, fewer, recipe, effort, derive_seed(seed, "choosing"))
        offsets = tuned_offsets(
            parts.choosing.labels, judge.probabilities(parts.choosing), parts.training_counts
        )
    return {
        **predict(fitted, parts, offsets),
        "recipe": best["recipe"],
        "settings": best["settings"],
    }


def _fit(
    classifier: ClassifierName, rows: Samples, recipe: Recipe, effort: Effort, seed: int
) -> Fitted:
    return fit(classifier, TrainingSet(rows), recipe, steps=effort.steps, seed=seed)

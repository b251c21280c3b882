"""One replicate: what each of its tasks does, every one a pure function of what it is given.

What is held out and what is in the test split reach the functions as values to predict, after every
choice was made on the training part alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.samples import Samples
from pipeline.trial.arms import Arm
from pipeline.trial.criterion import calibrated_losses, mean_loss
from pipeline.trial.curation import curate
from pipeline.trial.learners import fit

# Trains a generator on samples and draws a pool that balances them; (samples, seed) → pool.
PoolMaker = Callable[[Samples, int], Samples]
# Curates a pool; called with the keywords of `judge_pool`.
PoolJudge = Callable[..., dict[str, list[Any]]]


@dataclass(frozen=True)
class Parts:
    """The real samples of one replicate.

    Attributes:
        training: All of the training part.
        fitting: The part of it that candidates are fitted on while choosing.
        choosing: The rest of it, on which settings and doses are chosen.
        held_out: Predicted once, after every choice.
        test: The untouched test split, likewise.
    """

    training: Samples
    fitting: Samples
    choosing: Samples
    held_out: Samples
    test: Samples


@dataclass(frozen=True)
class Effort:
    """What every arm of a trial gets alike.

    Attributes:
        steps: Optimiser steps of the network in each fit.
        is_tuned: Whether each arm's settings are chosen among its candidates.
        grid: Shares of synthetic rows to try.
        origins: Sources the recommended mix may draw on.
        per_class: Whether the GAN's dose is also chosen class by class.
    """

    steps: int
    is_tuned: bool
    grid: tuple[float, ...]
    origins: tuple[str, ...]
    per_class: bool


def make_pool(*, make: PoolMaker, samples: Samples, seed: int) -> Samples:
    """Train a generator on `samples` and draw from it."""
    return make(samples, seed)


def judge_pool(
    *, pool: Samples, real: Samples, confirmer: ClassifierName, steps: int, seed: int
) -> dict[str, list[Any]]:
    """Curate a pool by the samples its generator saw; columns as lists."""
    judged = curate(pool, real, confirmer=confirmer, steps=steps, seed=seed)
    return {name: judged[name].tolist() for name in judged.columns}


def accepted(pool: Samples, judged: Mapping[str, list[Any]]) -> Samples:
    """The rows of a pool that passed curation."""
    assert list(pool.ids) == judged["id"]
    return pool.take(np.asarray(judged["accepted"], bool))


def run_cheap_arm(
    *, parts: Parts, arm: Arm, classifier: ClassifierName, effort: Effort, seed: int
) -> dict[str, Any]:
    """Choose a cheap arm's settings on the choosing part, then fit on all of the training part."""
    candidates = arm.candidates if effort.is_tuned else arm.candidates[:1]
    tried = [
        choosing_losses(parts, TrainingSet(parts.fitting), recipe, classifier, effort, seed)
        for recipe in candidates
    ]
    best = int(np.argmin([mean_loss(losses, parts.choosing.labels) for losses in tried]))
    outcome = predictions(
        parts, TrainingSet(parts.training), candidates[best], classifier, effort, seed
    )
    return {
        **outcome,
        "recipe": best,
        "settings": candidates[best].words(),
        "choosing_losses": tried[best].tolist(),
    }


def choosing_losses(
    parts: Parts,
    training: TrainingSet,
    recipe: Recipe,
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> np.ndarray:
    """Losses of the choosing rows under a classifier fitted without them, float64 [n] in nats."""
    fitted = fit(
        classifier, training, recipe, steps=effort.steps, seed=derive_seed(seed, "choosing")
    )
    return calibrated_losses(fitted.probabilities(parts.choosing), parts.choosing.labels)


def predictions(
    parts: Parts,
    training: TrainingSet,
    recipe: Recipe,
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """Fit and predict what is held out and the test split; class indices as lists."""
    fitted = fit(classifier, training, recipe, steps=effort.steps, seed=derive_seed(seed, "final"))
    return {
        "held_out": fitted.probabilities(parts.held_out).argmax(axis=1).tolist(),
        "test": fitted.probabilities(parts.test).argmax(axis=1).tolist(),
    }

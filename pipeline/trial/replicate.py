"""One replicate: what each of its tasks does, every one a pure function of what it is given.

What is held out and what is in the test split reach the functions as values to predict, after every
choice was made on the training part alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline.params import ClassifierName
from pipeline.samples import Samples
from pipeline.trial.arms import Arm
from pipeline.trial.attempts import Attempts, Effort, Parts
from pipeline.trial.criterion import mean_loss
from pipeline.trial.curation import curate

# Trains a generator on samples and draws a pool that balances them; (samples, seed) → pool.
PoolMaker = Callable[[Samples, int], Samples]
# Curates a pool; called with the keywords of `judge_pool`.
PoolJudge = Callable[..., dict[str, list[Any]]]


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
    attempts = Attempts(parts, classifier, effort, seed)
    candidates = arm.candidates if effort.is_tuned else arm.candidates[:1]
    tried = [attempts.losses(recipe) for recipe in candidates]
    best = int(np.argmin([mean_loss(losses, parts.choosing.labels) for losses in tried]))
    return {
        **attempts.predict(candidates[best]),
        "recipe": best,
        "settings": candidates[best].words(),
        "choosing_losses": tried[best].tolist(),
    }

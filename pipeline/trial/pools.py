"""The pools of one replicate: a generator trained and drawn from, its samples curated."""

from collections.abc import Callable
from typing import Any

from pipeline.params import ClassifierName
from pipeline.samples import Samples
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

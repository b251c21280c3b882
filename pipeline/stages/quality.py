"""The task beside the trial: fidelity and copies among the rows that would be shipped."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline.fidelity.networks import judge_by_columns, judge_by_networks
from pipeline.fidelity.safety import judge_safety
from pipeline.fidelity.transfer import train_on_synthetic
from pipeline.modalities.recipe import TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.params import Params
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples
from pipeline.trial.curation import choose_exactly
from pipeline.trial.learners import fit
from pipeline.trial.tasks import Task
from pipeline.trial.trial import TrialData

NAME = "fidelity and copies"
# In fits of a classifier: three, and the search for copies.
COST = 5.0
# Rows that are judged, and training rows that these are compared with: the search for copies takes
# their product. Equality with any training row is looked for all the same.
MOST_JUDGED, MOST_TRAINING = 10_000, 50_000


def task(data: TrialData, params: Params, curation: str, inception: tuple[str, str] | None) -> Task:
    """The task that judges the shipped pool.

    Args:
        curation: Name of the task that curates it.
        inception: As in `judge_pool_quality`.
    """
    return Task(
        NAME,
        judge_shipped_pool,
        {
            "train": data.shipped_real,
            "unseen": data.test,
            "pool": data.shipped_pool,
            "requested": dict(data.requested),
            "steps": params.trial.classifier_steps,
            "seed": derive_seed(params.seed, "fidelity"),
            "inception": inception,
        },
        needs={"judged": curation},
        cost=COST,
    )


def chosen_rows(
    judged: Mapping[str, Any], classes: tuple[str, ...], requested: Mapping[str, int]
) -> pd.DataFrame:
    """What curation found of the shipped pool, and which rows make up what was requested.

    The columns in one order: what comes back from a finished task has them sorted.
    """
    table = pd.DataFrame(judged).sort_index(axis="columns")
    table["chosen"] = choose_exactly(table, classes, requested)
    return table


def judge_shipped_pool(
    *,
    pool: Samples,
    judged: Mapping[str, Any],
    requested: Mapping[str, int],
    **given: Any,
) -> dict[str, Any]:
    """`judge_pool_quality` of the rows that would be shipped, once they have been curated."""
    chosen = chosen_rows(judged, pool.schema.classes, requested)["chosen"].to_numpy(bool)
    return judge_pool_quality(pool=pool.take(chosen), **given)


def judge_pool_quality(
    *,
    train: Samples,
    unseen: Samples,
    pool: Samples,
    steps: int,
    seed: int,
    inception: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Fidelity and copies, against real samples that neither generator nor network saw.

    Args:
        inception: Path and SHA-256 of the weights with which FID and KID are taken; None for the
            domain network, which all other numbers are taken with.
    """
    modality = modality_of(train.schema)
    network = fit(modality.network, TrainingSet(train), modality.judge, steps=steps, seed=seed)
    whole = pool, train
    pool, train, unseen = (
        thinned(part, most, seed=seed)
        for part, most in ((pool, MOST_JUDGED), (train, MOST_TRAINING), (unseen, MOST_JUDGED))
    )
    features = (network.features(pool), network.features(train), network.features(unseen))
    domain = (features[2], features[0])
    rows = judge_by_networks(
        unseen,
        pool,
        domain,
        inception=None if inception is None else inception[0],
        seed=seed,
    )
    rows += train_on_synthetic(
        pool,
        train,
        unseen,
        predict=partial(fit_and_predict, steps=steps, seed=seed),
        name=modality.transfer_name,
        seed=seed,
    )
    of_columns, columns = judge_by_columns(unseen, pool, train, domain, seed=seed)
    safety = judge_safety(pool, train, unseen, features=features, seed=seed, whole=whole)
    return {
        "fidelity": [row.model_dump(mode="json") for row in (*rows, *of_columns)],
        "columns": columns.model_dump(mode="json"),
        "copies": safety.model_dump(mode="json"),
    }


def thinned(samples: Samples, most: int, *, seed: int) -> Samples:
    """A random choice of at most so many rows, in their order; all where there are no more."""
    if len(samples) <= most:
        return samples
    chosen = numpy_stream(seed, "thinned", len(samples)).choice(len(samples), most, replace=False)
    return samples.take(np.sort(chosen))


def fit_and_predict(training: Samples, queries: Samples, *, steps: int, seed: int) -> np.ndarray:
    """Probabilities that a classifier fitted on `training` gives `queries`, float64 [n, classes].

    It is scored as whoever trains on a version scores his.
    """
    modality = modality_of(training.schema)
    recipe = replace(modality.judge, judges=False)
    fitted = fit(modality.transfer, TrainingSet(training), recipe, steps=steps, seed=seed)
    return fitted.probabilities(queries)

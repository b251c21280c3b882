"""Which synthetic samples are fit for use, and why the others are not.

Curation sees the generator's own training samples and nothing else: what is held out or withheld
is not among its arguments.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.manifold import ball_radii
from pipeline.modalities.recipe import TrainingSet
from pipeline.nearest import digests, nearest
from pipeline.randomness import derive_seed
from pipeline.results import CurationRow
from pipeline.samples import Samples
from pipeline.trial.learners import DOMAIN_RECIPE, FittedNetwork, fit_network
from pipeline.trial.rows import flat
from pipeline.trial.splits import out_of_fold_parts

REASONS = (
    "non-finite values",
    "copy of a training sample",
    "duplicate of another synthetic sample",
    "label not confirmed",
    "off the class's manifold",
)
# Real samples that the label test and the copy test may each wrongly turn away.
FALSE_ALARMS = 0.02
# Where a real sample of its own class is this likely, a label counts as confirmed in any case.
CERTAIN = 0.5
MANIFOLD_NEIGHBOURS = 5
FOLDS = 2


def curate(pool: Samples, real: Samples, *, steps: int, seed: int) -> pd.DataFrame:
    """Judge each synthetic sample by the real ones its generator was trained on.

    Args:
        pool: Synthetic samples.
        real: The generator's training samples.
        steps: Optimiser steps of each network that confirms labels.

    Returns:
        One row a synthetic sample, in order: id, label (int64), accepted (bool), reason ("" when
        accepted), score (probability of the asked class by networks that did not see the real
        samples on which its threshold was set), nearest_real_id, nearest_ratio, nearest_distance
        (per-pixel root mean square, in [0, 1]).
    """
    networks, scores_of_real = _out_of_fold(real, steps=steps, seed=seed)
    asked = np.mean([net.probabilities(pool) for net in networks], axis=0)
    score = asked[np.arange(len(pool)), pool.labels] if len(pool) else np.zeros(0)
    confirmed = score >= min(CERTAIN, float(np.quantile(scores_of_real, FALSE_ALARMS)))
    columns, references = flat(pool), flat(real)
    found = nearest(columns, references)
    copied = np.isin(digests(columns), digests(references))
    copied |= found.ratio < copy_threshold(real, seed=seed)
    reasons = np.select(
        [
            ~np.isfinite(columns).all(axis=1),
            copied,
            pd.Series(digests(columns)).duplicated().to_numpy(),
            ~confirmed,
            ~_on_manifold(pool, real, networks),
        ],
        REASONS,
        default="",
    )
    return pd.DataFrame(
        {
            "id": pool.ids,
            "label": pool.labels,
            "accepted": reasons == "",
            "reason": reasons.astype(object),
            "score": score,
            "nearest_real_id": real.ids[found.index] if len(pool) else np.zeros(0, object),
            "nearest_ratio": found.ratio,
            "nearest_distance": found.distance / np.sqrt(columns.shape[1]),
        }
    )


def choose_exactly(
    judged: pd.DataFrame, classes: tuple[str, ...], wanted: Mapping[str, int]
) -> np.ndarray:
    """The rows that make up the exact count a class was asked to get, bool [n].

    The first accepted rows are taken, in the order of drawing; taking the highest scores would
    take the most ordinary ones. Where too few were accepted, rows turned away for their label or
    manifold make up the number, the likeliest first; copies, duplicates and broken rows never do.
    """
    chosen = np.zeros(len(judged), bool)
    for label, name in enumerate(classes):
        own = judged[judged["label"] == label]
        usable = own[own["reason"].isin(["", *REASONS[3:]])]
        ordered = pd.concat(
            [
                usable[usable["accepted"]],
                usable[~usable["accepted"]].sort_values("score", ascending=False, kind="stable"),
            ]
        )
        chosen[ordered.index[: wanted.get(name, 0)].to_numpy()] = True
    return chosen


def summarise(judged: pd.DataFrame, classes: tuple[str, ...]) -> tuple[CurationRow, ...]:
    """Drawn, accepted and rejected by reason, for each class of which rows were drawn."""
    rows = []
    for label, name in enumerate(classes):
        own = judged[judged["label"] == label]
        if len(own):
            counts = own.loc[~own["accepted"], "reason"].value_counts()
            rejected = {reason: int(counts[reason]) for reason in REASONS if reason in counts}
            rows.append(
                CurationRow(
                    name=name,
                    drawn=len(own),
                    accepted=int(own["accepted"].sum()),
                    rejected=rejected,
                )
            )
    return tuple(rows)


def copy_threshold(real: Samples, *, seed: int) -> float:
    """Nearest / second-nearest ratio under which 2 % of unseen real samples lie.

    Half of the real samples stand in for unseen ones, against the other half, in turn.
    """
    columns = flat(real)
    ratios = [
        nearest(columns[unseen], columns[seen]).ratio
        for seen, unseen in out_of_fold_parts(real, folds=FOLDS, seed=derive_seed(seed, "copies"))
    ]
    return float(np.quantile(np.concatenate(ratios), FALSE_ALARMS))


def _out_of_fold(real: Samples, *, steps: int, seed: int) -> tuple[list[FittedNetwork], np.ndarray]:
    networks: list[FittedNetwork] = []
    scores = np.zeros(len(real))
    parts = out_of_fold_parts(real, folds=FOLDS, seed=derive_seed(seed, "curation"))
    for number, (seen, unseen) in enumerate(parts):
        network = fit_network(
            TrainingSet(real.take(seen)),
            DOMAIN_RECIPE,
            steps=steps,
            seed=derive_seed(seed, "curation network", number),
        )
        networks.append(network)
        guess = network.probabilities(real.take(unseen))
        scores[unseen] = guess[np.arange(len(unseen)), real.labels[unseen]]
    return networks, scores


def _on_manifold(pool: Samples, real: Samples, networks: list[FittedNetwork]) -> np.ndarray:
    """Inside the ball of at least one real sample of its class, in the networks' joint features."""
    own = np.concatenate([net.features(real) for net in networks], axis=1)
    drawn = np.concatenate([net.features(pool) for net in networks], axis=1)
    inside = np.zeros(len(pool), bool)
    for label in np.unique(pool.labels):
        members = own[real.labels == label]
        rows = np.flatnonzero(pool.labels == label)
        if len(members) < 3:
            inside[rows] = True
            continue
        radii = ball_radii(members, neighbours=min(MANIFOLD_NEIGHBOURS, len(members) - 1))
        distances = np.linalg.norm(drawn[rows, None] - members[None], axis=2)
        inside[rows] = (distances <= radii).any(axis=1)
    return inside

"""Which synthetic samples are fit for use, and why the others are not.

Curation sees the generator's own training samples and nothing else: what is held out or withheld
is not among its arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from pipeline.manifold import ball_radii
from pipeline.modalities.contract import Fitted
from pipeline.modalities.recipe import TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.nearest import nearest
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.results import CurationRow
from pipeline.row_digests import value_digests
from pipeline.samples import Samples
from pipeline.trial.learners import fit
from pipeline.trial.splits import out_of_fold_parts

REASONS = (
    "non-finite values",
    "copy of a training sample",
    "duplicate of another synthetic sample",
    "label not confirmed",
    "off the class's manifold",
    "class mostly mislabelled",
)
# What may make up the exact number of rows when too few were accepted.
USABLE = ("", *REASONS[3:])
# A class of whose drawn samples fewer than this share are confirmed gets none: that the rest were
# confirmed is then as likely luck as skill.
TRUSTED_SHARE = 0.5
# Share of unseen real samples that the copy test would wrongly turn away.
COPIED_REALS = 0.01
MANIFOLD_NEIGHBOURS = 5
FEWEST_ON_MANIFOLD = 3
FOLDS = 2


def curate(
    pool: Samples, real: Samples, *, confirmer: ClassifierName, steps: int, seed: int
) -> pd.DataFrame:
    """Judge each synthetic sample by the real ones its generator was trained on.

    Args:
        pool: Synthetic samples.
        real: The generator's training samples.
        confirmer: The kind of classifier that confirms labels and whose features tell distances.
        steps: Optimiser steps of each network that confirms labels.

    Returns:
        A row for each synthetic one, in order: id, label (int64), accepted (bool), reason (""
        when accepted), score (probability of the asked class), nearest_real_id, nearest_ratio,
        nearest_distance (root mean square over the space's columns).
    """
    if not len(pool):
        return _nothing_drawn()
    judges = _judges(real, confirmer, steps=steps, seed=seed)
    guess = np.mean([judge.fitted.probabilities(pool) for judge in judges], axis=0)
    score = guess[np.arange(len(pool)), pool.labels]
    space = modality_of(real.schema).space(real)
    columns, references = space.columns(pool), space.columns(real)
    found = nearest(columns, references)
    own, others = value_digests(pool), value_digests(real)
    is_equal, is_usual = np.isin(own, others), _is_usual_to_repeat(real, others)
    is_near = found.ratio < copy_threshold(references, real, seed=seed)
    reasons = _reasons(
        pool.labels,
        {
            REASONS[0]: ~np.isfinite(columns).all(axis=1),
            # Where equal rows are usual, one that is equal tells nothing of memory.
            REASONS[1]: ~is_equal & is_near if is_usual else is_equal | is_near,
            REASONS[2]: pd.Series(own).duplicated().to_numpy() & ~np.bool_(is_usual),
            REASONS[3]: ~_confirmed(guess, pool.labels, real, judges),
            REASONS[4]: ~_on_manifold(pool, real, judges),
        },
    )
    return pd.DataFrame(
        {
            "id": pool.ids,
            "label": pool.labels,
            "accepted": reasons == "",
            "reason": reasons,
            "score": score,
            "nearest_real_id": real.ids[found.index],
            "nearest_ratio": found.ratio,
            "nearest_distance": found.distance / np.sqrt(columns.shape[1]),
        }
    )


def _reasons(labels: np.ndarray, held: Mapping[str, np.ndarray]) -> np.ndarray:
    """The first of `REASONS` that holds for each sample, or "", object [n].

    Args:
        held: Reason → whether it holds, bool [n]; the last reason follows from them.
    """
    reasons = np.select(list(held.values()), list(held), default="")
    mislabelled = _mislabelled_classes(labels, ~held[REASONS[3]])
    return np.where((reasons == "") & mislabelled[labels], REASONS[5], reasons).astype(object)


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
        usable = own[own["reason"].isin(USABLE)]
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


def _nothing_drawn() -> pd.DataFrame:
    types = {
        "id": object,
        "label": np.int64,
        "accepted": bool,
        "reason": object,
        "score": np.float64,
        "nearest_real_id": object,
        "nearest_ratio": np.float64,
        "nearest_distance": np.float64,
    }
    return pd.DataFrame({name: np.zeros(0, kind) for name, kind in types.items()})


def _mislabelled_classes(labels: np.ndarray, confirmed: np.ndarray) -> np.ndarray:
    """Whether most samples drawn of a class were not confirmed, bool [highest label + 1]."""
    drawn = np.bincount(labels)
    return np.asarray(np.bincount(labels, weights=confirmed) < TRUSTED_SHARE * drawn)


def copy_threshold(columns: np.ndarray, real: Samples, *, seed: int) -> float:
    """Nearest / second-nearest ratio under which 1 % of unseen real samples lie.

    Half of the real samples stand in for unseen ones, against the other half, in turn.

    Args:
        columns: Of the real samples in the space of distances, float64 [n, d].
    """
    ratios = [
        nearest(columns[unseen], columns[seen]).ratio
        for seen, unseen in out_of_fold_parts(real, folds=FOLDS, seed=derive_seed(seed, "copies"))
    ]
    return float(np.quantile(np.concatenate(ratios), COPIED_REALS))


@dataclass(frozen=True)
class Judge:
    """A classifier that saw a part of the real samples, and no synthetic one at all.

    Attributes:
        unseen: Positions of the real samples that it did not see, int64.
    """

    fitted: Fitted
    unseen: np.ndarray


def _judges(real: Samples, confirmer: ClassifierName, *, steps: int, seed: int) -> list[Judge]:
    """Classifiers that each saw another part of the real samples.

    Their mean probability is that of an ensemble: what one has learnt by heart the others have not.
    """
    parts = out_of_fold_parts(real, folds=FOLDS, seed=derive_seed(seed, "curation"))
    return [
        Judge(
            fit(
                confirmer,
                TrainingSet(real.take(seen)),
                modality_of(real.schema).judge,
                steps=steps,
                seed=derive_seed(seed, "curation judge", number),
            ),
            unseen,
        )
        for number, (seen, unseen) in enumerate(parts)
    ]


def _confirmed(
    guess: np.ndarray, labels: np.ndarray, real: Samples, judges: list[Judge]
) -> np.ndarray:
    """Whether the judges, who gave the pool these probabilities, confirm its labels, bool [n].

    Where classes overlap, the likeliest class of an honest sample is often another one, and a pool
    that lost all such samples would lack what lies between the classes. There a label is confirmed
    unless the judges find it less likely than those of nearly all unseen real samples of its class.
    """
    confirmed = np.asarray(guess.argmax(axis=1) == labels)
    doubted = modality_of(real.schema).doubted
    if doubted is None:
        return confirmed
    score = guess[np.arange(len(labels)), labels]
    unseen = np.concatenate([judge.unseen for judge in judges])
    own = real.labels[unseen]
    scores = np.concatenate([one.fitted.probabilities(real.take(one.unseen)) for one in judges])
    scores = scores[np.arange(len(own)), own]
    for label in np.unique(labels):
        known = scores[own == label]
        if len(known):
            least = np.quantile(known, doubted, method="lower")
            confirmed |= (labels == label) & (score >= least)
    return confirmed


def _is_usual_to_repeat(real: Samples, values: np.ndarray) -> bool:
    """Whether so many real samples have an equal one that a copy could not be told by it."""
    if not modality_of(real.schema).repeats:
        return False
    return float(pd.Series(values).duplicated(keep=False).mean()) > COPIED_REALS


def _on_manifold(pool: Samples, real: Samples, judges: list[Judge]) -> np.ndarray:
    """Inside the ball of at least one real sample of its class, in the judges' joint features."""
    own = np.concatenate([judge.fitted.features(real) for judge in judges], axis=1)
    drawn = np.concatenate([judge.fitted.features(pool) for judge in judges], axis=1)
    inside = np.zeros(len(pool), bool)
    for label in np.unique(pool.labels):
        members = own[real.labels == label]
        rows = np.flatnonzero(pool.labels == label)
        if len(members) < FEWEST_ON_MANIFOLD:
            inside[rows] = True
            continue
        radii = ball_radii(members, neighbours=min(MANIFOLD_NEIGHBOURS, len(members) - 1))
        inside[rows] = (cdist(drawn[rows], members) <= radii).any(axis=1)
    return inside

"""What a consumer finds: one who fits plainly on a set, as whoever pulls it will do.

What is held out and what is in the test split are predicted after every choice was made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipeline.composition import Composition, oversampled, put_together
from pipeline.modalities.contract import Fitted
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.samples import Samples
from pipeline.trial.criterion import calibrated_losses, mean_loss
from pipeline.trial.learners import fit, plain_recipes
from pipeline.trial.parts import Effort, Parts
from pipeline.trial.predictions import predict
from pipeline.trial.sets import best_of
from pipeline.trial.sources import available, by_origin
from pipeline.trial.thresholds import tuned_offsets

# The real rows as they are, and repeated until classes are equally large.
REAL, OVERSAMPLED = "real", "oversampled"
# A set as plain data: how far it fills, and its sources.
Chosen = Sequence[Any]


def try_sets(
    *,
    parts: Parts,
    sources: Samples,
    sets: tuple[Composition, ...],
    consumer: ClassifierName,
    effort: Effort,
    seed: int,
    shortlisted: Sequence[Chosen] | None = None,
) -> list[dict[str, Any]]:
    """Losses of the choosing rows by each set, fitted on the fitting part and what was made of it.

    Args:
        sources: Rows made from the fitting part alone.
        shortlisted: The sets to try, as (fill, origins); None for all.

    Returns:
        One dict a set that was tried: `fill`, `origins`, and `losses`, float [n] in nats.
    """
    wanted = None if shortlisted is None else {set_of(one) for one in shortlisted}
    made = Made(parts.fitting, sources)
    tried = []
    for one in sets:
        if wanted is None or one in wanted:
            fitted = _fit(consumer, made.rows(one), Recipe(), effort, derive_seed(seed, "choosing"))
            losses = _losses(fitted, parts.choosing)
            tried.append(
                {"fill": one.fill, "origins": list(one.origins), "losses": losses.tolist()}
            )
    return tried


def shortlist(
    *,
    labels: np.ndarray,
    searches: Mapping[str, tuple[Composition, ...]],
    tried: Sequence[Sequence[Mapping[str, Any]]],
    most: int,
) -> list[list[Any]]:
    """The best sets of each search by the mean over the consumers that tried them.

    Args:
        labels: Of the choosing rows, int64 [n].
        searches: Arm → the sets that it is looked for among.
        tried: What `try_sets` found, one consumer each.
        most: Sets of each search.
    """
    losses = _mean_losses(tried)
    best = [best_of(sets, losses, labels)[:most] for sets in searches.values()]
    return [[one.fill, list(one.origins)] for sets in best for one in sets]


def choose_sets(
    *,
    labels: np.ndarray,
    searches: Mapping[str, tuple[Composition, ...]],
    tried: Sequence[Sequence[Mapping[str, Any]]],
) -> dict[str, list[Any]]:
    """Arm → its set (fill, origins): that with the smallest loss, mean over all consumers.

    Only sets that every consumer tried are chosen among.
    """
    losses = _mean_losses(tried)
    best = {arm: best_of(sets, losses, labels)[0] for arm, sets in searches.items()}
    return {arm: [one.fill, list(one.origins)] for arm, one in best.items()}


def fit_sets(
    *,
    parts: Parts,
    inner: Samples,
    sources: Samples,
    chosen: Mapping[str, Chosen],
    others: Mapping[str, Composition],
    consumer: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Arm → what a plain fit on its rows predicts, its regularisation tuned on the choosing rows.

    The arms are the two references, the chosen sets, and `others`.

    Args:
        inner: Rows made from the fitting part, with which regularisation is chosen.
        sources: Rows made from the training part, with which the scored fits are made.
    """
    sets = {arm: set_of(one) for arm, one in chosen.items()} | dict(others)
    choosing, scoring = Made(parts.fitting, inner), Made(parts.training, sources)
    found = {}
    for arm in (REAL, OVERSAMPLED, *sets):
        tuned = _tune(consumer, partial(choosing.arm, arm, sets), parts, effort, seed)
        rows = scoring.arm(arm, sets)
        fitted = _fit(consumer, rows, tuned.recipe, effort, derive_seed(seed, "final"))
        found[arm] = {
            **predict(fitted, parts, tuned.offsets(fitted, parts)),
            "regularisation": tuned.recipe.regularisation,
            "settings": sets[arm].words() if arm in sets else _REFERENCE_WORDS[arm],
        }
    return found


def fit_filled(
    *,
    parts: Parts,
    withheld: Samples,
    wanted: np.ndarray,
    filled_share: float,
    consumer: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """A plain fit on the training rows and withheld real ones: the ceiling, and the way there.

    Args:
        wanted: Rows that each class is to get in all, int64 [classes].
        filled_share: How much of them is added; 1 is the ceiling.
    """
    counts = np.round(filled_share * wanted).astype(np.int64)
    filled = put_together(parts.training, {"real": withheld}, {"real": counts})
    inside = partial(_filled_inside, parts, withheld, counts, effort)
    tuned = _tune(consumer, inside, parts, effort, seed)
    fitted = _fit(consumer, filled, tuned.recipe, effort, derive_seed(seed, "final"))
    return {
        **predict(fitted, parts, tuned.offsets(fitted, parts)),
        "settings": "real rows in place of added ones",
        "counts": list(filled.counts().values()),
    }


def set_of(one: Chosen) -> Composition:
    """The set that plain data name."""
    return Composition(one[0], tuple(one[1]))


class Made:
    """Sets of one part of the real rows, put together once each."""

    def __init__(self, real: Samples, sources: Samples):
        self._real, self._sources = real, by_origin(sources)
        self._counts = np.bincount(real.labels, minlength=len(real.schema.classes))

    def rows(self, one: Composition) -> Samples:
        """The rows of a set."""
        there = available(self._sources, len(self._counts))
        counts = {o: n for o, n in one.counts(self._counts, there).items() if o in self._sources}
        return put_together(self._real, self._sources, counts)

    def arm(self, name: str, sets: Mapping[str, Composition]) -> Samples:
        """The rows of an arm: of a reference, or of one of the sets."""
        if name == REAL:
            return self._real
        return oversampled(self._real) if name == OVERSAMPLED else self.rows(sets[name])


_REFERENCE_WORDS = {
    REAL: "the real rows as they are",
    OVERSAMPLED: "the real rows, those of smaller classes repeated until all are equally many",
}


@dataclass(frozen=True)
class Tuned:
    """What was chosen for an arm on the choosing rows.

    Attributes:
        probabilities: Of the choosing rows, by a fit that has not seen them, float64 [n, classes];
            None where they were not needed.
    """

    recipe: Recipe
    effort: Effort
    probabilities: np.ndarray | None

    def offsets(self, final: Fitted, parts: Parts) -> dict[str, list[float]] | None:
        """The decision rule of whoever tunes a threshold; None where nobody does.

        The final fit, where it has not seen the choosing rows either, serves better than another.
        """
        if not self.effort.tunes_threshold:
            return None
        given = final.probabilities(parts.choosing) if parts.chooses_apart else self.probabilities
        assert given is not None
        return tuned_offsets(parts.choosing.labels, given, parts.training_counts)


def _tune(
    consumer: ClassifierName,
    rows: Callable[[], Samples],
    parts: Parts,
    effort: Effort,
    seed: int,
) -> Tuned:
    """The plain recipe whose regularisation does best on the choosing rows, the usual of equals.

    Where nothing is to be chosen nothing is fitted, unless a threshold is to be tuned.

    Args:
        rows: Makes the arm's rows of the fitting part.
    """
    recipes = plain_recipes(consumer) if effort.is_tuned else (Recipe(),)
    if len(recipes) == 1 and (parts.chooses_apart or not effort.tunes_threshold):
        return Tuned(recipes[0], effort, None)
    made, own = rows(), derive_seed(seed, "choosing")
    each = [_fit(consumer, made, one, effort, own).probabilities(parts.choosing) for one in recipes]
    labels = parts.choosing.labels
    losses = [mean_loss(calibrated_losses(one, labels), labels) for one in each]
    best = int(np.argmin(losses))
    return Tuned(recipes[best], effort, each[best])


def _filled_inside(parts: Parts, withheld: Samples, counts: np.ndarray, effort: Effort) -> Samples:
    """The fitting part, with withheld rows in the proportion that the training part gets them.

    A threshold depends on how many rows of each class there are; regularisation hardly does, so
    that it is chosen without them where it is all that is chosen.
    """
    if not effort.tunes_threshold:
        return parts.fitting
    fitting = np.bincount(parts.fitting.labels, minlength=len(counts))
    fewer = np.round(counts * fitting / np.maximum(parts.training_counts, 1)).astype(np.int64)
    return put_together(parts.fitting, {"real": withheld}, {"real": fewer})


def _fit(
    consumer: ClassifierName, rows: Samples, recipe: Recipe, effort: Effort, seed: int
) -> Fitted:
    return fit(consumer, TrainingSet(rows), recipe, steps=effort.steps, seed=seed)


def _losses(fitted: Fitted, choosing: Samples) -> np.ndarray:
    return calibrated_losses(fitted.probabilities(choosing), choosing.labels)


def _mean_losses(tried: Sequence[Sequence[Mapping[str, Any]]]) -> dict[Composition, np.ndarray]:
    """Of every set that all of these consumers tried, the mean loss of each row over them."""
    each = [
        {
            Composition(row["fill"], tuple(row["origins"])): np.asarray(row["losses"])
            for row in found
        }
        for found in tried
    ]
    common = [one for one in each[0] if all(one in other for other in each)]
    return {one: np.mean([other[one] for other in each], axis=0) for one in common}

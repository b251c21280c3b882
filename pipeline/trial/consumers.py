"""What a consumer finds: one who fits plainly on a set, as whoever pulls it will do.

What is held out and what is in the test split are predicted after every choice was made.
"""

from collections.abc import Mapping, Sequence
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
        recipe = Recipe()
        if effort.is_tuned:
            recipe = _tuned(consumer, choosing.arm(arm, sets), parts.choosing, effort, seed)
        rows = scoring.arm(arm, sets)
        found[arm] = {
            **predict(_fit(consumer, rows, recipe, effort, derive_seed(seed, "final")), parts),
            "regularisation": recipe.regularisation,
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
    recipe = Recipe()
    if effort.is_tuned:
        recipe = _tuned(consumer, parts.fitting, parts.choosing, effort, seed)
    fitted = _fit(consumer, filled, recipe, effort, derive_seed(seed, "final"))
    return {
        **predict(fitted, parts),
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


def _tuned(
    consumer: ClassifierName, rows: Samples, choosing: Samples, effort: Effort, seed: int
) -> Recipe:
    """The plain recipe whose regularisation does best on the choosing rows, the usual of equals."""
    recipes = plain_recipes(consumer)
    if len(recipes) == 1:
        return recipes[0]
    own = derive_seed(seed, "choosing")
    losses = [
        mean_loss(_losses(_fit(consumer, rows, one, effort, own), choosing), choosing.labels)
        for one in recipes
    ]
    return recipes[int(np.argmin(losses))]


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

"""What a generator's samples and other sources add: doses chosen, then arms fitted, scored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.modalities.recipe import Recipe
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, concatenate
from pipeline.trial.arms import Arm
from pipeline.trial.attempts import Attempts, Effort, Parts, dose_key
from pipeline.trial.criterion import mean_loss
from pipeline.trial.dose import Choice, Dose, Shares, choose_mix, choose_share
from pipeline.trial.replicate import accepted
from pipeline.trial.rows import CHEAP_ROWS

# A filled set holds the classes equally often: so are they drawn when nothing else is done.
FILLED = Recipe(sampling=1.0)


def run_mixtures(
    *,
    parts: Parts,
    arms: tuple[Arm, ...],
    cheap: Sequence[Mapping[str, Any]],
    pool: Samples,
    judged: Mapping[str, list[Any]],
    final_pool: Samples,
    final_judged: Mapping[str, list[Any]],
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """The GAN on top of the best cheap arm, deformed copies likewise, and the recommended mix.

    Args:
        cheap: What `run_cheap_arm` found for each of `arms`.
        pool, judged: Of the generator that saw the fitting part only, for choosing.
        final_pool, final_judged: Of the generator whose rows the scored fits use.
    """
    base = best_cheap(cheap, parts.choosing.labels)
    recipe = arms[base].candidates[cheap[base]["recipe"]]
    inner = _sources(parts.fitting, pool, judged, effort, seed)
    final = _sources(parts.training, final_pool, final_judged, effort, seed)
    attempts = Attempts(parts, classifier, effort, seed, inner=inner, final=final)
    none = Dose(np.asarray(cheap[base]["choosing_losses"]))
    choice = Choice(
        try_dose=Tried(attempts, recipe),
        labels=parts.choosing.labels,
        grid=effort.grid,
        available=_available(inner, final),
        per_class=effort.per_class,
    )
    single = {
        f"best_cheap_{origin}": choose_share(choice, none, origin=origin)
        for origin in ("gan", "deformed")
        if origin in effort.origins
    }
    mix = choose_mix(choice, none, origins=effort.origins)
    steps = _nested(mix)
    outcomes = {
        dose_key(shares): attempts.predict(recipe, shares) if shares else _predicted(cheap[base])
        for shares in [*steps, *(dose.shares for dose in single.values())]
    }
    return {
        "base": arms[base].name,
        **{
            name: _described(outcomes[dose_key(dose.shares)], recipe, dose.shares)
            for name, dose in single.items()
        },
        "mix": _described(outcomes[dose_key(mix.shares)], recipe, mix.shares),
        "mix_steps": [{"origins": list(shares), **outcomes[dose_key(shares)]} for shares in steps],
    }


class Tried:
    """Losses of the choosing rows by dose, each dose fitted once."""

    def __init__(self, attempts: Attempts, recipe: Recipe):
        self._attempts, self._recipe = attempts, recipe
        self._losses: dict[str, np.ndarray] = {}

    def __call__(self, shares: Shares) -> np.ndarray:
        """Losses with a dose, float64 [n] in nats."""
        key = dose_key(shares)
        if key not in self._losses:
            self._losses[key] = self._attempts.losses(self._recipe, shares)
        return self._losses[key]


def run_on_real_only(
    *,
    parts: Parts,
    origin: str,
    pool: Samples,
    judged: Mapping[str, list[Any]],
    final_pool: Samples,
    final_judged: Mapping[str, list[Any]],
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """A generator's rows on top of real ones and nothing else, at the best share above zero."""
    inner, final = (
        {origin: accepted(*each)} for each in ((pool, judged), (final_pool, final_judged))
    )
    attempts = Attempts(parts, classifier, effort, seed, inner=inner, final=final)
    available = _available(inner, final)[origin]
    shares = [{origin: np.where(available, share, 0.0)} for share in effort.grid]
    best = shares[0]
    if effort.is_tuned:
        labels = parts.choosing.labels
        best = min(shares, key=lambda dose: mean_loss(attempts.losses(FILLED, dose), labels))
    return _described(attempts.predict(FILLED, best), FILLED, best)


def run_with_more_real(
    *,
    parts: Parts,
    arms: tuple[Arm, ...],
    cheap: Sequence[Mapping[str, Any]],
    withheld: Samples,
    wanted: np.ndarray,
    filled_share: float,
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """The best cheap arm with withheld real samples: the ceiling, and the way there.

    Args:
        wanted: Rows that each class is to get in all, int64 [classes].
        filled_share: How much of them is added; 1 is the ceiling.
    """
    base = best_cheap(cheap, parts.choosing.labels)
    recipe = arms[base].candidates[cheap[base]["recipe"]]
    filled = fill_with_real(parts.training, withheld, filled_share * wanted)
    outcome = Attempts(replace(parts, training=filled), classifier, effort, seed).predict(recipe)
    return {**_described(outcome, recipe, {}), "counts": list(filled.counts().values())}


def best_cheap(cheap: Sequence[Mapping[str, Any]], labels: np.ndarray) -> int:
    """Position of the arm with the smallest loss on the choosing rows, int64 labels [n]."""
    return int(np.argmin([mean_loss(np.asarray(o["choosing_losses"]), labels) for o in cheap]))


def fill_with_real(training: Samples, withheld: Samples, wanted: np.ndarray) -> Samples:
    """Training rows and withheld ones: of each class `wanted`, float [classes], or all of them."""
    rows = [
        np.flatnonzero(withheld.labels == label)[: round(float(count))]
        for label, count in enumerate(wanted)
    ]
    return concatenate([training, withheld.take(np.concatenate(rows))])


def _available(inner: Mapping[str, Samples], final: Mapping[str, Samples]) -> dict[str, np.ndarray]:
    """origin → the classes of which it has rows both to choose and to score with, bool [classes].

    A dose of rows that do not exist would be chosen by luck and mean nothing.
    """

    def held(samples: Samples) -> np.ndarray:
        return np.bincount(samples.labels, minlength=len(samples.schema.classes)) > 0

    # A part that is balanced by itself has no pool, and therefore no rows of any origin.
    return {
        origin: held(inner[origin]) & held(final[origin]) for origin in inner if origin in final
    }


def _sources(
    real: Samples, pool: Samples, judged: Mapping[str, list[Any]], effort: Effort, seed: int
) -> dict[str, Samples]:
    """The accepted rows of the pool, and as many cheap rows of each class as were drawn of it."""
    drawn = np.bincount(pool.labels, minlength=len(real.counts()))
    cheap: dict[str, Samples] = {
        origin: make(real, drawn, seed=derive_seed(seed, "source"))
        for origin, make in CHEAP_ROWS.items()
        if origin in effort.origins and drawn.any()
    }
    return {"gan": accepted(pool, judged), **cheap}


def _nested(mix: Dose) -> list[dict[str, np.ndarray]]:
    """The mix as it grew: nothing added, then one origin after the other."""
    items = list(mix.shares.items())
    return [dict(items[:n]) for n in range(len(items) + 1)]


def _described(outcome: Mapping[str, Any], recipe: Recipe, shares: Shares) -> dict[str, Any]:
    doses = {origin: share.tolist() for origin, share in shares.items() if share.any()}
    return {**_predicted(outcome), "settings": recipe.words(), "doses": doses}


def _predicted(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {"held_out": outcome["held_out"], "test": outcome["test"]}

"""What a generator's samples and other sources add: doses chosen, then arms fitted, scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, concatenate
from pipeline.trial.arms import Arm
from pipeline.trial.criterion import mean_loss
from pipeline.trial.dose import Dose, Shares, choose_mix, choose_share
from pipeline.trial.replicate import Effort, Parts, accepted, choosing_losses, predictions
from pipeline.trial.rows import classical_rows, smote_rows

COPIES_STRENGTH = 1.0
# A filled set holds the classes equally often: so are they drawn when nothing else is done.
FILLED = Recipe(sampling=1.0)


@dataclass(frozen=True)
class Fits:
    """Fits of one classifier in one replicate, each dose tried once.

    Attributes:
        inner: origin → rows made from the fitting part alone.
        final: origin → rows made from the whole training part.
    """

    parts: Parts
    classifier: ClassifierName
    effort: Effort
    seed: int
    inner: Mapping[str, Samples]
    final: Mapping[str, Samples]

    def losses(self, recipe: Recipe, shares: Shares) -> np.ndarray:
        """Losses of the choosing rows with a dose."""
        training = TrainingSet(self.parts.fitting, _extras(self.inner, shares))
        return choosing_losses(
            self.parts, training, recipe, self.classifier, self.effort, self.seed
        )

    def predict(self, recipe: Recipe, shares: Shares) -> dict[str, Any]:
        """Predictions of a fit on the whole training part with a dose."""
        training = TrainingSet(self.parts.training, _extras(self.final, shares))
        return predictions(self.parts, training, recipe, self.classifier, self.effort, self.seed)


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
    """The GAN on top of the best cheap arm, and the recommended mix.

    Args:
        cheap: What `run_cheap_arm` found for each of `arms`.
        pool, judged: Of the generator that saw the fitting part only, for choosing.
        final_pool, final_judged: Of the generator whose rows the scored fits use.
    """
    base = best_cheap(cheap, parts.choosing.labels)
    recipe = arms[base].candidates[cheap[base]["recipe"]]
    inner = _sources(parts.fitting, pool, judged, effort, seed)
    final = _sources(parts.training, final_pool, final_judged, effort, seed)
    fits = Fits(parts, classifier, effort, seed, inner, final)
    tried: dict[str, np.ndarray] = {}

    def try_dose(shares: Shares) -> np.ndarray:
        if _key(shares) not in tried:
            tried[_key(shares)] = fits.losses(recipe, shares)
        return tried[_key(shares)]

    labels, none = parts.choosing.labels, Dose(np.asarray(cheap[base]["choosing_losses"]))
    grid, needy = effort.grid, _drawn_classes(final_pool)
    gan = choose_share(
        try_dose, none, labels, origin="gan", grid=grid, needy=needy, per_class=effort.per_class
    )
    mix = choose_mix(try_dose, none, labels, origins=effort.origins, grid=grid, needy=needy)
    steps = _nested(mix)
    outcomes = {
        _key(shares): fits.predict(recipe, shares) if shares else _predicted(cheap[base])
        for shares in [*steps, gan.shares]
    }
    return {
        "base": arms[base].name,
        "best_cheap_gan": _described(outcomes[_key(gan.shares)], recipe, gan.shares),
        "mix": _described(outcomes[_key(mix.shares)], recipe, mix.shares),
        "mix_steps": [{"origins": list(shares), **outcomes[_key(shares)]} for shares in steps],
    }


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
    fits = Fits(parts, classifier, effort, seed, inner, final)
    needy = _drawn_classes(final_pool)
    shares = [{origin: np.where(needy, share, 0.0)} for share in effort.grid]
    best = shares[0]
    if effort.is_tuned:
        labels = parts.choosing.labels
        best = min(shares, key=lambda dose: mean_loss(fits.losses(FILLED, dose), labels))
    return _described(fits.predict(FILLED, best), FILLED, best)


def run_with_more_real(
    *,
    parts: Parts,
    arms: tuple[Arm, ...],
    cheap: Sequence[Mapping[str, Any]],
    withheld: Samples,
    filled_share: float,
    classifier: ClassifierName,
    effort: Effort,
    seed: int,
) -> dict[str, Any]:
    """The best cheap arm with withheld real samples: the ceiling, and the way there.

    Args:
        filled_share: How much of the distance to the largest class is filled; 1 is the ceiling.
    """
    base = best_cheap(cheap, parts.choosing.labels)
    recipe = arms[base].candidates[cheap[base]["recipe"]]
    filled = fill_with_real(parts.training, withheld, filled_share)
    outcome = predictions(parts, TrainingSet(filled), recipe, classifier, effort, seed)
    return {**_described(outcome, recipe, {}), "counts": list(filled.counts().values())}


def best_cheap(cheap: Sequence[Mapping[str, Any]], labels: np.ndarray) -> int:
    """Position of the arm with the smallest loss on the choosing rows, int64 labels [n]."""
    return int(np.argmin([mean_loss(np.asarray(o["choosing_losses"]), labels) for o in cheap]))


def fill_with_real(training: Samples, withheld: Samples, share: float = 1.0) -> Samples:
    """Training rows and withheld ones, `share` of the way to the largest class or all there are."""
    counts = TrainingSet(training).real_counts
    rows = [
        np.flatnonzero(withheld.labels == label)[: round(share * (counts.max() - count))]
        for label, count in enumerate(counts)
    ]
    return concatenate([training, withheld.take(np.concatenate(rows))])


def _drawn_classes(pool: Samples) -> np.ndarray:
    """The classes that were asked to get rows, bool [classes]."""
    return np.bincount(pool.labels, minlength=len(pool.schema.classes)) > 0


def _sources(
    real: Samples, pool: Samples, judged: Mapping[str, list[Any]], effort: Effort, seed: int
) -> dict[str, Samples]:
    """The accepted rows of the pool, and as many cheap rows of each class as were drawn of it."""
    drawn = np.bincount(pool.labels, minlength=len(real.counts()))
    sources = {"gan": accepted(pool, judged)}
    if "classical" in effort.origins and drawn.any():
        sources["classical"] = classical_rows(
            real, drawn, strength=COPIES_STRENGTH, seed=derive_seed(seed, "source")
        )
    if "smote" in effort.origins and drawn.any():
        sources["smote"] = smote_rows(real, drawn, seed=derive_seed(seed, "source"))
    return sources


def _extras(sources: Mapping[str, Samples], shares: Shares) -> tuple[Extra, ...]:
    return tuple(Extra(origin, sources[origin], share) for origin, share in shares.items())


def _nested(mix: Dose) -> list[dict[str, np.ndarray]]:
    """The mix as it grew: nothing added, then one origin after the other."""
    items = list(mix.shares.items())
    return [dict(items[:n]) for n in range(len(items) + 1)]


def _described(outcome: Mapping[str, Any], recipe: Recipe, shares: Shares) -> dict[str, Any]:
    doses = {origin: share.tolist() for origin, share in shares.items() if share.any()}
    return {**_predicted(outcome), "settings": recipe.words(), "doses": doses}


def _predicted(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {"held_out": outcome["held_out"], "test": outcome["test"]}


def _key(shares: Shares) -> str:
    return repr({origin: share.tolist() for origin, share in shares.items()})

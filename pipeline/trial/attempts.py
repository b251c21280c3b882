"""The fits of one classifier in one replicate: tried on the choosing rows, then scored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.modalities.recipe import Extra, Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed
from pipeline.results import Origin
from pipeline.samples import Samples
from pipeline.trial.criterion import calibrated_losses
from pipeline.trial.dose import Shares
from pipeline.trial.learners import Fitted, fit

NO_EXTRAS: Shares = {}


@dataclass(frozen=True)
class Parts:
    """The real samples of one replicate.

    Attributes:
        training: What the scored fits are trained on.
        fitting: What candidates are fitted on while choosing.
        choosing: Rows that `fitting` lacks, on which settings and doses are chosen.
        held_out: Predicted once, after every choice.
        test: The untouched test split, likewise.
        chooses_apart: Whether `fitting` is all of `training`, so that one fit serves both uses.
    """

    training: Samples
    fitting: Samples
    choosing: Samples
    held_out: Samples
    test: Samples
    chooses_apart: bool = False


@dataclass(frozen=True)
class Effort:
    """What every arm of a trial gets alike.

    Attributes:
        steps: Optimiser steps of the network in each fit.
        is_tuned: Whether each arm's settings are chosen among its candidates.
        grid: Shares of synthetic rows to try.
        origins: Sources the recommended mix may draw on.
        per_class: Whether doses are also chosen class by class.
    """

    steps: int
    is_tuned: bool
    grid: tuple[float, ...]
    origins: tuple[Origin, ...]
    per_class: bool


class Attempts:
    """Fits by recipe and dose, each made once.

    Where the choosing rows lie apart from the training part, the fit that was tried is the fit that
    is scored; otherwise the chosen recipe is fitted again on the whole training part.

    Args:
        inner: origin → rows made from the fitting part alone.
        final: origin → rows made from the training part.
    """

    def __init__(
        self,
        parts: Parts,
        classifier: ClassifierName,
        effort: Effort,
        seed: int,
        *,
        inner: Mapping[str, Samples] | None = None,
        final: Mapping[str, Samples] | None = None,
    ):
        self._parts, self._classifier, self._effort, self._seed = parts, classifier, effort, seed
        self._inner, self._final = inner or {}, final or {}
        self._fitted: dict[str, Fitted] = {}

    def losses(self, recipe: Recipe, shares: Shares = NO_EXTRAS) -> np.ndarray:
        """Losses of the choosing rows, float64 [n] in nats."""
        if self._parts.chooses_apart:
            fitted = self._final_fit(recipe, shares)
        else:
            fitted = self._fit("choosing", self._parts.fitting, self._inner, recipe, shares)
        choosing = self._parts.choosing
        return calibrated_losses(fitted.probabilities(choosing), choosing.labels)

    def predict(self, recipe: Recipe, shares: Shares = NO_EXTRAS) -> dict[str, Any]:
        """What is held out and the test split under a fit on the training part, class indices."""
        fitted = self._final_fit(recipe, shares)
        return {
            "held_out": fitted.probabilities(self._parts.held_out).argmax(axis=1).tolist(),
            "test": fitted.probabilities(self._parts.test).argmax(axis=1).tolist(),
        }

    def _final_fit(self, recipe: Recipe, shares: Shares) -> Fitted:
        key = f"{recipe} {dose_key(shares)}"
        if key not in self._fitted:
            self._fitted[key] = self._fit(
                "final", self._parts.training, self._final, recipe, shares
            )
        return self._fitted[key]

    def _fit(
        self,
        use: str,
        real: Samples,
        sources: Mapping[str, Samples],
        recipe: Recipe,
        shares: Shares,
    ) -> Fitted:
        extras = tuple(Extra(origin, sources[origin], share) for origin, share in shares.items())
        return fit(
            self._classifier,
            TrainingSet(real, extras),
            recipe,
            steps=self._effort.steps,
            seed=derive_seed(self._seed, use),
        )


def dose_key(shares: Shares) -> str:
    """Equal for equal doses in equal order."""
    return repr({origin: share.tolist() for origin, share in shares.items()})

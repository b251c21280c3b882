"""From the raw results of a trial to its findings: three questions, asked of every consumer."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from pipeline.composition import Composition
from pipeline.metrics import METRICS, DecisionRule
from pipeline.params import TrialParams
from pipeline.results import (
    PANEL,
    WITH_GAN,
    WITHOUT_GAN,
    Comparison,
    Interval,
    Origin,
    RecipeAdvice,
    Verdict,
)
from pipeline.trial.comparison import Comparer, answer_to
from pipeline.trial.consumers import OVERSAMPLED, REAL, set_of
from pipeline.trial.panel import BEST_ON_SET, BEST_RECIPE, CEILING, Panel, make_panel
from pipeline.trial.plan import chosen_name
from pipeline.trial.sets import NOTHING
from pipeline.trial.trial import TrialData, TrialOutcome


class Findings:
    """Everything that is computed from the raw results of a trial.

    Attributes:
        recommended: The arm whose set is recommended: with GAN rows only where they are proven to
            help.
        reference: Of the real rows as they are and oversampled, the arm with the higher mean score.
        panel: Every arm by consumer, by the decision rule for which the dataset is promoted.
        comparisons: Every question under the panel, then under each consumer.
        other_panel: The same by the other rule; None where the rule makes no difference, or was
            not looked at.
        other_comparisons: The first question by the other rule.
    """

    def __init__(self, data: TrialData, params: TrialParams, outcome: TrialOutcome):
        self._data, self._params, self._outcome = data, params, outcome
        rule = rule_of(params)
        self._comparer = self._comparer_of(make_panel(data, params, outcome, rule=rule))
        asked = (PANEL, *params.consumers)
        gan = [
            self._comparer.compare("GAN rows in the set", name, WITH_GAN, WITHOUT_GAN)
            for name in asked
        ]
        self.gan_verdict: Verdict = gan[0].verdict
        self.recommended = WITH_GAN if self.gan_verdict == "helps" else WITHOUT_GAN
        self.panel = make_panel(data, params, outcome, rule=rule, recommended=self.recommended)
        self._comparer = self._comparer_of(self.panel)
        metric = params.primary_metric
        self.reference = max(
            (REAL, OVERSAMPLED), key=lambda arm: self.panel.merit(PANEL, arm, metric)
        )
        sets = self._of_sets(self._comparer)
        self.comparisons = (*sets, *gan, *self._of_recipes())
        self.verdict = answer_to("set against real rows", self.comparisons, PANEL)
        self.other_panel: Panel | None = None
        self.other_comparisons: tuple[Comparison, ...] = ()
        if self._asks_twice():
            self.other_panel = make_panel(
                data, params, outcome, rule=other_rule(rule), recommended=self.recommended
            )
            self.other_comparisons = self._of_sets(self._comparer_of(self.other_panel))

    def gap_closed(self) -> tuple[float | None, Interval | None]:
        """Of the way from the better reference to the ceiling, the share that the set goes."""
        return self._comparer.gap_closed(
            PANEL, self.recommended, reference=self.reference, ceiling=CEILING
        )

    @property
    def composition(self) -> Composition:
        """The recommended set: what most replicates chose, the first of equals.

        Where it was shown to harm, the real rows alone are what is safe to train on.
        """
        if self.verdict == "harms":
            return NOTHING
        return max(self._chosen, key=self._chosen.__getitem__)

    def words(self) -> str:
        """The recommended set in a sentence: what it holds, and how far the replicates agreed."""
        if self.verdict == "harms":
            return f"{NOTHING.words()}, since the best set that was found harms"
        chosen = self._chosen
        agreed = f"chosen in {chosen[self.composition]} of {sum(chosen.values())} replicates"
        return f"{self.composition.words()} ({agreed})"

    def in_set(self, cheap: dict[Origin, np.ndarray]) -> dict[Origin, np.ndarray]:
        """Rows of each class that each source gives to the shipped set, int64 [classes].

        Args:
            cheap: Rows that can be had of each source that costs no generator.
        """
        real = np.array(list(self._data.shipped_real.counts().values()))
        shipped = pd.DataFrame(self._outcome.shipped)
        accepted = shipped["label"][shipped["accepted"].astype(bool)].to_numpy(np.int64)
        gan = np.bincount(accepted, minlength=len(real))
        return {"real": real, **self.composition.counts(real, {**cheap, "gan": gan})}

    def advice(self) -> tuple[RecipeAdvice, ...]:
        """The best way to train of each classifier for which it was looked for."""
        return tuple(self._advice_for(name) for name in self._params.advise or ())

    @property
    def _chosen(self) -> Counter[Composition]:
        replicates = range(len(self._outcome.splits))
        return Counter(
            set_of(self._outcome.results[chosen_name(r)][self.recommended]) for r in replicates
        )

    def _advice_for(self, name: str) -> RecipeAdvice:
        metric = self._params.primary_metric
        on_set, on_real = (
            self.panel.merit(name, arm, metric) for arm in (BEST_ON_SET, BEST_RECIPE)
        )
        found: list[dict[str, Any]] = [dict(one) for one in self.panel.found[name, BEST_RECIPE]]
        words = Counter(str(one["settings"]) for one in found)
        most = max(words, key=words.__getitem__)
        recipe = next(one["recipe"] for one in found if one["settings"] == most)
        agreed = f"chosen in {words[most]} of {len(found)} replicates"
        return RecipeAdvice(
            classifier=name, words=f"{most} ({agreed})", recipe=recipe, on_set=on_set > on_real
        )

    def _comparer_of(self, panel: Panel) -> Comparer:
        ratio = float(np.mean([split.held_out_ratio for split in self._outcome.splits]))
        return Comparer(panel, self._params, held_out_ratio=ratio)

    def _asks_twice(self) -> bool:
        """Whether a threshold matters, and was tuned for every arm."""
        params = self._params
        return METRICS[params.primary_metric].by_label and all(
            "offsets" in one
            for name in params.consumers
            for arm in (REAL, OVERSAMPLED, self.recommended)
            for one in self.panel.found[name, arm]
        )

    def _of_sets(self, comparer: Comparer) -> tuple[Comparison, ...]:
        return tuple(
            comparer.compare("set against real rows", name, self.recommended, reference)
            for name in (PANEL, *self._params.consumers)
            for reference in (REAL, OVERSAMPLED)
        )

    def _of_recipes(self) -> list[Comparison]:
        compared = []
        for name in self._params.advise or ():
            compared.append(
                self._comparer.compare("set under the best recipe", name, BEST_ON_SET, BEST_RECIPE)
            )
            plain = REAL if REAL in self.panel.arms[name] else "recipe_plain"
            compared.append(
                self._comparer.compare("best recipe on real rows", name, BEST_RECIPE, plain)
            )
        return compared


def rule_of(params: TrialParams) -> DecisionRule:
    """The decision rule for which the dataset is promoted; of probabilities there is but one."""
    return params.consumer if METRICS[params.primary_metric].by_label else "fixed_threshold"


def other_rule(rule: DecisionRule) -> DecisionRule:
    """The rule of the others."""
    return "tuned_threshold" if rule == "fixed_threshold" else "fixed_threshold"

"""The arms of a trial with their scores, under each consumer and as the mean over all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.metrics import DecisionRule, Metric, kind_of, merit_sign
from pipeline.modalities.registry import modality_of
from pipeline.params import ClassifierName, TrialParams
from pipeline.results import PANEL, WITH_GAN, WITHOUT_GAN, ArmFamily, ArmScore, Interval
from pipeline.trial.arms import arms_for
from pipeline.trial.consumers import OVERSAMPLED, REAL
from pipeline.trial.paired_rows import PairedRows
from pipeline.trial.plan import more_real_name, on_set_name, recipe_name, sets_name
from pipeline.trial.predictions import HELD_OUT, TEST, by_rule, prediction
from pipeline.trial.recipes import best_recipe
from pipeline.trial.row_values import row_values
from pipeline.trial.scores import all_scores, confusion, rare_class, recalls
from pipeline.trial.shares import within_scores
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.verdict import LEVEL, assess_gains

CEILING, BEST_RECIPE, BEST_ON_SET = "ceiling", "best_recipe", "best_recipe_on_set"
TITLES: Mapping[str, tuple[str, ArmFamily]] = {
    REAL: ("Real rows as they are", "reference"),
    OVERSAMPLED: ("Real rows, oversampled to balance", "reference"),
    "classical": ("Filled with affine copies", "fill"),
    "deformed": ("Filled with deformed copies", "fill"),
    "smote": ("Filled with SMOTE rows", "fill"),
    "copula": ("Filled with copula rows", "fill"),
    "munge": ("Filled with MUNGE rows", "fill"),
    "taught": ("Filled with teacher-labelled rows", "fill"),
    "gan": ("Filled with GAN rows", "fill"),
    "cvae": ("Filled with conditional VAE rows", "fill"),
    WITHOUT_GAN: ("Best set without GAN rows", "set"),
    WITH_GAN: ("Best set with GAN rows", "set"),
    CEILING: ("Filled with withheld real rows", "ceiling"),
    BEST_RECIPE: ("Best recipe, on the real rows", "recipe"),
    BEST_ON_SET: ("Best recipe, on the set", "recipe"),
}
# What an arm's tasks found, one a replicate.
Found = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Panel:
    """Every arm by consumer, `PANEL` among them.

    Attributes:
        found: (classifier, arm) → what the tasks found, one a replicate.
        consumers: Over whom `PANEL` is the mean.
        labels: Of all development rows, int64 [n].
        held_out: Of each replicate, the positions among them of the rows held out, int64.
        rare: The class with the fewest of these rows.
        rule: By which labels are made of probabilities.
    """

    arms: Mapping[str, Mapping[str, ArmScore]]
    found: Mapping[tuple[str, str], Found]
    consumers: tuple[ClassifierName, ...]
    labels: np.ndarray
    held_out: tuple[np.ndarray, ...]
    rare: int
    rule: DecisionRule

    def values(self, classifier: str, arm: str, metric: str) -> np.ndarray:
        """Held-out scores of an arm, float64 [replicates]."""
        return np.asarray(self.arms[classifier][arm].values[metric])

    def merit(self, classifier: str, arm: str, metric: str) -> float:
        """The mean score of an arm, with the sign by which more is better."""
        return merit_sign(metric) * float(self.values(classifier, arm, metric).mean())

    def paired_rows(
        self, classifier: str, arm: str, reference: str, metric: str, *, scale: float
    ) -> PairedRows:
        """How much better each held-out row was answered with an arm than with its reference."""
        sign = merit_sign(metric) * scale
        differences = [
            sign * (of_arm - of_reference)
            for of_arm, of_reference in zip(
                self._row_values(classifier, arm, metric),
                self._row_values(classifier, reference, metric),
                strict=True,
            )
        ]
        gains = sign * (
            self.values(classifier, arm, metric) - self.values(classifier, reference, metric)
        )
        return PairedRows.from_parts(self.labels, self.held_out, differences, gains=gains)

    def _row_values(self, classifier: str, arm: str, metric: str) -> list[np.ndarray]:
        """Of each replicate, what its rows add to the score, mean over classifiers, float64 [n]."""
        names = self.consumers if classifier == PANEL else (classifier,)
        return [
            np.mean(
                [
                    row_values(
                        metric,
                        self.labels[rows],
                        by_rule(
                            prediction(self.found[name, arm][replicate], HELD_OUT),
                            metric,
                            self.rule,
                        ),
                        rare=self.rare,
                    )
                    for name in names
                ],
                axis=0,
            )
            for replicate, rows in enumerate(self.held_out)
        ]

    def all_arms(self) -> tuple[ArmScore, ...]:
        """Every arm, those of the panel first."""
        return tuple(arm for arms in self.arms.values() for arm in arms.values())


def make_panel(
    data: TrialData,
    params: TrialParams,
    outcome: TrialOutcome,
    *,
    rule: DecisionRule,
    recommended: str | None = None,
) -> Panel:
    """Score what the tasks of a trial predicted.

    Args:
        rule: By which labels are made of probabilities.
        recommended: The recommended set, on which the best recipe is told; None leaves it out.
    """
    scorer = _Scorer(data, outcome, params.primary_metric, rule)
    found: dict[tuple[str, str], Found] = {
        (name, arm): each for name in params.consumers for arm, each in _of_consumer(outcome, name)
    }
    titles = {arm: TITLES[arm] for _, arm in found}
    for name in params.advise or ():
        for arm, title, each in _recipes(data, outcome, params, name, recommended):
            found[name, arm] = each
            titles[arm] = (title, "recipe")
    common = [
        arm
        for arm in titles
        if all((name, arm) in found for name in params.consumers) and titles[arm][1] != "recipe"
    ]
    arms: dict[str, dict[str, ArmScore]] = {
        PANEL: {
            arm: scorer.score(
                arm, *titles[arm], PANEL, [found[name, arm] for name in params.consumers]
            )
            for arm in common
        }
    }
    for (classifier, arm), each in found.items():
        arms.setdefault(classifier, {})[arm] = scorer.score(arm, *titles[arm], classifier, [each])
    held_out = tuple(split.held_out for split in outcome.splits)
    labels = data.development.labels
    return Panel(arms, found, params.consumers, labels, held_out, scorer.rare, rule)


def _of_consumer(outcome: TrialOutcome, name: ClassifierName) -> Iterator[tuple[str, Found]]:
    results, replicates = outcome.results, range(len(outcome.splits))
    sets = [results[sets_name(r, name)] for r in replicates]
    for arm in TITLES:
        if arm in sets[0]:
            yield arm, [each[arm] for each in sets]
    if outcome.has_ceiling:
        yield CEILING, [results[more_real_name(r, name, 1.0)] for r in replicates]


def _recipes(
    data: TrialData,
    outcome: TrialOutcome,
    params: TrialParams,
    name: ClassifierName,
    recommended: str | None,
) -> Iterator[tuple[str, str, Found]]:
    results, replicates = outcome.results, range(len(outcome.splits))
    arms = arms_for(name, params, modality_of(data.development.schema))
    tried = [[results[recipe_name(r, name, arm.name)] for arm in arms] for r in replicates]
    for number, arm in enumerate(arms):
        yield f"recipe_{arm.name}", arm.title, [each[number] for each in tried]
    labels = [data.development.labels[split.choosing] for split in outcome.splits]
    yield (
        BEST_RECIPE,
        TITLES[BEST_RECIPE][0],
        [best_recipe(each, own) for each, own in zip(tried, labels, strict=True)],
    )
    if recommended is not None:
        on_set = [results[on_set_name(r, name, recommended)] for r in replicates]
        yield BEST_ON_SET, TITLES[BEST_ON_SET][0], on_set


class _Scorer:
    def __init__(self, data: TrialData, outcome: TrialOutcome, metric: Metric, rule: DecisionRule):
        self._metric, self._rule = metric, rule
        self._classes = data.development.schema.classes
        self._test = data.test.labels
        self.rare = rare_class(np.array(list(data.development.counts().values())))
        self._truths = [data.development.labels[s.held_out] for s in outcome.splits]
        self._ratio = float(np.mean([split.held_out_ratio for split in outcome.splits]))

    def score(
        self, arm: str, title: str, family: ArmFamily, classifier: str, found: Sequence[Found]
    ) -> ArmScore:
        """The mean over consumers of an arm's scores; `found` holds one list for each of them."""
        held_out = [
            [
                all_scores(truth, prediction(one, HELD_OUT), rare=self.rare, rule=self._rule)
                for truth, one in zip(self._truths, each, strict=True)
            ]
            for each in found
        ]
        tests = [
            all_scores(self._test, prediction(one, TEST), rare=self.rare, rule=self._rule)
            for each in found
            for one in each
        ]
        of_classes = np.mean(
            [
                [
                    recalls(self._confusion(truth, one, HELD_OUT))
                    for truth, one in zip(self._truths, each, strict=True)
                ]
                for each in found
            ],
            axis=0,
        )
        matrix = sum(self._confusion(self._test, one, TEST) for each in found for one in each)
        values = {
            metric: tuple(
                float(np.mean([each[r][metric] for each in held_out]))
                for r in range(len(self._truths))
            )
            for metric in held_out[0][0]
        }
        settings = dict.fromkeys(str(one["settings"]) for each in found for one in each)
        return ArmScore(
            arm=arm,
            title=title,
            family=family,
            classifier=classifier,
            settings="; or ".join(settings),
            values=values,
            intervals={metric: self._interval(each, metric) for metric, each in values.items()},
            test={metric: float(np.mean([t[metric] for t in tests])) for metric in tests[0]},
            recall={
                name: tuple(map(float, of_classes[:, k])) for k, name in enumerate(self._classes)
            },
            confusion=tuple(tuple(map(int, row)) for row in np.asarray(matrix)),
        )

    def _interval(self, values: Sequence[float], metric: str) -> Interval:
        """Of the mean score over replicates; equal scores show no spread, and have no width."""
        if min(values) == max(values):
            return Interval(low=values[0], high=values[0], level=LEVEL)
        interval = assess_gains(values, held_out_ratio=self._ratio).interval
        return within_scores(interval, highest=kind_of(metric).highest)

    def _confusion(self, truth: np.ndarray, one: Mapping[str, Any], part: str) -> np.ndarray:
        predicted = by_rule(prediction(one, part), self._metric, self._rule)
        return confusion(truth, predicted.guess, classes=len(self._classes))

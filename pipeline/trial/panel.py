"""The arms of one classifier with their scores, one a replicate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.params import ClassifierName
from pipeline.results import ArmFamily, ArmScore
from pipeline.trial.plan import cheap_name, mixtures_name, more_real_name, on_real_name
from pipeline.trial.scores import confusion, recalls, score
from pipeline.trial.shares import within_shares
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.verdict import assess_gains

# What GAN samples are added to, and therefore what they can harm.
CHOSEN_CHEAP = "chosen_cheap"
LATE_TITLES: Mapping[str, tuple[str, ArmFamily]] = {
    "gan": ("GAN samples on top of real only", "synthetic"),
    "cvae": ("Conditional VAE samples on top of real only", "synthetic"),
    "best_cheap_gan": ("GAN samples on top of the best cheap arm", "synthetic"),
    CHOSEN_CHEAP: ("The best cheap arm, by inner validation", "cheap"),
    "best_cheap_deformed": ("Deformed copies on top of the best cheap arm", "cheap"),
    "mix": ("Recommended mix", "mix"),
    "mix_with_gan": ("The mix with the GAN rows that it leaves out", "synthetic"),
    "ceiling": ("Filled with withheld real samples", "ceiling"),
}


@dataclass(frozen=True)
class Panel:
    """The arms of one classifier with their raw outcomes, one a replicate, in replicate order.

    Attributes:
        mixtures: What was recommended in each replicate, and how it grew.
        left_out: In how many replicates the mix that was chosen held GAN rows which, unproven, the
            recommended one does not.
    """

    classifier: ClassifierName
    arms: dict[str, ArmScore]
    mixtures: tuple[Mapping[str, Any], ...]
    left_out: int = 0

    def values(self, arm: str, metric: str) -> np.ndarray:
        """Held-out scores of an arm, float64 [replicates]."""
        return np.asarray(self.arms[arm].values[metric])

    def best_cheap(self, metric: str) -> str:
        """The cheap arm with the highest mean held-out score; the first of equals."""
        cheap = [
            name
            for name, arm in self.arms.items()
            if arm.family == "cheap" and name != CHOSEN_CHEAP
        ]
        return max(cheap, key=lambda name: float(self.values(name, metric).mean()))


class Scorer:
    """Scores of what the tasks of a trial predicted."""

    def __init__(self, data: TrialData, outcome: TrialOutcome, *, held_out_ratio: float):
        self._data, self._outcome, self._ratio = data, outcome, held_out_ratio

    def arms(self, classifier: ClassifierName) -> dict[str, ArmScore]:
        """Every arm under a classifier but the recommended mix."""
        results, replicates = self._outcome.results, range(len(self._outcome.splits))
        arms = {
            arm.name: self._score(
                arm.name,
                arm.title,
                arm.family,
                classifier,
                [results[cheap_name(r, classifier, arm.name)] for r in replicates],
            )
            for arm in self._outcome.arms[classifier]
        }
        late = self._late_outcomes(classifier)
        return arms | {key: self.late(key, classifier, found) for key, found in late.items()}

    def mixtures(self, classifier: ClassifierName) -> tuple[Mapping[str, Any], ...]:
        """What the search for a mix found in each replicate."""
        replicates = range(len(self._outcome.splits))
        return tuple(self._outcome.results[mixtures_name(r, classifier)] for r in replicates)

    def late(
        self, name: str, classifier: ClassifierName, outcomes: Sequence[Mapping[str, Any]]
    ) -> ArmScore:
        """An arm that `LATE_TITLES` names, from its outcome in each replicate."""
        return self._score(name, *LATE_TITLES[name], classifier, outcomes)

    def _late_outcomes(self, classifier: ClassifierName) -> dict[str, list[Mapping[str, Any]]]:
        results, replicates = self._outcome.results, range(len(self._outcome.splits))
        mixtures = self.mixtures(classifier)
        late: dict[str, list[Mapping[str, Any]]] = {
            origin: [results[on_real_name(r, classifier, origin)] for r in replicates]
            for origin in self._outcome.origins
        }
        late[CHOSEN_CHEAP] = [{**m["mix"], **m["mix_steps"][0]} for m in mixtures]
        for key in ("best_cheap_gan", "best_cheap_deformed"):
            if key in mixtures[0]:
                late[key] = [m[key] for m in mixtures]
        if self._outcome.has_ceiling:
            late["ceiling"] = [results[more_real_name(r, classifier, 1.0)] for r in replicates]
        return late

    def _score(
        self,
        name: str,
        title: str,
        family: ArmFamily,
        classifier: str,
        outcomes: Sequence[Mapping[str, Any]],
    ) -> ArmScore:
        classes = self._data.development.schema.classes
        truths = [self._data.development.labels[s.held_out] for s in self._outcome.splits]
        guesses = [np.asarray(outcome["held_out"]) for outcome in outcomes]
        scores = [score(truth, guess) for truth, guess in zip(truths, guesses, strict=True)]
        tests = [score(self._data.test.labels, np.asarray(o["test"])) for o in outcomes]
        of_classes = np.array(
            [
                recalls(confusion(truth, guess, classes=len(classes)))
                for truth, guess in zip(truths, guesses, strict=True)
            ]
        )
        matrix = sum(
            confusion(self._data.test.labels, np.asarray(o["test"]), classes=len(classes))
            for o in outcomes
        )
        values = {metric: tuple(s[metric] for s in scores) for metric in scores[0]}
        settings = list(dict.fromkeys(str(o["settings"]) for o in outcomes))
        return ArmScore(
            arm=name,
            title=title,
            family=family,
            classifier=classifier,
            settings="; or ".join(settings),
            values=values,
            intervals={
                metric: within_shares(assess_gains(each, held_out_ratio=self._ratio).interval)
                for metric, each in values.items()
            },
            test={metric: float(np.mean([t[metric] for t in tests])) for metric in tests[0]},
            recall={name: tuple(map(float, of_classes[:, k])) for k, name in enumerate(classes)},
            confusion=tuple(tuple(map(int, row)) for row in np.asarray(matrix)),
        )

"""From the raw results of a trial to its record: scores, comparisons, verdicts, doses, notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.params import ClassifierName, TrialParams
from pipeline.results import (
    ArmFamily,
    ArmScore,
    ClassifierVerdict,
    Comparison,
    DoseRow,
    GainShare,
    Interval,
    Origin,
    Question,
    Verdict,
)
from pipeline.trial.plan import cheap_name, effort_for, mixtures_name, more_real_name, on_real_name
from pipeline.trial.scores import confusion, recalls, score
from pipeline.trial.shares import share_of_gap, share_to_weight, within_shares
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.verdict import (
    assess_gains,
    decide,
    decide_against_each,
    detectable_gain,
    replicates_to_settle,
)

# What GAN samples are added to, and therefore what they can harm.
CHOSEN_CHEAP = "chosen_cheap"
LATE_TITLES: Mapping[str, tuple[str, ArmFamily]] = {
    "gan": ("GAN samples on top of real only", "synthetic"),
    "cvae": ("Conditional VAE samples on top of real only", "synthetic"),
    "best_cheap_gan": ("GAN samples on top of the best cheap arm", "synthetic"),
    CHOSEN_CHEAP: ("The cheap arm that inner validation chooses", "cheap"),
    "best_cheap_deformed": ("Deformed copies on top of the best cheap arm", "cheap"),
    "mix": ("Recommended mix", "mix"),
    "mix_with_gan": ("The mix with the GAN rows that it leaves out", "synthetic"),
    "ceiling": ("Filled with withheld real samples", "ceiling"),
}
POINTS = 100.0


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


class Summary:
    """Everything that is computed from the raw results of a trial."""

    def __init__(self, data: TrialData, params: TrialParams, outcome: TrialOutcome):
        self._data = data
        self._params = params
        self._outcome = outcome
        self._metric = params.primary_metric
        self._ratio = float(np.mean([split.held_out_ratio for split in outcome.splits]))
        self.panels = {name: self._panel(name) for name in params.classifiers}

    def comparisons(self, classifier: ClassifierName) -> list[Comparison]:
        """The mix against current practice, and the GAN arm against each cheap arm."""
        panel = self.panels[classifier]
        mix = self._compare(
            panel, "mix against current practice", "mix", self._params.current_practice
        )
        return [mix, *self._against_cheap(panel)]

    def verdict(
        self, classifier: ClassifierName, comparisons: list[Comparison]
    ) -> ClassifierVerdict:
        """The two answers for one classifier."""
        panel = self.panels[classifier]
        best = panel.best_cheap(self._metric)
        closed, interval = self._gap_closed(panel, best)
        return ClassifierVerdict(
            classifier=classifier,
            verdict=comparisons[0].verdict,
            gan_verdict=_answer_about_gan(comparisons),
            best_cheap=best,
            recommended_arm="mix",
            mix_words=self._mix_words(panel),
            gain_shares=self._gain_shares(panel),
            gap_closed=closed,
            gap_closed_interval=interval,
        )

    def doses(self, classifier: ClassifierName) -> list[DoseRow]:
        """Mean share and weight of each source in each class that gets rows of it."""
        panel = self.panels[classifier]
        counts = self._data.shipped_real.counts()
        classes = self._data.development.schema.classes
        shares = {origin: self._mean_shares(panel, origin) for origin in self._origins(classifier)}
        real_share = 1.0 - np.sum(list(shares.values()), axis=0)
        rows = []
        for origin, of_classes in shares.items():
            for label, name in enumerate(classes):
                n_rows, share = self._data.requested.get(name, 0), float(of_classes[label])
                if n_rows:
                    weight = share_to_weight(
                        share,
                        real_share=float(real_share[label]),
                        n_real=counts[name],
                        n_rows=n_rows,
                    )
                    rows.append(
                        DoseRow(
                            classifier=classifier,
                            class_name=name,
                            origin=origin,
                            share=share,
                            weight=weight,
                        )
                    )
        return rows

    def _panel(self, classifier: ClassifierName) -> Panel:
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
        mixtures = tuple(results[mixtures_name(r, classifier)] for r in replicates)
        late = {
            origin: [results[on_real_name(r, classifier, origin)] for r in replicates]
            for origin in self._outcome.origins
        }
        late[CHOSEN_CHEAP] = [{**m["mix"], **m["mix_steps"][0]} for m in mixtures]
        for key in ("best_cheap_gan", "best_cheap_deformed"):
            if key in mixtures[0]:
                late[key] = [m[key] for m in mixtures]
        if self._outcome.has_ceiling:
            late["ceiling"] = [results[more_real_name(r, classifier, 1.0)] for r in replicates]
        for key, outcomes in late.items():
            arms[key] = self._score(key, *LATE_TITLES[key], classifier, outcomes)
        panel = Panel(classifier, arms, mixtures)
        chose_gan = sum("gan" in mixture["mix"]["doses"] for mixture in mixtures)
        if chose_gan and _answer_about_gan(self._against_cheap(panel)) != "helps":
            recommended = tuple(_without_gan(mixture) for mixture in mixtures)
            panel = replace(panel, mixtures=recommended, left_out=chose_gan)
            arms["mix_with_gan"] = self._score_late("mix_with_gan", classifier, mixtures)
        arms["mix"] = self._score_late("mix", classifier, panel.mixtures)
        return panel

    def _score_late(
        self, name: str, classifier: ClassifierName, mixtures: Sequence[Mapping[str, Any]]
    ) -> ArmScore:
        outcomes = [mixture["mix"] for mixture in mixtures]
        return self._score(name, *LATE_TITLES[name], classifier, outcomes)

    def _score(
        self,
        name: str,
        title: str,
        family: ArmFamily,
        classifier: str,
        outcomes: list[Mapping[str, Any]],
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

    def _gains(self, panel: Panel, arm: str, reference: str) -> np.ndarray:
        gains = panel.values(arm, self._metric) - panel.values(reference, self._metric)
        return np.asarray(gains * POINTS)

    def _against_cheap(self, panel: Panel) -> list[Comparison]:
        return [
            self._compare(panel, "gan against cheap", "best_cheap_gan", name)
            for name, arm in panel.arms.items()
            if arm.family == "cheap"
        ]

    def _compare(self, panel: Panel, question: Question, arm: str, reference: str) -> Comparison:
        gains = self._gains(panel, arm, reference)
        test = assess_gains(gains.tolist(), held_out_ratio=self._ratio)
        spread = float(gains.std(ddof=1))
        tests = [panel.arms[name].test[self._metric] for name in (arm, reference)]
        least, ratio = self._params.min_gain_points, self._ratio
        verdict = decide(test, min_gain=least)
        if question == "gan against cheap" and reference != CHOSEN_CHEAP and verdict == "harms":
            # A better rival does no harm to what the samples were added to.
            verdict = "no evidence"
        detectable = detectable_gain(spread, len(gains), held_out_ratio=ratio)
        return Comparison(
            question=question,
            classifier=panel.classifier,
            metric=self._metric,
            arm=arm,
            reference=reference,
            gains_points=tuple(map(float, gains)),
            mean_points=test.mean,
            interval_points=test.interval,
            lower_bound_points=test.lower_bound,
            upper_bound_points=test.upper_bound,
            detectable_points=detectable and least + detectable,
            replicates_to_settle=replicates_to_settle(
                test.mean - least, spread, now=len(gains), held_out_ratio=ratio
            )
            if verdict == "no evidence"
            else None,
            test_gain_points=(tests[0] - tests[1]) * POINTS,
            verdict=verdict,
        )

    def _gap_closed(self, panel: Panel, best: str) -> tuple[float | None, Interval | None]:
        if "ceiling" not in panel.arms:
            return None, None
        gap = self._gains(panel, "ceiling", best)
        gained = self._gains(panel, "best_cheap_gan", best)
        return share_of_gap(
            assess_gains(gap.tolist(), held_out_ratio=self._ratio),
            assess_gains(gained.tolist(), held_out_ratio=self._ratio),
        )

    def _gain_shares(self, panel: Panel) -> tuple[GainShare, ...]:
        """What training and each origin brought, by the mix as it grew in each replicate."""
        truths = [self._data.development.labels[s.held_out] for s in self._outcome.splits]
        current = panel.values(self._params.current_practice, self._metric)
        brought: dict[str, list[float]] = {"training": []}
        for replicate, mixture in enumerate(panel.mixtures):
            before = float(current[replicate])
            for step in mixture["mix_steps"]:
                after = score(truths[replicate], np.asarray(step["held_out"]))[self._metric]
                origin = step["origins"][-1] if step["origins"] else "training"
                brought.setdefault(origin, []).append(after - before)
                before = after
        count = len(panel.mixtures)
        origins = ("training", *self._origins(panel.classifier))
        return tuple(
            GainShare(origin=origin, points=float(sum(brought.get(origin, ())) / count * POINTS))
            for origin in origins
        )

    def _origins(self, classifier: ClassifierName) -> tuple[Origin, ...]:
        """The sources of rows that the mix could draw on."""
        return effort_for(self._params, classifier).origins

    def _mean_shares(self, panel: Panel, origin: Origin) -> np.ndarray:
        classes = len(self._data.development.schema.classes)
        each = [
            np.asarray(m["mix"]["doses"].get(origin, np.zeros(classes))) for m in panel.mixtures
        ]
        return np.asarray(np.mean(each, axis=0))

    def _mix_words(self, panel: Panel) -> str:
        settings = [m["mix"]["settings"] for m in panel.mixtures]
        most = max(dict.fromkeys(settings), key=settings.count)
        agreed = f"chosen in {settings.count(most)} of {len(settings)} replicates"
        parts = [
            f"{origin} rows {100 * share:.0f} %"
            for origin in self._origins(panel.classifier)
            if (share := float(self._mean_shares(panel, origin).max())) > 0
        ]
        rows = f"; of a scarce class's draws at most {', '.join(parts)}" if parts else ""
        unproven = (
            f"; GAN rows, which {panel.left_out} of {len(settings)} replicates chose as well, are "
            "left out, since nothing shows that they help"
            if panel.left_out
            else ""
        )
        return f"Training: {most} ({agreed}){rows or '; no extra rows'}{unproven}."


def _answer_about_gan(comparisons: Sequence[Comparison]) -> Verdict:
    return decide_against_each(
        [one.verdict for one in comparisons if one.question == "gan against cheap"]
    )


def _without_gan(mixture: Mapping[str, Any]) -> dict[str, Any]:
    """The mixture as it had grown before GAN rows came in."""
    steps = [step for step in mixture["mix_steps"] if "gan" not in step["origins"]]
    last, mix = steps[-1], mixture["mix"]
    doses = {origin: dose for origin, dose in mix["doses"].items() if origin in last["origins"]}
    grown = {"held_out": last["held_out"], "test": last["test"]}
    return {**mixture, "mix": {**mix, **grown, "doses": doses}, "mix_steps": steps}

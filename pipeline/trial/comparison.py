"""Two arms compared: paired gains, their test, what it says and what it could have said."""

from collections.abc import Sequence

from pipeline.metrics import merit_sign
from pipeline.params import TrialParams
from pipeline.results import Comparison, Interval, Question, Verdict
from pipeline.trial.panel import Panel
from pipeline.trial.shares import share_of_gap
from pipeline.trial.verdict import (
    GainTest,
    assess,
    decide,
    decide_against_each,
    replicates_needed,
    smallest_gain,
)

POINTS = 100.0
# Metrics in which common classes count most: what a set changes in how often each class is guessed
# is the same in all replicates, since these share training rows, and rows alone do not show it.
WIDENED = ("accuracy", "brier")


class Comparer:
    """Compares arms of a panel by the trial's primary metric, in points.

    A gain is positive where the arm is better, so that of a loss is by how much it fell.

    Args:
        held_out_ratio: n_held_out / n_training of a replicate.
    """

    def __init__(self, panel: Panel, params: TrialParams, *, held_out_ratio: float):
        self._panel, self._rule = panel, panel.rule
        self._ratio = held_out_ratio if params.primary_metric in WIDENED else None
        self._metric, self._least = params.primary_metric, params.min_gain_points

    def compare(self, question: Question, classifier: str, arm: str, reference: str) -> Comparison:
        """An arm against a reference, under one consumer or the panel."""
        rows = self._panel.paired_rows(classifier, arm, reference, self._metric, scale=POINTS)
        test, gains = assess(rows, held_out_ratio=self._ratio), rows.gains
        arms = self._panel.arms[classifier]
        tests = [arms[name].test.get(self._metric) for name in (arm, reference)]
        verdict = decide(test, min_gain=self._least)
        detectable = smallest_gain(test.variance, len(gains))
        return Comparison(
            question=question,
            classifier=classifier,
            metric=self._metric,
            rule=self._rule,
            arm=arm,
            reference=reference,
            gains_points=tuple(map(float, gains)),
            mean_points=test.mean,
            interval_points=test.interval,
            detectable_points=detectable and self._least + detectable,
            replicates_to_settle=replicates_needed(test.mean - self._least, test.variance)
            if verdict == "no evidence"
            else None,
            test_gain_points=self._gain(*tests),
            verdict=verdict,
        )

    def gap_closed(
        self, classifier: str, arm: str, *, reference: str, ceiling: str
    ) -> tuple[float | None, Interval | None]:
        """The share of the way from the reference to the ceiling that an arm goes."""
        if ceiling not in self._panel.arms[classifier]:
            return None, None
        return share_of_gap(*(self._test(classifier, name, reference) for name in (ceiling, arm)))

    def _test(self, classifier: str, arm: str, reference: str) -> GainTest:
        rows = self._panel.paired_rows(classifier, arm, reference, self._metric, scale=POINTS)
        return assess(rows, held_out_ratio=self._ratio)

    def _gain(self, score: float | None, reference: float | None) -> float | None:
        """By how much one score is better than another; None where one of them is not known."""
        if score is None or reference is None:
            return None
        return merit_sign(self._metric) * (score - reference) * POINTS


def answer_to(question: Question, comparisons: Sequence[Comparison], classifier: str) -> Verdict:
    """One verdict from the comparisons that answer a question under one consumer or the panel."""
    return decide_against_each(
        [
            one.verdict
            for one in comparisons
            if one.question == question and one.classifier == classifier
        ]
    )

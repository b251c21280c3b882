"""Two arms compared: paired gains, their test, what it says and what it could have said."""

from collections.abc import Sequence

import numpy as np

from pipeline.params import TrialParams
from pipeline.results import Comparison, Interval, Question, Verdict
from pipeline.trial.panel import CHOSEN_CHEAP, Panel
from pipeline.trial.shares import share_of_gap
from pipeline.trial.verdict import (
    assess_gains,
    decide,
    decide_against_each,
    detectable_gain,
    replicates_to_settle,
)

POINTS = 100.0


class Comparer:
    """Compares arms of a panel by the trial's primary metric, in points.

    Args:
        held_out_ratio: n_held_out / n_training of a replicate.
    """

    def __init__(self, params: TrialParams, *, held_out_ratio: float):
        self._params, self._ratio = params, held_out_ratio
        self._metric = params.primary_metric

    def against_practice(self, panel: Panel) -> Comparison:
        """The recommended mix against what the team does today."""
        practice = self._params.current_practice
        return self._compare(panel, "mix against current practice", "mix", practice)

    def against_cheap(self, panel: Panel) -> list[Comparison]:
        """The GAN on the best cheap arm against each cheap arm."""
        return [
            self._compare(panel, "gan against cheap", "best_cheap_gan", name)
            for name, arm in panel.arms.items()
            if arm.family == "cheap"
        ]

    def gap_closed(self, panel: Panel, best: str) -> tuple[float | None, Interval | None]:
        """The share of the way from the best cheap arm to the ceiling that the GAN goes."""
        if "ceiling" not in panel.arms:
            return None, None
        gap = self._gains(panel, "ceiling", best)
        gained = self._gains(panel, "best_cheap_gan", best)
        return share_of_gap(
            assess_gains(gap.tolist(), held_out_ratio=self._ratio),
            assess_gains(gained.tolist(), held_out_ratio=self._ratio),
        )

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

    def _gains(self, panel: Panel, arm: str, reference: str) -> np.ndarray:
        gains = panel.values(arm, self._metric) - panel.values(reference, self._metric)
        return np.asarray(gains * POINTS)


def answer_about_gan(comparisons: Sequence[Comparison]) -> Verdict:
    """One verdict from the GAN's comparisons; those of another question are passed over."""
    return decide_against_each(
        [one.verdict for one in comparisons if one.question == "gan against cheap"]
    )

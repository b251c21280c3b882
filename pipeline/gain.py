"""The gain of a version: what its tag, its card and the lists of versions tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline import numbers
from pipeline.metrics import DecisionRule, kind_of
from pipeline.results import (
    PANEL,
    Interval,
    Question,
    TrialResult,
    Verdict,
    deciding_comparison,
    other_comparison,
)

SET: Question = "set against real rows"
# A gain that is proven, but not as large as was asked for; it must not read as "helps".
SHORT = "smaller than asked for"
# Told once beside every list of gains of versions.
GAIN_NOTE = (
    "Gain: the dataset in place of the real rows, or of the real rows oversampled to balance "
    "(whichever it is less sure to beat); mean over the classifiers of the trial."
)
INTERVAL_NOTE = "Intervals are 90 % confidence intervals; the lower end decides whether rows help."
MIX_NOTE = (
    "“of a mix”: the version was made before the dataset itself was on trial. Its gain is that of "
    "a training mix over current practice, with a two-sided 95 % interval, which did not decide."
)
# Of a verdict's interval, each of whose ends is a one-sided 95 % bound.
DECIDING_LEVEL = 0.90
THRESHOLDS: Mapping[DecisionRule, str] = {
    "fixed_threshold": "the usual threshold",
    "tuned_threshold": "a tuned threshold",
}
BASELINES = {
    "real": "the real rows as they are",
    "oversampled": "the real rows oversampled to balance",
}


@dataclass(frozen=True)
class Gain:
    """The gain that a version carries, as its tag and the lists of versions tell it.

    Attributes:
        points: Mean gain in points of `metric`, by how much it is better; None where nothing was
            compared.
        least: The smallest gain asked for, in points.
        baseline: The arm against which it was decided. "" in versions made before the dataset
            itself was on trial: theirs is the gain of a training mix over current practice, and its
            two-sided 95 % interval is not what decided.
        rule: For whom it was decided: who keeps the usual threshold, or who tunes one; None where
            nobody was asked who tunes one.
    """

    verdict: Verdict
    metric: str
    points: float | None
    interval: Interval | None
    least: float = 0.0
    baseline: str = ""
    rule: DecisionRule | None = None

    @property
    def is_of_mix(self) -> bool:
        return not self.baseline

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return verdict_word(self.verdict, self.interval, least=self.least)

    def short(self) -> str:
        """For a column of a table: +3.0 points [+0.5 to +5.5]."""
        if self.points is None or self.interval is None:
            return "no comparison"
        within = numbers.points_interval(self.interval, least=self.least, metric=self.metric)
        of_mix = " of a mix" if self.is_of_mix else ""
        return f"{numbers.points(self.points)} points [{within}]{of_mix}"

    def brief(self) -> str:
        """For a narrow column whose head names the unit: +3.0 [+0.5, +5.5]."""
        text = self.short().replace(" points", "", 1)
        return text if numbers.TOO_FEW in text else text.replace(" to ", ", ", 1)

    def words(self) -> str:
        """The gain with its metric, baseline and interval, e.g. for a tag."""
        if self.points is None or self.interval is None:
            return "no comparison"
        rivals = "current practice, by a training mix" if self.is_of_mix else over(self.baseline)
        at = f" at {THRESHOLDS[self.rule]}" if self.rule else ""
        interval = interval_words(self.interval, least=self.least, metric=self.metric)
        return (
            f"{numbers.points(self.points)} points of {gained(self.metric)}{at} over {rivals} "
            f"({interval})"
        )


def gain_of(result: TrialResult) -> Gain:
    """The gain of the dataset, on which promotion rests."""
    comparison = deciding_comparison(result, SET)
    asked_once = result.consumer == "fixed_threshold" and not result.other_comparisons
    return Gain(
        verdict=result.verdict,
        metric=result.primary_metric,
        points=comparison.mean_points if comparison else None,
        interval=comparison.interval_points if comparison else None,
        least=result.min_gain_points,
        baseline=comparison.reference if comparison else result.reference_arm,
        rule=None if asked_once else result.consumer,
    )


def other_gain_of(result: TrialResult) -> Gain | None:
    """The gain for whoever makes labels by the other rule; None where nobody was asked."""
    comparison = other_comparison(result)
    if comparison is None:
        return None
    against = [one for one in result.other_comparisons if one.classifier == PANEL]
    helps = all(one.verdict == "helps" for one in against)
    harms = any(one.verdict == "harms" for one in against)
    return Gain(
        verdict="helps" if helps else "harms" if harms else "no evidence",
        metric=comparison.metric,
        points=comparison.mean_points,
        interval=comparison.interval_points,
        least=result.min_gain_points,
        baseline=comparison.reference,
        rule=comparison.rule,
    )


def gained(metric: str) -> str:
    """What a gain is one of: a metric, or less of one that is a loss."""
    return f"{'less ' if kind_of(metric).is_loss else ''}{numbers.metric_name(metric)}"


def verdict_word(verdict: Verdict, interval: Interval | None, *, least: float) -> str:
    """helps, harms, no evidence; or that a proven gain may be smaller than what was asked for."""
    is_short = verdict == "no evidence" and interval is not None and 0 < interval.low <= least
    return SHORT if is_short else verdict


def interval_words(interval: Interval, *, least: float = 0.0, metric: str = "") -> str:
    """90 % interval +0.5 to +5.5; or that too few replicates made it."""
    if numbers.is_too_wide(interval, metric):
        return numbers.TOO_FEW
    within = numbers.points_interval(interval, least=least, metric=metric)
    return f"{numbers.level(interval)} interval {within}"


def over(arm: str) -> str:
    """What people call the arm that a gain is over."""
    return BASELINES.get(arm, numbers.visible(arm).replace("_", " "))

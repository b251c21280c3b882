"""The paired test of a trial: interval, verdict, power. Pure functions of the gains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from pipeline.results import Interval, Verdict
from pipeline.trial.paired_rows import GainVariance, PairedRows

# The two-sided interval whose ends are the one-sided 95 % bounds: each end decides an answer.
LEVEL = 0.90
ONE_SIDED = (1 + LEVEL) / 2
POWER = 0.80
MOST_REPLICATES = 1000
# In points: what the rounding of equal gains leaves.
NO_SPREAD = 1e-9


@dataclass(frozen=True)
class GainTest:
    """What paired gains say about their mean, all in the unit of the gains.

    Attributes:
        interval: Two-sided 90 % interval; its low end is the one-sided 95 % bound on which "helps"
            rests, its high end the one on which "harms" does. Gains that are equal to the last
            digit, as few samples may give, show no spread: their interval reaches to zero.
        standard_error: 0 when nothing differs between replicates or rows.
        variance: What the standard error is made of, for other numbers of replicates.
    """

    mean: float
    interval: Interval
    standard_error: float
    variance: GainVariance


def assess(scores: PairedRows, *, held_out_ratio: float | None = None) -> GainTest:
    """Test of a gain from the paired scores of all held-out rows.

    The variance is that of `PairedRows.variance`, the quantiles are Student's with Satterthwaite's
    degrees of freedom. How it was chosen and confirmed stands in docs/decisions.

    Args:
        held_out_ratio: Where given, the variance is no smaller than that of `assess_gains`.
    """
    mean, variance = float(scores.gains.mean()), scores.variance()
    if held_out_ratio is not None:
        spread = float(scores.gains.std(ddof=1))
        other = resampled_variance(spread, variance.replicates, held_out_ratio=held_out_ratio)
        variance = max(variance, other, key=lambda one: one.of_mean(one.replicates))
    return _assess(mean, variance)


def assess_gains(gains: Sequence[float], *, held_out_ratio: float) -> GainTest:
    """Corrected resampled t-test of paired gains, where only those of each replicate are known.

    Replicates share training samples, so that their gains are correlated and the plain t-test sees
    help where there is none. The variance is multiplied by 1/R + n_held_out / n_training.

    Args:
        gains: One paired difference a replicate, at least two.
        held_out_ratio: n_held_out / n_training of one replicate.

    Source: Nadeau & Bengio 2003, doi:10.1023/A:1024068626366, section 4.3; for repeated k-fold
    splits Bouckaert & Frank 2004, doi:10.1007/978-3-540-24775-3_3.
    """
    values = np.asarray(gains, np.float64)
    assert len(values) >= 2
    return _assess(
        float(values.mean()),
        resampled_variance(float(values.std(ddof=1)), len(values), held_out_ratio=held_out_ratio),
    )


def resampled_variance(
    standard_deviation: float, replicates: int, *, held_out_ratio: float
) -> GainVariance:
    """The variance of `assess_gains`: what replicates share is a multiple of their spread."""
    spread = standard_deviation**2
    return GainVariance(replicates, spread, held_out_ratio * spread)


def _assess(mean: float, variance: GainVariance) -> GainTest:
    error = math.sqrt(variance.of_mean(variance.replicates))
    freedom = variance.freedom(variance.replicates)
    half = float(stats.t.ppf(ONE_SIDED, freedom)) * error
    low, high = mean - half, mean + half
    if error < NO_SPREAD:
        # Nothing to judge a gain by: it is not told from zero.
        low, high = min(low, 0.0), max(high, 0.0)
    return GainTest(
        mean=mean,
        interval=Interval(low=low, high=high, level=LEVEL),
        standard_error=error,
        variance=variance,
    )


def decide(test: GainTest, *, min_gain: float) -> Verdict:
    """Say "helps" if the interval lies above `min_gain`, "harms" if it lies below zero."""
    if test.interval.low > min_gain:
        return "helps"
    return "harms" if test.interval.high < 0 else "no evidence"


def decide_against_each(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict from the comparisons with each reference.

    "helps" only if it helps against every one (an intersection–union test: each at its own 5 %
    level keeps the whole at 5 %, Berger 1982); "harms" if it harms against any.
    """
    if verdicts and all(verdict == "helps" for verdict in verdicts):
        return "helps"
    return "harms" if "harms" in verdicts else "no evidence"


def smallest_gain(variance: GainVariance, replicates: int) -> float:
    """The smallest true gain that the one-sided test would find in 80 % of trials.

    The noncentral t distribution is solved for the noncentrality with that power.

    Args:
        variance: As a trial found it, in the squared unit of the gain.
        replicates: Of the trials in question, at least 2.
    """
    freedom = variance.freedom(replicates)
    critical = float(stats.t.ppf(ONE_SIDED, freedom))
    noncentrality = optimize.brentq(
        lambda shift: float(stats.nct.sf(critical, freedom, shift)) - POWER, 0.0, 10 * critical + 10
    )
    return float(noncentrality) * math.sqrt(variance.of_mean(replicates))


def replicates_needed(gain: float, variance: GainVariance) -> int | None:
    """Replicates in all with which a true gain of this size would be found in 80 % of trials.

    None when the gain is not positive, or when even 1,000 replicates of the same samples would not
    do: then only more real samples can settle it.
    """
    if gain <= 0 or smallest_gain(variance, MOST_REPLICATES) > gain:
        return None
    low, high = max(variance.replicates, 2), MOST_REPLICATES
    while low < high:
        middle = (low + high) // 2
        if smallest_gain(variance, middle) <= gain:
            high = middle
        else:
            low = middle + 1
    return low

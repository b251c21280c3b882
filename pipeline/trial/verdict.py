"""The paired test of a trial: corrected interval, verdict, power. Pure functions of the gains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from pipeline.results import Interval, Verdict

LEVEL = 0.95
POWER = 0.80
MOST_REPLICATES = 1000
# In points: what the rounding of equal gains leaves.
NO_SPREAD = 1e-9


@dataclass(frozen=True)
class GainTest:
    """What paired gains say about their mean, all in the unit of the gains.

    Attributes:
        interval: Two-sided 95 % interval.
        lower_bound: One-sided 95 % lower bound; the verdict rests on it.
        upper_bound: One-sided 95 % upper bound.
        standard_error: Corrected; 0 when all gains are equal.
    """

    mean: float
    interval: Interval
    lower_bound: float
    upper_bound: float
    standard_error: float


def assess_gains(gains: Sequence[float], *, held_out_ratio: float) -> GainTest:
    """Corrected resampled t-test of paired gains over replicates.

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
    mean = float(values.mean())
    error = float(values.std(ddof=1)) * math.sqrt(1 / len(values) + held_out_ratio)
    freedom = len(values) - 1
    one_sided = float(stats.t.ppf(LEVEL, freedom)) * error
    two_sided = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    return GainTest(
        mean=mean,
        interval=Interval(low=mean - two_sided, high=mean + two_sided, level=LEVEL),
        lower_bound=mean - one_sided,
        upper_bound=mean + one_sided,
        standard_error=error,
    )


def decide(test: GainTest, *, min_gain: float) -> Verdict:
    """Say "helps" above `min_gain` for sure, "harms" below zero for sure, else "no evidence".

    Gains that are equal to the last digit, as few samples in few replicates may give, show no
    spread to judge them by: nothing is sure then.
    """
    if test.standard_error < NO_SPREAD:
        return "no evidence"
    if test.lower_bound > min_gain:
        return "helps"
    return "harms" if test.upper_bound < 0 else "no evidence"


def decide_against_each(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict from the comparisons with each reference.

    "helps" only if it helps against every one (an intersection–union test: each at its own 5 %
    level keeps the whole at 5 %, Berger 1982); "harms" if it harms against any.
    """
    if verdicts and all(verdict == "helps" for verdict in verdicts):
        return "helps"
    return "harms" if "harms" in verdicts else "no evidence"


def detectable_gain(standard_deviation: float, replicates: int, *, held_out_ratio: float) -> float:
    """The smallest true gain that the one-sided test would find in 80 % of trials.

    The noncentral t distribution is solved for the noncentrality with that power.
    """
    freedom = replicates - 1
    critical = float(stats.t.ppf(LEVEL, freedom))
    noncentrality = optimize.brentq(
        lambda shift: float(stats.nct.sf(critical, freedom, shift)) - POWER, 0.0, 10 * critical + 10
    )
    return float(noncentrality) * standard_deviation * math.sqrt(1 / replicates + held_out_ratio)


def replicates_to_settle(
    gain: float, standard_deviation: float, *, now: int, held_out_ratio: float
) -> int | None:
    """Replicates in all with which a true gain of this size would be found in 80 % of trials.

    None when the gain is not positive, or when even 1,000 replicates of the same samples would not
    do: then only more real samples can settle it.
    """
    if gain <= 0:
        return None

    def suffices(replicates: int) -> bool:
        needed = detectable_gain(standard_deviation, replicates, held_out_ratio=held_out_ratio)
        return needed <= gain

    if not suffices(MOST_REPLICATES):
        return None
    low, high = max(now, 2), MOST_REPLICATES
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return low

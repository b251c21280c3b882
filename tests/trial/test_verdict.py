import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from pipeline.trial.paired_rows import GainVariance, PairedRows
from pipeline.trial.verdict import (
    assess,
    assess_gains,
    decide,
    decide_against_each,
    replicates_needed,
    resampled_variance,
    smallest_gain,
)

POINTS = some.floats(-100, 100, allow_nan=False)
GAINS = some.lists(POINTS, min_size=2, max_size=12)


def test_the_interval_is_the_published_formula():
    gains = [1.0, 2.0, 0.5, 1.5, 3.0]
    test = assess_gains(gains, held_out_ratio=0.25)
    error = np.sqrt((1 / 5 + 0.25) * np.var(gains, ddof=1))
    assert test.interval.low == pytest.approx(1.6 - 2.131847 * error, rel=1e-6)
    assert test.interval.high == pytest.approx(1.6 + 2.131847 * error, rel=1e-6)
    assert test.interval.level == 0.9


def agrees(test, threshold):
    """Whether the answer is the one that a reader of the interval would give."""
    answer = decide(test, min_gain=threshold)
    is_above, is_below = test.interval.low > threshold, test.interval.high < 0
    return (answer == "helps") == is_above and (answer == "harms") == is_below


@given(GAINS, some.floats(0, 5), some.floats(0, 50))
def test_helps_is_said_exactly_if_the_interval_lies_above_the_threshold(gains, ratio, threshold):
    assert agrees(assess_gains(gains, held_out_ratio=ratio), threshold)


@given(POINTS, some.integers(2, 9), some.floats(0, 50))
def test_so_it_is_for_gains_that_are_equal(gain, replicates, threshold):
    assert agrees(assess_gains([gain] * replicates, held_out_ratio=0.5), threshold)


@given(
    some.lists(
        some.lists(some.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=6, max_size=6),
        min_size=2,
        max_size=7,
    ),
    some.floats(0, 1),
)
def test_so_it_is_for_paired_rows(scores, threshold):
    rows = PairedRows(np.array([0, 0, 0, 1, 1, 1]), np.array(scores))
    assert agrees(assess(rows), threshold)


def test_without_overlap_it_is_the_plain_paired_t_test():
    gains = np.array([1.0, 2.0, 0.5, 1.5, 3.0])
    test = assess_gains(gains, held_out_ratio=0.0)
    low, high = stats.ttest_1samp(gains, 0.0).confidence_interval(0.90)
    assert (test.interval.low, test.interval.high) == pytest.approx((low, high))


def test_helps_needs_the_lower_bound_above_the_smallest_gain_that_matters():
    test = assess_gains([2.0, 2.2, 1.9], held_out_ratio=0.33)
    assert decide(test, min_gain=0.0) == "helps"
    assert decide(test, min_gain=2.0) == "no evidence"


def test_harms_needs_the_upper_bound_below_zero():
    assert decide(assess_gains([-2.0, -2.2, -1.9], held_out_ratio=0.33), min_gain=0.0) == "harms"
    assert (
        decide(assess_gains([-2.0, 2.2, -1.9], held_out_ratio=0.33), min_gain=0.0) == "no evidence"
    )


def test_no_difference_at_all_is_no_evidence():
    assert decide(assess_gains([0.0, 0.0, 0.0], held_out_ratio=0.33), min_gain=0.0) == "no evidence"


def test_help_must_hold_against_each_cheap_arm():
    assert decide_against_each(["helps", "helps"]) == "helps"
    assert decide_against_each(["helps", "no evidence"]) == "no evidence"
    assert decide_against_each(["helps", "harms"]) == "harms"
    assert decide_against_each([]) == "no evidence"


@pytest.mark.parametrize("gains", [(2.5, 2.5), (30.0 - 20.0, 0.3 * 100 - 0.2 * 100)])
def test_gains_that_are_equal_in_every_replicate_are_no_certainty(gains):
    assert decide(assess_gains(gains, held_out_ratio=0.25), min_gain=0.0) == "no evidence"


def test_the_detectable_gain_is_found_in_eighty_of_a_hundred_simulated_trials():
    replicates, spread = 5, 2.0
    gain = smallest_gain(resampled_variance(spread, replicates, held_out_ratio=0.0), replicates)
    draws = np.random.default_rng(0).normal(gain, spread, (4000, replicates))
    found = [assess_gains(row, held_out_ratio=0.0).interval.low > 0 for row in draws]
    assert np.mean(found) == pytest.approx(0.80, abs=0.02)


def test_more_replicates_settle_a_gain_until_only_more_samples_can():
    variance = resampled_variance(2.0, 5, held_out_ratio=0.1)
    many = replicates_needed(2.0, variance)
    assert many is not None
    assert smallest_gain(variance, many) <= 2.0
    assert smallest_gain(variance, many - 1) > 2.0
    more_alike = resampled_variance(2.0, 5, held_out_ratio=0.25)
    assert replicates_needed(0.1, more_alike) is None
    assert replicates_needed(-1.0, more_alike) is None


def test_no_number_of_replicates_settles_a_gain_below_what_rows_share():
    variance = GainVariance(5, 40.0, 1.0, 0.01)
    enough = replicates_needed(4.0, variance)
    assert smallest_gain(variance, enough) <= 4.0 < smallest_gain(variance, enough - 1)
    assert replicates_needed(2.0, variance) is None


def test_a_variance_can_be_asked_to_be_no_smaller_than_the_resampled_one():
    scores = [[9.0, 9, 1, 1], [1, 1, 2, 2], [4, 4, 5, 5]]
    rows = PairedRows(np.array([0, 0, 1, 1]), np.array(scores))
    plain, floor = assess(rows), assess_gains(rows.gains.tolist(), held_out_ratio=0.5)
    wide = assess(rows, held_out_ratio=0.5)
    assert plain.standard_error < floor.standard_error
    assert wide.interval == floor.interval
    assert assess(rows, held_out_ratio=0.0).interval == plain.interval

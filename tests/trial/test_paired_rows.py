import numpy as np
import pytest

from pipeline.trial.paired_rows import GainVariance, PairedRows
from pipeline.trial.verdict import assess

NAN = np.nan


def test_a_gain_is_the_difference_of_the_balanced_accuracies():
    labels = np.array([0, 0, 0, 1, 1])
    rows = PairedRows(labels, np.array([[1.0, 0, NAN, -1, 0], [NAN, 0, 1, 1, NAN]]))
    assert rows.gains.tolist() == pytest.approx([(1 / 2 - 1 / 2) / 2, (1 / 2 + 1) / 2])


def test_the_components_are_those_worked_out_by_hand():
    # One class of two rows, mean 0: row 0 gains 3 and 1, row 1 loses 1 and 3; gains 1 and -1.
    found = PairedRows(np.zeros(2, np.int64), np.array([[3.0, -1.0], [1.0, -3.0]])).variance()
    # Products in two replicates: (3·1 + 1·3) / 2² rows, times 2 / (2 - 1).
    assert found.common == pytest.approx(3.0)
    # The spread of the gains is 2; rows alone: (9 + 1 + 1 + 9) / 2 / 2² · 2 - 3 = 2.
    assert found.per_replicate == pytest.approx(2.0)
    assert found.of_mean(2) == pytest.approx(2 / 2 + 3)
    assert found.common_variance == pytest.approx(1.5**2 + 1.5**2)
    assert found.freedom(2) == pytest.approx(4**2 / ((2 / 2) ** 2 / 1 + 4.5 / 2))


def test_rows_that_are_held_out_once_share_nothing():
    labels = np.array([0, 0, 1, 1])
    found = PairedRows(labels, np.array([[1.0, NAN, 0, NAN], [NAN, 0.0, NAN, 1]])).variance()
    assert found.common == 0.0


def test_equal_gains_of_different_rows_are_no_certainty():
    rows = PairedRows(np.zeros(3, np.int64), np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]))
    assert np.ptp(rows.gains) == 0
    assert assess(rows).standard_error > 0
    assert assess(rows).interval.low < 0


def test_parts_are_put_where_their_rows_stand():
    labels = np.array([0, 0, 1, 1])
    held_out = [np.array([2, 0]), np.array([1, 3])]
    rows = PairedRows.from_parts(labels, held_out, [np.array([0.5, -1.0]), np.array([0.0, 1.0])])
    np.testing.assert_equal(rows.differences, [[-1.0, NAN, 0.5, NAN], [NAN, 0.0, NAN, 1.0]])


def test_the_variance_is_that_of_simulated_rows_and_replicates():
    stream, replicates, classes, size = np.random.default_rng(0), 7, 4, 20
    labels = np.repeat(np.arange(classes), size)
    means, claimed = [], []
    for _ in range(1500):
        hard = stream.normal(0, 3.0, len(labels))
        luck = stream.normal(0, 0.6, (replicates, 1))
        scores = hard + luck + stream.normal(0, 2.0, (replicates, len(labels)))
        for row in scores:
            for label in range(classes):
                row[stream.choice(np.flatnonzero(labels == label), size // 3, replace=False)] = NAN
        rows = PairedRows(labels, scores)
        means.append(rows.gains.mean())
        claimed.append(rows.variance().of_mean(replicates))
    assert np.mean(claimed) == pytest.approx(np.var(means), rel=0.1)


def test_more_replicates_leave_what_rows_share():
    variance = GainVariance(5, 2.0, 0.5, 0.1)
    assert variance.of_mean(1_000_000) == pytest.approx(0.5, rel=1e-3)
    assert variance.freedom(1_000_000) == pytest.approx(0.5**2 / (0.1 / 2), rel=1e-3)

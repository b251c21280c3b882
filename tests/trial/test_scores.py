import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from pipeline.trial.scores import (
    confusion,
    distinct_rows,
    probability_scores,
    rare_class,
    recalls,
    score,
    share_interval,
)

TRUTH = np.repeat([0, 1, 2], [50, 30, 5])
GUESS = np.random.default_rng(3).permutation(TRUTH)


def test_scores_equal_the_reference_library():
    found = score(TRUTH, GUESS)
    expected = {
        "balanced_accuracy": metrics.balanced_accuracy_score(TRUTH, GUESS),
        "accuracy": metrics.accuracy_score(TRUTH, GUESS),
        "macro_f1": metrics.f1_score(TRUTH, GUESS, average="macro"),
    }
    assert found == pytest.approx(expected, rel=1e-12)
    assert (confusion(TRUTH, GUESS, classes=3) == metrics.confusion_matrix(TRUTH, GUESS)).all()


def probabilities_of(truth, classes):
    """Two digits each, so that many are equal."""
    rng = np.random.default_rng(5)
    shares = rng.dirichlet([1.0] * classes, len(truth))
    shares[np.arange(len(truth)), truth] += 0.3
    shares = np.round(shares, 2) + 1e-3
    return shares / shares.sum(axis=1, keepdims=True)


def test_scores_of_two_classes_are_those_of_the_rare_one():
    truth = (TRUTH == 1).astype(int)
    shares = probabilities_of(truth, 2)
    assert probability_scores(truth, shares, rare=1) == pytest.approx(
        {
            "roc_auc": metrics.roc_auc_score(truth, shares[:, 1]),
            "average_precision": metrics.average_precision_score(truth, shares[:, 1]),
            "log_loss": metrics.log_loss(truth, shares),
            "brier": metrics.brier_score_loss(truth, shares[:, 1]),
        }
    )
    assert probability_scores(truth, shares, rare=0)["average_precision"] == pytest.approx(
        metrics.average_precision_score(1 - truth, shares[:, 0])
    )


def test_scores_of_more_classes_are_means_over_each_against_the_rest():
    shares = probabilities_of(TRUTH, 3)
    wanted = np.eye(3)[TRUTH]
    assert probability_scores(TRUTH, shares, rare=2) == pytest.approx(
        {
            "roc_auc": metrics.roc_auc_score(TRUTH, shares, multi_class="ovr"),
            "average_precision": metrics.average_precision_score(wanted, shares, average="macro"),
            "log_loss": metrics.log_loss(TRUTH, shares),
            "brier": np.square(shares - wanted).sum(axis=1).mean() / 2,
        }
    )


def test_rows_of_one_class_have_no_area_and_no_average_precision():
    found = probability_scores(np.zeros(4, int), probabilities_of(np.zeros(4, int), 2), rare=1)
    assert set(found) == {"log_loss", "brier"}


def test_the_rare_class_is_the_one_with_the_fewest_rows_the_last_of_equals():
    assert rare_class(np.array([5, 9, 7])) == 0
    assert rare_class(np.array([5, 5])) == 1


def test_a_class_that_is_guessed_but_never_true_counts_for_nothing():
    truth, guess = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    expected = metrics.f1_score(truth, guess, average="macro", labels=[0, 1])
    assert score(truth, guess)["macro_f1"] == pytest.approx(expected)
    assert score(truth, guess)["balanced_accuracy"] == 0.75


def test_balanced_accuracy_is_the_mean_of_the_recalls():
    found = recalls(confusion(TRUTH, GUESS, classes=3))
    assert np.mean(found) == pytest.approx(score(TRUTH, GUESS)["balanced_accuracy"])


def test_a_class_that_never_occurs_has_no_recall():
    assert np.isnan(recalls(confusion(TRUTH, GUESS, classes=4))[3])


@pytest.mark.parametrize(("successes", "total"), [(0, 10), (3, 10), (10, 10), (57, 80)])
def test_the_interval_of_a_share_is_wilson_s(successes, total):
    expected = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    found = share_interval(successes, total)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nothing_counted_says_nothing():
    assert (share_interval(0, 0).low, share_interval(0, 0).high) == (0.0, 1.0)


def test_a_row_that_is_held_out_twice_is_one_observation():
    labels = np.array([0, 0, 1, 1, 1])
    parts = [np.array([0, 2, 3]), np.array([0, 3, 4])]
    assert distinct_rows(parts, labels).tolist() == [1, 3]

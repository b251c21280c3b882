"""What a row adds to a score: against the score itself, its derivative and DeLong's variance."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from pipeline.metrics import METRICS
from pipeline.trial.predictions import Prediction
from pipeline.trial.row_values import row_values
from pipeline.trial.scores import all_scores

LINEAR = ("balanced_accuracy", "accuracy", "log_loss", "brier")


def predicted(counts, seed=0):
    """Truth and noisy predictions, with ties among the scores."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(counts)), counts)
    scores = rng.normal(size=(len(truth), len(counts)))
    scores[np.arange(len(truth)), truth] += 1.2
    probabilities = np.round(scores_to_shares(scores), 2) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return truth, Prediction(probabilities.argmax(axis=1), probabilities)


def scores_to_shares(scores):
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


def class_mean(values, truth):
    return np.mean([values[truth == k].mean() for k in np.unique(truth)])


@pytest.mark.parametrize("counts", [(40, 12), (30, 20, 7)])
@pytest.mark.parametrize("metric", LINEAR)
def test_what_rows_add_to_a_mean_over_rows_is_the_score_itself(metric, counts):
    truth, given = predicted(counts)
    values = row_values(metric, truth, given, rare=len(counts) - 1)
    score = all_scores(truth, given, rare=len(counts) - 1)[metric]
    assert class_mean(values, truth) == pytest.approx(score)


@pytest.mark.parametrize("counts", [(40, 12), (30, 20, 7)])
@pytest.mark.parametrize("metric", list(METRICS))
def test_what_a_row_adds_is_the_derivative_by_its_weight(metric, counts):
    """A hundred copies of every row, and then one copy more of one row of each class."""
    truth, given = predicted(counts, seed=1)
    rare, copies = len(counts) - 1, 100
    values = row_values(metric, truth, given, rare=rare)
    rng = np.random.default_rng(2)
    for label in range(len(counts)):
        own = np.flatnonzero(truth == label)
        more, less = rng.choice(own, 2, replace=False)
        rows = np.repeat(np.arange(len(truth)), copies)
        changed = rows.copy()
        changed[np.flatnonzero(rows == less)[0]] = more
        before, after = (
            all_scores(
                truth[taken],
                Prediction(given.guess[taken], given.probabilities[taken]),
                rare=rare,
            )[metric]
            for taken in (rows, changed)
        )
        expected = (values[more] - values[less]) / (len(own) * copies) / len(counts)
        assert after - before == pytest.approx(expected, rel=0.05, abs=2e-6)


def test_the_variance_of_an_area_is_that_of_delong():
    truth, given = predicted((80, 25), seed=3)
    values = row_values("roc_auc", truth, given, rare=1)
    scores = given.probabilities[:, 1]
    of_rare = np.array(
        [np.mean((s > scores[truth == 0]) + (s == scores[truth == 0]) / 2) for s in scores[80:]]
    )
    of_others = np.array(
        [np.mean((scores[truth == 1] > s) + (scores[truth == 1] == s) / 2) for s in scores[:80]]
    )
    expected = of_rare.var(ddof=1) / 25 + of_others.var(ddof=1) / 80
    found = sum(values[truth == k].var(ddof=1) / (truth == k).sum() for k in (0, 1)) / 4
    assert found == pytest.approx(expected)
    assert of_rare.mean() == pytest.approx(reference.roc_auc_score(truth, scores))


def test_the_variance_of_average_precision_is_that_of_other_rows_held_out():
    rng, claimed, found = np.random.default_rng(4), [], []
    truth = np.repeat([0, 1], [150, 30])
    for _ in range(400):
        score = rng.normal(size=len(truth)) + 1.5 * truth
        shares = stats.norm.cdf(score)
        given = Prediction((shares > 0.5).astype(int), np.stack([1 - shares, shares], axis=1))
        values = row_values("average_precision", truth, given, rare=1)
        claimed.append(sum(values[truth == k].var(ddof=1) / (truth == k).sum() for k in (0, 1)) / 4)
        found.append(all_scores(truth, given, rare=1)["average_precision"])
    assert np.mean(claimed) == pytest.approx(np.var(found), rel=0.2)

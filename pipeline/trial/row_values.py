"""What each held-out row adds to a metric: the row by row form of scores that are no mean of rows.

The test of a gain needs to know by how much the gain would change if other rows had been held out.
For a mean over rows that is the spread of the rows' own scores. Any other metric is written as what
each row adds to it to first order (its influence), which for ROC AUC is exact: the placement values
of DeLong. Rows are compared within their class, since how many of each class are held out is fixed
by the design of the splits.

Sources: DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595, for AUC; the delta method by
influence functions for F1 and average precision, Hampel 1974, doi:10.1080/01621459.1974.10482962.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from pipeline.trial.criterion import SMALLEST_PROBABILITY
from pipeline.trial.predictions import Prediction
from pipeline.trial.scores import asked_classes, at_least, brier_losses


def row_values(metric: str, truth: np.ndarray, predicted: Prediction, *, rare: int) -> np.ndarray:
    """What each row adds to a metric, on the scale of its class, float64 [n].

    On that scale the mean over classes of the mean within a class varies with the rows as the
    metric does; for balanced accuracy, accuracy, log-loss and Brier's score it is the metric.

    Args:
        truth: True classes, int64 [n].
        rare: The class with the fewest rows.
    """
    if metric in _OF_LABELS:
        each = _OF_LABELS[metric](truth, predicted.guess)
    else:
        assert predicted.probabilities is not None
        each = _OF_PROBABILITIES[metric](truth, predicted.probabilities, rare)
    counts = np.bincount(truth)
    return np.asarray(each * counts[truth] * np.count_nonzero(counts))


def _of_balanced_accuracy(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    counts = np.bincount(truth)
    return np.asarray((truth == guess) / counts[truth] / np.count_nonzero(counts))


def _of_accuracy(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    return np.asarray((truth == guess) / len(truth))


def _of_macro_f1(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Derivative of the mean of 2 tp / (true + guessed), of which `true` is fixed."""
    classes = int(max(truth.max(), guess.max())) + 1
    true, guessed = (np.bincount(labels, minlength=classes) for labels in (truth, guess))
    right = np.bincount(truth[truth == guess], minlength=classes)
    total = np.maximum(true + guessed, 1)
    f1 = np.where(true > 0, 2 * right / total, 0.0)
    each = (2.0 * (truth == guess) - f1[guess]) / total[guess]
    return np.asarray(np.where(true[guess] > 0, each, 0.0) / np.count_nonzero(true))


def _of_log_loss(truth: np.ndarray, probabilities: np.ndarray, _: int) -> np.ndarray:
    own = probabilities[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.clip(own, SMALLEST_PROBABILITY, 1.0)) / len(truth))


def _of_brier(truth: np.ndarray, probabilities: np.ndarray, _: int) -> np.ndarray:
    return brier_losses(truth, probabilities) / len(truth)


def _of_roc_auc(truth: np.ndarray, probabilities: np.ndarray, rare: int) -> np.ndarray:
    """Placement values: the share of the other side that a row is ranked rightly against."""

    def placements(scores: np.ndarray, is_own: np.ndarray) -> np.ndarray:
        own, other = int(is_own.sum()), int((~is_own).sum())
        beaten = stats.rankdata(scores)
        beaten[is_own] -= stats.rankdata(scores[is_own])
        beaten[~is_own] -= stats.rankdata(scores[~is_own])
        return np.where(is_own, beaten / other / own, (1 - beaten / own) / other)

    return _mean_over_classes(placements, truth, probabilities, rare)


def _of_average_precision(truth: np.ndarray, probabilities: np.ndarray, rare: int) -> np.ndarray:
    """Derivative of the mean precision at the positives' scores.

    A row adds its own precision if it is a positive, and changes that at every positive's score
    that is no higher than its own: of tp / (tp + fp) the derivatives are fp / (tp + fp)² and
    −tp / (tp + fp)².
    """

    def derivatives(scores: np.ndarray, is_own: np.ndarray) -> np.ndarray:
        own = np.sort(scores[is_own])
        true, all_ = at_least(own, own), at_least(scores, own)
        below = np.searchsorted(own, scores, side="right")
        as_own, as_other = (
            np.concatenate([[0.0], np.cumsum(change / np.square(all_))])[below]
            for change in (all_ - true, -true)
        )
        precision = np.zeros(len(scores))
        precision[is_own] = at_least(own, scores[is_own]) / at_least(scores, scores[is_own])
        return np.where(is_own, precision + as_own, as_other) / len(own)

    return _mean_over_classes(derivatives, truth, probabilities, rare)


def _mean_over_classes(
    of_class: Callable[[np.ndarray, np.ndarray], np.ndarray],
    truth: np.ndarray,
    probabilities: np.ndarray,
    rare: int,
) -> np.ndarray:
    asked = asked_classes(truth, classes=probabilities.shape[1], rare=rare)
    return np.asarray(np.mean([of_class(probabilities[:, k], truth == k) for k in asked], axis=0))


_OF_LABELS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "balanced_accuracy": _of_balanced_accuracy,
    "accuracy": _of_accuracy,
    "macro_f1": _of_macro_f1,
}
_OF_PROBABILITIES: Mapping[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "roc_auc": _of_roc_auc,
    "average_precision": _of_average_precision,
    "log_loss": _of_log_loss,
    "brier": _of_brier,
}

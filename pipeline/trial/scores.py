"""Scores of predictions, what each row adds to them, and the intervals of shares.

For labels the metrics are those of scikit-learn; they are computed here because a trial asks for
them so often that scikit-learn's checks of its input would cost more than the fits.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from pipeline.metrics import DecisionRule
from pipeline.results import Interval
from pipeline.trial.criterion import SMALLEST_PROBABILITY
from pipeline.trial.predictions import Prediction


def score(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    """The metrics of guessed class indices against true ones, int64 [n] each, in [0, 1].

    Balanced accuracy is the mean recall, macro F1 the mean of 2 tp / (guessed + true), both over
    the classes that occur in `truth` (scikit-learn's macro F1 counts a class that was only guessed
    as well, as zero).
    """
    matrix = confusion(truth, guess, classes=int(max(truth.max(), guess.max())) + 1)
    right, true, guessed = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    present = true > 0
    return {
        "balanced_accuracy": float(np.mean(right[present] / true[present])),
        "accuracy": float(right.sum() / true.sum()),
        "macro_f1": float(np.mean(2 * right[present] / (true + guessed)[present])),
    }


def probability_scores(
    truth: np.ndarray, probabilities: np.ndarray, *, rare: int
) -> dict[str, float]:
    """The metrics of probabilities, float64 [n, classes], against true classes, int64 [n].

    ROC AUC and average precision are those of the rare class where there are two, else the mean
    over the classes of each against the rest; they are left out where no row is of another class.
    Log-loss in nats, and Brier's score as half the squared distance to the true class, which is the
    usual one of two classes and in [0, 1] for any number, are plain means over rows, as in
    scikit-learn. No probability counts as smaller than 1e-6.

    Args:
        rare: The class with the fewest rows, as `rare_class` finds it.
    """
    own = probabilities[np.arange(len(truth)), truth]
    found = {
        "log_loss": float(-np.log(np.clip(own, SMALLEST_PROBABILITY, 1.0)).mean()),
        "brier": float(brier_losses(truth, probabilities).mean()),
    }
    asked = asked_classes(truth, classes=probabilities.shape[1], rare=rare)
    if not len(asked):
        return found
    is_own = truth[:, None] == asked
    positives = is_own.sum(axis=0)
    ranks = np.where(is_own, stats.rankdata(probabilities[:, asked], axis=0), 0.0).sum(axis=0)
    pairs = positives * (len(truth) - positives)
    precisions = [_precision_at(probabilities[:, k], truth == k).mean() for k in asked]
    return {
        "roc_auc": float(np.mean((ranks - positives * (positives + 1) / 2) / pairs)),
        "average_precision": float(np.mean(precisions)),
        **found,
    }


def all_scores(
    truth: np.ndarray,
    predicted: Prediction,
    *,
    rare: int,
    rule: DecisionRule = "fixed_threshold",
) -> dict[str, float]:
    """Every metric that what is predicted allows.

    Args:
        rule: By which labels are made; a threshold is tuned for each metric by itself.
    """
    found = score(truth, predicted.guess)
    if rule == "tuned_threshold":
        found = {metric: score(truth, predicted.tuned(metric).guess)[metric] for metric in found}
    if predicted.probabilities is not None:
        found |= probability_scores(truth, predicted.probabilities, rare=rare)
    return found


def rare_class(counts: np.ndarray) -> int:
    """The class with the fewest rows, the last of equals.

    Args:
        counts: Of each class, int64 [classes].
    """
    return int(len(counts) - 1 - np.argmin(counts[::-1]))


def asked_classes(truth: np.ndarray, *, classes: int, rare: int) -> np.ndarray:
    """The classes of which AUC and average precision are the mean, int64: the rare one of two."""
    present = np.flatnonzero(np.bincount(truth, minlength=classes))
    if len(present) < 2:
        return present[:0]
    return np.array([rare]) if classes == 2 else present


def brier_losses(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Half the squared distance of each row's probabilities to its class, float64 [n]."""
    wanted = np.eye(probabilities.shape[1])[truth]
    return np.asarray(np.square(probabilities - wanted).sum(axis=1) / 2)


def at_least(scores: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How many of `scores` are no smaller than each of `asked`, int64 [asked]."""
    return np.asarray(len(scores) - np.searchsorted(np.sort(scores), asked, side="left"))


def _precision_at(scores: np.ndarray, is_own: np.ndarray) -> np.ndarray:
    """Precision at the score of each row of the class, float64 [positives]."""
    own = scores[is_own]
    return np.asarray(at_least(own, own) / at_least(scores, own))


def confusion(truth: np.ndarray, guess: np.ndarray, *, classes: int) -> np.ndarray:
    """Counts, int64 [classes, classes]; rows true, columns guessed."""
    cells = np.bincount(truth * classes + guess, minlength=classes * classes)
    return cells.reshape(classes, classes)


def recalls(matrix: np.ndarray) -> np.ndarray:
    """Recall of each class, float64 [classes] in [0, 1]; nan for a class that never occurs."""
    totals = matrix.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(totals > 0, np.diag(matrix) / totals, np.nan)


def distinct_rows(parts: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """Rows of each class that lie in any of the parts, each counted once, int64 [classes].

    The same row is held out in many replicates, and is one observation all the same: an interval
    that counts it every time is too narrow.

    Args:
        parts: Row positions, int64.
        labels: Of all rows, int64 [n].
    """
    return np.bincount(labels[np.unique(np.concatenate(parts))], minlength=labels.max() + 1)


def share_interval(successes: float, total: int, *, level: float = 0.95) -> Interval:
    """Wilson's interval of a share, as wide as [0, 1] when nothing was counted.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if total == 0:
        return Interval(low=0.0, high=1.0, level=level)
    z = float(stats.norm.ppf((1 + level) / 2))
    share = successes / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * np.sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2)
    return Interval(
        low=max(0.0, float(centre - half)), high=min(1.0, float(centre + half)), level=level
    )

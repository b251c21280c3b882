"""Scores of predicted labels, and the intervals of shares."""

import warnings
from collections.abc import Callable

import numpy as np
from scipy import stats
from sklearn import metrics

from pipeline.results import Interval

METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "balanced_accuracy": lambda truth, guess: float(metrics.balanced_accuracy_score(truth, guess)),
    "accuracy": lambda truth, guess: float(metrics.accuracy_score(truth, guess)),
    "macro_f1": lambda truth, guess: float(
        metrics.f1_score(truth, guess, average="macro", zero_division=0.0, labels=np.unique(truth))
    ),
}


def score(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    """Every metric, in [0, 1], of guessed class indices against true ones, int64 [n] each."""
    with warnings.catch_warnings():
        # A guessed class that never occurs in a small held-out part is no news.
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        return {name: function(truth, guess) for name, function in METRICS.items()}


def confusion(truth: np.ndarray, guess: np.ndarray, *, classes: int) -> np.ndarray:
    """Counts, int64 [classes, classes]; rows true, columns guessed."""
    matrix: np.ndarray = metrics.confusion_matrix(truth, guess, labels=np.arange(classes))
    return matrix


def recalls(matrix: np.ndarray) -> np.ndarray:
    """Recall of each class, float64 [classes] in [0, 1]; nan for a class that never occurs."""
    totals = matrix.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(totals > 0, np.diag(matrix) / totals, np.nan)


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

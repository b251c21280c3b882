"""Scores of predicted labels, and the intervals of shares."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from pipeline.results import Interval


def score(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    """Every metric, in [0, 1], of guessed class indices against true ones, int64 [n] each.

    Balanced accuracy is the mean recall, macro F1 the mean of 2 tp / (guessed + true), both over
    the classes that occur in `truth` (scikit-learn's macro F1 counts a class that was only guessed
    as well, as zero); computed here because a trial asks for them so often that scikit-learn's
    checks of its input would cost more than the fits.
    """
    matrix = confusion(truth, guess, classes=int(max(truth.max(), guess.max())) + 1)
    right, true, guessed = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    present = true > 0
    return {
        "balanced_accuracy": float(np.mean(right[present] / true[present])),
        "accuracy": float(right.sum() / true.sum()),
        "macro_f1": float(np.mean(2 * right[present] / (true + guessed)[present])),
    }


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

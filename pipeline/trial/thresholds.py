"""The decision rule of whoever tunes it: offsets of log-probabilities, chosen on rows set apart.

The usual rule takes the class with the largest probability; of two classes that is a threshold of
.5. Whoever tunes it shifts the log-probabilities so that his metric is best on rows that the fit
has not seen.
"""

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.trial.criterion import SMALLEST_PROBABILITY
from pipeline.trial.scores import score

# Strengths of the correction for the prior that are tried of more than two classes; −1 takes back
# what filling every class to the largest did, 1 is what balanced accuracy asks of plain rows.
STRENGTHS = np.linspace(-1.0, 2.0, 31)
# Metrics of labels of two classes, from counts: right of either class, rows of either class.
Counts = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]


def tuned_offsets(
    truth: np.ndarray, probabilities: np.ndarray, counts: np.ndarray
) -> dict[str, list[float]]:
    """Metric of labels → what is added to the log-probability of each class, [classes] floats.

    Of two classes it is one threshold, anywhere between two rows; where several do equally well,
    the middle of the stretch of best ones that is nearest to the usual threshold. More classes are
    shifted by the log of their prior, times a strength: with a threshold for each, a few rows would
    choose many numbers.

    Args:
        truth: Of the rows to tune on, int64 [n].
        probabilities: Of these rows by a fit that has not seen them, float64 [n, classes].
        counts: Real rows of each class that a classifier trains on, int64 [classes].

    Source: post-hoc logit adjustment, Menon et al. 2021, arXiv:2007.07314, equation 9, its strength
    chosen on validation rows.
    """
    logarithms = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    if probabilities.shape[1] == 2:
        odds = logarithms[:, 1] - logarithms[:, 0]
        cuts = best_cuts(truth, odds)
        return {metric: [cut / 2, -cut / 2] for metric, cut in cuts.items()}
    prior = np.log(np.maximum(counts, 1) / np.maximum(counts, 1).sum())
    tried = [score(truth, (logarithms - s * prior).argmax(axis=1)) for s in STRENGTHS]
    best = {
        metric: STRENGTHS[_nearest_best(np.array([one[metric] for one in tried]), STRENGTHS)]
        for metric in tried[0]
    }
    return {metric: (-strength * prior).tolist() for metric, strength in best.items()}


def best_cuts(truth: np.ndarray, odds: np.ndarray) -> dict[str, float]:
    """Metric of labels → the log-odds above which class 1 is guessed.

    Args:
        truth: 0 or 1, int64 [n].
        odds: Of class 1, float64 [n].
    """
    levels = np.unique(odds)
    middles = (levels[1:] + levels[:-1]) / 2
    cuts = np.concatenate([[min(levels[0], 0.0) - 1], middles, [max(levels[-1], 0.0) + 1]])
    right, rows = [], []
    for label, sign in ((0, 1), (1, -1)):
        own = np.sort(sign * odds[truth == label])
        right.append(np.searchsorted(own, sign * cuts))
        rows.append(len(own))
    return {
        metric: float(cuts[_nearest_best(measure(right[0], right[1], rows[0], rows[1]), cuts)])
        for metric, measure in _MEASURES.items()
    }


def _nearest_best(values: np.ndarray, places: np.ndarray) -> int:
    """The middle of the stretch of largest values that comes nearest to place 0."""
    best = np.flatnonzero(values >= values.max() - 1e-12)
    stretches = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    nearest = min(stretches, key=lambda one: float(np.abs(places[one]).min()))
    return int(nearest[len(nearest) // 2])


def _balanced_accuracy(right_0: np.ndarray, right_1: np.ndarray, n_0: int, n_1: int) -> np.ndarray:
    present = (n_0 > 0) + (n_1 > 0)
    return np.asarray((right_0 / max(n_0, 1) + right_1 / max(n_1, 1)) / present)


def _accuracy(right_0: np.ndarray, right_1: np.ndarray, n_0: int, n_1: int) -> np.ndarray:
    return np.asarray((right_0 + right_1) / (n_0 + n_1))


def _macro_f1(right_0: np.ndarray, right_1: np.ndarray, n_0: int, n_1: int) -> np.ndarray:
    guessed_0, guessed_1 = right_0 + n_1 - right_1, right_1 + n_0 - right_0
    each = (
        (2 * right_0 / np.maximum(n_0 + guessed_0, 1), n_0),
        (2 * right_1 / np.maximum(n_1 + guessed_1, 1), n_1),
    )
    return np.asarray(np.mean([f1 for f1, rows in each if rows], axis=0))


_MEASURES: Mapping[str, Counts] = {
    "balanced_accuracy": _balanced_accuracy,
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
}

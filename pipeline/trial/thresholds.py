"""The decision rule of whoever tunes it: offsets of log-probabilities, chosen on rows set apart.

The usual rule takes the class with the largest probability; of two classes that is a threshold of
.5. Whoever tunes it shifts the log-probabilities so that his metric is best on rows that the fit
has not seen. These are few, ten of a class perhaps, and the threshold that is best on them is
mostly luck. So what is taken is the most usual one among those that are no worse than the best by
more than its standard error, as careful people do; it does better on other rows (docs/decisions).

Source: the one-standard-error rule, Breiman et al. 1984, Classification and Regression Trees,
section 3.4.3.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from pipeline.trial.criterion import SMALLEST_PROBABILITY
from pipeline.trial.predictions import Prediction
from pipeline.trial.row_values import row_values
from pipeline.trial.scores import score

# Strengths of the correction for the prior that are tried of more than two classes; −1 takes back
# what filling every class to the largest did, 1 is what balanced accuracy asks of plain rows.
STRENGTHS = np.linspace(-1.0, 2.0, 31)
# Of them the usual ones: nothing, and all of the correction.
USUAL_STRENGTHS = (0.0, 1.0)
# Metrics of labels of two classes, from counts: right of either class, rows of either class.
Counts = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]


def tuned_offsets(
    truth: np.ndarray, probabilities: np.ndarray, counts: np.ndarray
) -> dict[str, list[float]]:
    """Metric of labels → what is added to the log-probability of each class, [classes] floats.

    Of two classes it is one threshold, anywhere between two rows; the usual ones are .5 and the
    prior of class 1. More classes are shifted by the log of their prior, times a strength: with a
    threshold for each, a few rows would choose many numbers.

    Args:
        truth: Of the rows to tune on, int64 [n].
        probabilities: Of these rows by a fit that has not seen them, float64 [n, classes].
        counts: Real rows of each class that a classifier trains on, int64 [classes].

    Source: post-hoc logit adjustment, Menon et al. 2021, arXiv:2007.07314, equation 9, its strength
    chosen on validation rows.
    """
    logarithms = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    prior = np.log(np.maximum(counts, 1) / np.maximum(counts, 1).sum())
    if probabilities.shape[1] == 2:
        odds = logarithms[:, 1] - logarithms[:, 0]
        cuts = chosen_cuts(truth, odds, usual=(0.0, float(prior[1] - prior[0])))
        return {metric: [cut / 2, -cut / 2] for metric, cut in cuts.items()}
    guesses = [(logarithms - strength * prior).argmax(axis=1) for strength in STRENGTHS]
    scores = [score(truth, guess) for guess in guesses]
    usual = [int(np.abs(STRENGTHS - one).argmin()) for one in USUAL_STRENGTHS]
    chosen = {}
    for metric in scores[0]:
        values = np.array([one[metric] for one in scores])
        error = standard_error(metric, truth, guesses[int(values.argmax())])
        chosen[metric] = float(STRENGTHS[_most_usual(values, STRENGTHS, usual, error)])
    return {metric: (-strength * prior).tolist() for metric, strength in chosen.items()}


def chosen_cuts(
    truth: np.ndarray, odds: np.ndarray, *, usual: tuple[float, ...] = (0.0,)
) -> dict[str, float]:
    """Metric of labels → the log-odds above which class 1 is guessed.

    Args:
        truth: 0 or 1, int64 [n].
        odds: Of class 1, float64 [n].
        usual: Cuts that are preferred to others.
    """
    levels = np.unique(odds)
    middles = (levels[1:] + levels[:-1]) / 2
    cuts = np.concatenate([usual, [levels[0] - 1], middles, [levels[-1] + 1]])
    right, rows = [], []
    for label, sign in ((0, 1), (1, -1)):
        own = np.sort(sign * odds[truth == label])
        # Of the rows with just these odds, those of class 0 are right.
        right.append(np.searchsorted(own, sign * cuts, side="right" if label == 0 else "left"))
        rows.append(len(own))
    found = {}
    for metric, measure in _MEASURES.items():
        values = measure(right[0], right[1], rows[0], rows[1])
        best = (odds > cuts[int(values.argmax())]).astype(np.int64)
        error = standard_error(metric, truth, best)
        found[metric] = float(cuts[_most_usual(values, cuts, range(len(usual)), error)])
    return found


def standard_error(metric: str, truth: np.ndarray, guess: np.ndarray) -> float:
    """Of a metric of labels, had other rows of each class been set apart."""
    values = row_values(metric, truth, Prediction(guess), rare=0)
    classes = np.unique(truth)
    each = [values[truth == k].var() / (truth == k).sum() for k in classes]
    return float(np.sqrt(np.sum(each)) / len(classes))


def _most_usual(values: np.ndarray, places: np.ndarray, usual: Iterable[int], error: float) -> int:
    """Of the places within one error of the best, the nearest to the best of the usual ones."""
    preferred = max(usual, key=lambda place: float(values[place]))
    good = np.flatnonzero(values >= values.max() - error - 1e-12)
    return int(good[np.abs(places[good] - places[preferred]).argmin()])


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

"""The criterion by which sets and settings are chosen on the inner validation rows."""

import numpy as np
from scipy.special import logsumexp

TEMPERATURES = np.geomspace(0.25, 8.0, 21)
SMALLEST_PROBABILITY = 1e-6


def calibrated_losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each row after temperature scaling, float64 [n] in nats.

    Balanced accuracy on two rows a class is mostly noise; the log-likelihood of the same rows is
    not. One temperature is fitted per classifier, so that label smoothing or mixup, which make a
    classifier modest, are neither punished nor rewarded.

    Args:
        probabilities: float64 [n, classes].
        labels: True class indices, int64 [n].

    Source: Guo et al. 2017, arXiv:1706.04599, section 4.2.
    """
    logits = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    weights = class_balanced_weights(labels)
    each = [_losses(logits / temperature, labels) for temperature in TEMPERATURES]
    best = int(np.argmin([float(weights @ losses) for losses in each]))
    return each[best]


def likeliest_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The temperature under which the labels are likeliest, of scores float64 [n, classes]."""
    temperatures = TEMPERATURES / TEMPERATURES[-1]
    each = [float(_losses(scores / temperature, labels).mean()) for temperature in temperatures]
    return float(temperatures[int(np.argmin(each))])


def class_balanced_weights(labels: np.ndarray) -> np.ndarray:
    """Weights of rows, float64 [n], that give each class present the same total; sum 1."""
    counts = np.bincount(labels)
    return np.asarray(1.0 / (counts[labels] * np.count_nonzero(counts)))


def mean_loss(losses: np.ndarray, labels: np.ndarray) -> float:
    """Class-balanced mean of losses, in nats; smaller is better."""
    return float(class_balanced_weights(labels) @ losses)


def _losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels])

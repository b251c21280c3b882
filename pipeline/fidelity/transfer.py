"""Train on synthetic samples, test on real ones: what a classifier learns from the fakes alone."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import roc_auc_score

from pipeline.randomness import numpy_stream
from pipeline.results import FidelityRow
from pipeline.samples import Samples, concatenate

# Fits a classifier and returns the probability of each class of the schema: (training, queries) →
# float64 [n, classes].
Predict = Callable[[Samples, Samples], np.ndarray]


def train_on_synthetic(
    synthetic: Samples, real: Samples, test: Samples, *, predict: Predict, name: str, seed: int
) -> tuple[FidelityRow, ...]:
    """Recall and AUC on real test samples after training on synthetic ones, overall and per class.

    Both sides train on the same number of samples of each class that was drawn, so that the number
    for real ones is the floor at equal n. Of classes of which nothing was drawn, both train on the
    same real samples: a pool often fills scarce classes only.

    Args:
        real: The real training samples.
        test: Real samples that nobody trained on.
        predict: Fits a classifier on its first argument, predicts its second.
        name: The classifier's, for the reader.

    Source: the classification accuracy score of Ravuri & Vinyals 2019, arXiv:1905.10887.
    """
    labels, known = np.unique(synthetic.labels), np.unique(real.labels)
    if not len(labels) or len(known) < 2:
        return ()
    stream = numpy_stream(seed, "transfer")
    rows: list[list[np.ndarray]] = [[], []]
    for label in labels:
        own = [np.flatnonzero(part.labels == label) for part in (synthetic, real)]
        count = min(map(len, own))
        for chosen, candidates in zip(rows, own, strict=True):
            chosen.append(stream.permutation(candidates)[:count])
    undrawn = real.take(np.isin(real.labels, labels, invert=True))
    asked = test.take(np.isin(test.labels, known))
    told = [
        predict(concatenate([part.take(np.concatenate(chosen)), undrawn]), asked)
        for part, chosen in zip((synthetic, real), rows, strict=True)
    ]
    counts = np.array([len(chosen) for chosen in rows[0]])
    scopes = [synthetic.schema.classes[label] for label in labels]
    found = []
    for metric, measure, what in (
        ("tstr", recalls, "recall"),
        ("tstr_auc", areas, "area of each class against the others"),
    ):
        every = [measure(each, asked.labels, known) for each in told]
        values, floors = (each[np.isin(known, labels)] for each in every)
        note = f"{what} on real test samples; the floor trains on as many real samples"
        sides = [(None, *map(np.nanmean, every), counts.sum())]
        sides += list(zip(scopes, values, floors, counts, strict=True))
        found += [
            FidelityRow(
                metric=metric,
                class_name=scope,
                value=float(value),
                floor=float(floor),
                n_samples=int(n),
                features=name,
                note=note,
            )
            for scope, value, floor, n in sides
            if np.isfinite(value) and np.isfinite(floor)
        ]
    return tuple(found)


def recalls(probabilities: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of each of `labels` the share of its samples that are recognised, NaN without a sample."""
    guess = probabilities.argmax(axis=1)
    return np.array(
        [np.mean(guess[truth == k] == k) if (truth == k).any() else np.nan for k in labels]
    )


def areas(probabilities: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of each of `labels` the area under the curve against all others, NaN without either."""
    return np.array(
        [
            roc_auc_score(truth == k, probabilities[:, k])
            if 0 < np.sum(truth == k) < len(truth)
            else np.nan
            for k in labels
        ]
    )

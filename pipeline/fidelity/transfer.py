"""Train on synthetic samples, test on real ones: what a classifier learns from the fakes alone."""

from collections.abc import Callable

import numpy as np

from pipeline.randomness import numpy_stream
from pipeline.results import FidelityRow
from pipeline.samples import Samples

# Fits a classifier and returns the class indices it predicts: (training, queries) → int64 [n].
Predict = Callable[[Samples, Samples], np.ndarray]


def train_on_synthetic(
    synthetic: Samples, real: Samples, test: Samples, *, predict: Predict, name: str, seed: int
) -> tuple[FidelityRow, ...]:
    """Recall on real test samples after training on synthetic ones, overall and per class.

    Both sides train on the same number of samples of each class that was drawn, so that the number
    for real ones is the floor at equal n.

    Args:
        real: The real training samples.
        test: Real samples that nobody trained on.
        predict: Fits a classifier on its first argument, predicts its second.
        name: The classifier's, for the reader.

    Source: the classification accuracy score of Ravuri & Vinyals 2019, arXiv:1905.10887.
    """
    labels = np.unique(synthetic.labels)
    if len(labels) < 2:
        return ()
    stream = numpy_stream(seed, "transfer")
    rows: list[list[np.ndarray]] = [[], []]
    for label in labels:
        own = [np.flatnonzero(part.labels == label) for part in (synthetic, real)]
        count = min(map(len, own))
        for chosen, candidates in zip(rows, own, strict=True):
            chosen.append(stream.permutation(candidates)[:count])
    asked = test.take(np.isin(test.labels, labels))
    guesses = [
        predict(part.take(np.concatenate(chosen)), asked)
        for part, chosen in zip((synthetic, real), rows, strict=True)
    ]
    recalls = np.array(
        [[np.mean(guess[asked.labels == label] == label) for label in labels] for guess in guesses]
    )
    scopes: list[str | None] = [None, *(synthetic.schema.classes[label] for label in labels)]
    columns = [recalls.mean(axis=1), *recalls.T]
    counts = [sum(map(len, rows[0])), *map(len, rows[0])]
    return tuple(
        FidelityRow(
            metric="tstr",
            class_name=scope,
            value=float(value),
            floor=float(floor),
            n_samples=count,
            features=name,
            note="recall on real test samples; the floor trains on as many real samples",
        )
        for scope, (value, floor), count in zip(scopes, columns, counts, strict=True)
    )

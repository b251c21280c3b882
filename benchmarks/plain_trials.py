"""Thousands of small trials whose true gain is known: plain, fast fits and static "generators".

Each trial draws a development sample from a family of labelled rows, parts it in every replicate as
the product does, puts a set together (training rows and what a "generator" adds), and fits a panel
of plain classifiers on it and on its reference, the training rows oversampled to balance. Held are
the paired scores of every held-out row. Kinds of trial:

- bootstrap: both arms are oversampled bootstraps of the training rows; the true gain is 0.
- copies: copies of training rows, as the reference has; taken only where the choosing rows like it.
- jitter: copies with noise of a third of each column's spread.
- gaussian: draws of a Gaussian fitted to each class of the training rows, retrained every time.
- shuffled: unseen rows under labels that mean nothing, where the choosing rows like them.
- planted-N: unseen real rows, drawn anew every time, each class filled to N, then oversampled.

The true gain of a kind is the mean over all its trials; where an average of hundreds of trials is
the yardstick, its own error is a twentieth of one trial's.
"""

from dataclasses import dataclass

import numpy as np

CHOOSING_SHARE = 1 / 3
NOT_HELD_OUT = 127
RIDGE = 0.1
# Of the random Fourier features, in root mean square spreads of a column.
WAVELENGTH = 3.0


@dataclass(frozen=True)
class Design:
    """Rows of each class to train on and beside them; `folds` instead of repeated draws."""

    training: tuple[int, ...]
    spare: tuple[int, ...]
    folds: int = 0

    @property
    def development(self):
        return np.add(self.training, self.spare)

    @property
    def held_out_ratio(self):
        """Rows held out a replicate by rows trained on."""
        if self.folds:
            return 1 / (self.folds - 1)
        return (1 - CHOOSING_SHARE) * sum(self.spare) / sum(self.training)


@dataclass(frozen=True)
class Family:
    """Rows to draw development samples from: float64 [n, d] and int64 [n]."""

    values: np.ndarray
    labels: np.ndarray

    @property
    def classes(self):
        return int(self.labels.max()) + 1


def trial(family, design, kind, replicates, rng):
    """Labels of the development rows, int64 [n]; paired scores, int8 [replicates, n].

    A score is the number of classifiers that are right with the set and wrong with the reference,
    less those the other way round; NOT_HELD_OUT where the row was not held out.
    """
    values, labels, reserve = development(family, design, rng)
    scores = np.full((replicates, len(labels)), NOT_HELD_OUT, np.int8)
    for replicate, (training, choosing, held_out) in enumerate(
        splits(labels, design, replicates, rng)
    ):
        candidate, reference = arms(
            kind, (values[training], labels[training]), family, reserve, rng
        )
        asked = np.concatenate([held_out, choosing])
        right = [
            panel_right(*arm, values[asked], labels[asked], rng) for arm in (candidate, reference)
        ]
        gain = (right[0] - right[1])[:, : len(held_out)].sum(axis=0)
        if kind.endswith("+chosen"):
            chosen = [recall(r[:, len(held_out) :], labels[choosing]) for r in right]
            gain = gain if chosen[0] > chosen[1] else 0
        scores[replicate, held_out] = gain
    return labels, scores


def development(family, design, rng):
    """Values and labels of a development sample, and of each class the rows that are left."""
    order = [rng.permutation(np.flatnonzero(family.labels == k)) for k in range(family.classes)]
    own = np.concatenate([rows[:n] for rows, n in zip(order, design.development, strict=True)])
    reserve = [rows[n:] for rows, n in zip(order, design.development, strict=True)]
    return family.values[own], family.labels[own], reserve


def arms(kind, real, family, reserve, rng):
    """The set and its reference, as values and labels, from a replicate's training rows."""
    if kind == "bootstrap":
        reference, candidate = (oversampled(*bootstrap(*real, rng), rng) for _ in range(2))
        return candidate, reference
    reference = oversampled(*real, rng)
    more = generated(kind.split("+")[0], real, family, reserve, rng)
    return oversampled(*with_rows(*real, more), rng), reference


def splits(labels, design, replicates, rng):
    for replicate in range(replicates):
        if design.folds:
            if replicate % design.folds == 0:
                fold = np.empty(len(labels), int)
                for k in range(labels.max() + 1):
                    rows = rng.permutation(np.flatnonzero(labels == k))
                    fold[rows] = np.arange(len(rows)) % design.folds
            held = fold == replicate % design.folds
            yield np.flatnonzero(~held), np.zeros(0, int), np.flatnonzero(held)
        else:
            parts = [[], [], []]
            for k, n in enumerate(design.training):
                rows = rng.permutation(np.flatnonzero(labels == k))
                chosen = round((len(rows) - n) * CHOOSING_SHARE)
                for part, mine in zip(parts, np.split(rows, [n, n + chosen]), strict=True):
                    part.append(mine)
            yield tuple(np.concatenate(part) for part in parts)


def counts_to_fill(labels, target=None):
    counts = np.bincount(labels)
    return np.maximum((target or counts.max()) - counts, 0)


def with_rows(values, labels, more):
    return np.concatenate([values, more[0]]), np.concatenate([labels, more[1]])


def drawn_rows(labels, counts, rng):
    return np.concatenate(
        [rng.choice(np.flatnonzero(labels == k), n) for k, n in enumerate(counts)]
    ).astype(int)


def oversampled(values, labels, rng):
    rows = drawn_rows(labels, counts_to_fill(labels), rng)
    return with_rows(values, labels, (values[rows], labels[rows]))


def bootstrap(values, labels, rng):
    rows = drawn_rows(labels, np.bincount(labels), rng)
    return values[rows], labels[rows]


def generated(kind, real, family, reserve, rng):
    values, labels = real
    target = int(kind.split("-")[1]) if kind.startswith("planted") else None
    counts = counts_to_fill(labels, target)
    new = np.repeat(np.arange(len(counts)), counts)
    if kind.startswith("planted"):
        rows = [rng.choice(r, n, replace=False) for r, n in zip(reserve, counts, strict=True)]
        return family.values[np.concatenate(rows)], new
    if kind == "shuffled":
        return family.values[rng.choice(np.concatenate(reserve), len(new))], new
    if kind == "gaussian":
        return gaussian_rows(values, labels, counts, rng), new
    rows = drawn_rows(labels, counts, rng)
    noise = rng.normal(size=values[rows].shape) * values.std(axis=0) / 3
    return values[rows] + (noise if kind == "jitter" else 0), new


def gaussian_rows(values, labels, counts, rng):
    """Each class about its own mean, with half its own covariance and half the pooled one."""
    centred = (
        values - np.stack([values[labels == k].mean(axis=0) for k in range(len(counts))])[labels]
    )
    pooled, parts = np.cov(centred.T), []
    for k, n in enumerate(counts):
        mine = values[labels == k]
        covariance = (np.cov(mine.T) + pooled) / 2 + 1e-6 * np.eye(values.shape[1])
        parts.append(
            rng.multivariate_normal(mine.mean(axis=0), covariance, n, method="cholesky")
            if n
            else mine[:0]
        )
    return np.concatenate(parts)


CLASSIFIERS = 4


def panel_right(values, labels, asked, truth, rng):
    """Who is right on which row, int8 [classifiers, rows]."""
    scores = panel_scores(values, labels, asked, rng)
    return (np.stack([one.argmax(axis=1) for one in scores]) == truth).astype(np.int8)


def panel_scores(values, labels, asked, rng):
    """The score of each class by each classifier, a list of float [rows, classes].

    k-NN, ridge regression on the columns, on fixed random Fourier features (close to an RBF-SVM),
    and on random ReLU features that every fit draws anew (a small network with luck of its own).
    """
    values, asked = values.astype(np.float32), asked.astype(np.float32)
    width = values.shape[1]
    waves = np.random.default_rng(0).normal(size=(width, 150)) / (WAVELENGTH * np.sqrt(width))
    phases = np.random.default_rng(1).uniform(0, 2 * np.pi, 150)
    units = rng.normal(size=(width + 1, 60)).astype(np.float32)
    waves, phases = waves.astype(np.float32), phases.astype(np.float32)

    def fourier(rows):
        return np.cos(rows @ waves + phases)

    def rectified(rows):
        return np.maximum(rows @ units[:-1] + units[-1], 0)

    return [
        nearest_votes(values, labels, asked),
        ridge_scores(values, labels, asked),
        ridge_scores(fourier(values), labels, fourier(asked)),
        ridge_scores(rectified(values), labels, rectified(asked)),
    ]


def nearest_votes(values, labels, asked, k=3):
    """Votes of the k nearest rows; the nearest one breaks ties."""
    distances = np.square(values).sum(axis=1) - 2 * asked @ values.T
    votes = np.zeros((len(asked), labels.max() + 1), np.float32)
    rows = np.arange(len(asked))
    for turn in range(k):
        near = distances.argmin(axis=1)
        votes[rows, labels[near]] += 1.0 if turn else 1.5
        distances[rows, near] = np.inf
    return votes


def ridge_scores(values, labels, asked):
    mean, wanted = values.mean(axis=0), np.eye(labels.max() + 1, dtype=values.dtype)[labels]
    centred = values - mean
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
    weights = np.linalg.solve(gram, centred.T @ wanted)
    return (asked - mean) @ weights + wanted.mean(axis=0)


def recall(right, labels):
    return np.mean([right[:, labels == k].mean() for k in np.unique(labels)])

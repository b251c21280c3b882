"""A class-conditional Gaussian copula over a table's columns: what a generator of rows starts from.

Each column has a latent normal number, a number with gaps a second one for its gaps. Marginals are
the class's own; classes of few rows are drawn towards what all rows say.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.modalities.table.encoding import SCORE_STEPS, fit_encoding
from pipeline.modalities.table.layout import Layout
from pipeline.randomness import numpy_stream
from pipeline.samples import Samples

# Knots of a class's quantile function, evenly in rank.
GRID = 129
# Rows' worth of belief in what all classes have in common: of quantiles, of categories, and (per
# latent number) of correlations.
PRIOR_OF_QUANTILES, PRIOR_OF_SHARES, PRIOR_OF_CORRELATIONS = 5.0, 2.0, 3.0
LARGEST_CORRELATION = 0.998
# A threshold that no latent number passes; finite, so that averages of it are.
NEVER = 99.0
BLOCK_ROWS = 8192
# More rows of a class say nothing more of a correlation.
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Copula:
    """A fitted copula.

    Attributes:
        factors: Cholesky factors of the correlations, float64 [classes, latent, latent].
        quantiles: A class's scores at even ranks, float64 [classes, numbers, GRID].
        thresholds: Between the states of level blocks, then of gaps (present, missing), float64
            [classes, level blocks + gap blocks, most states − 1].
    """

    factors: np.ndarray
    quantiles: np.ndarray
    thresholds: np.ndarray


def fit_copula(layout: Layout, codes: np.ndarray, labels: np.ndarray, n_classes: int) -> Copula:
    """Fit on codes of rows, int16 [n, numbers + blocks], and their labels, int64 [n]."""
    rows = np.concatenate([_evenly(np.flatnonzero(labels == k)) for k in range(n_classes)])
    codes, labels = codes[rows], labels[rows]
    scores, gaps = _spread_scores(layout, codes)
    quantiles = class_quantiles(scores, labels, n_classes)
    states = _axis_states(layout, codes, gaps)
    most = int(layout.sizes.max(initial=2))
    shares = _shares(states, labels, n_classes, most)
    thresholds = np.minimum(ndtri(np.cumsum(shares, axis=2)[:, :, :-1].clip(0, 1)), NEVER)
    thresholds = np.maximum(thresholds, -NEVER)
    latent = _latent_scores(layout, codes, states, shares, labels)
    return Copula(_factors(latent, labels, n_classes), quantiles, thresholds)


def copula_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """New rows of a class-conditional Gaussian copula, `wanted` (int [classes]) of each class.

    Asking for more of one class never changes another.
    """
    from pipeline.modalities.table.start import draw_rows

    n_classes = len(real.schema.classes)
    layout = Layout(fit_encoding(real))
    codes = layout.encoding.encode(real.values)
    copula = fit_copula(layout, codes, real.labels, n_classes)
    latent = [
        numpy_stream(seed, "copula", k).standard_normal((int(n), copula.factors.shape[1]))
        for k, n in enumerate(wanted)
    ]
    labels = np.repeat(np.arange(n_classes), wanted)
    frames = [
        draw_rows(layout, copula, np.concatenate(latent)[rows], labels[rows])
        for rows in np.split(np.arange(len(labels)), range(BLOCK_ROWS, len(labels), BLOCK_ROWS))
    ]
    numbers = np.concatenate([np.arange(n) for n in wanted])
    names = [f"copula-{seed:x}-{k}-{n}" for k, n in zip(labels, numbers, strict=True)]
    return Samples(
        real.schema,
        pd.concat(frames, ignore_index=True),
        labels.astype(np.int64),
        pd.DataFrame({"id": pd.Series(names, dtype="str"), "origin": "copula"}),
    )


def _evenly(rows: np.ndarray) -> np.ndarray:
    """At most `MOST_ROWS` of the rows, evenly."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(np.int64)]


def _spread_scores(layout: Layout, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores with masses spread over their intervals, and gaps: float64 and bool [n, numbers]."""
    scores = codes[:, : layout.n_numbers] / SCORE_STEPS
    gaps = np.zeros(scores.shape, bool)
    for number, code in enumerate(layout.encoding.numbers):
        if code.n_states == 1:
            continue
        states = codes[:, layout.n_numbers + layout.block_of_number[number]]
        for index, (low, high) in enumerate(code.mass_ranks()):
            rows = np.flatnonzero(states == index + 1)
            even = (np.arange(len(rows)) + 0.5) / max(1, len(rows))
            even = numpy_stream(0, "table", "masses", number, index).permutation(even)
            scores[rows, number] = ndtri(low + (high - low) * even)
        if code.has_missing:
            gaps[:, number] = states == code.n_states - 1
    return np.where(gaps, np.nan, scores), gaps


def class_quantiles(scores: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Each class's scores at even ranks, float64 [classes, numbers, GRID].

    Those of a small class are drawn towards a normal of its mean.

    Args:
        scores: float64 [n, numbers]; NaN where there is none.
        labels: int64 [n].
    """
    even = (np.arange(GRID) + 0.5) / GRID
    found = np.zeros((n_classes, scores.shape[1], GRID))
    for number in range(scores.shape[1]):
        own = [scores[labels == k, number] for k in range(n_classes)]
        own = [values[~np.isnan(values)] for values in own]
        n = np.array([len(values) for values in own])
        if not n.any():
            continue
        within = np.concatenate([values - values.mean() for values in own if len(values)])
        for k, values in enumerate(own):
            variance = np.square(values - values.mean()).sum() if n[k] else 0.0
            variance = (variance + PRIOR_OF_QUANTILES * within.var()) / (n[k] + PRIOR_OF_QUANTILES)
            mean = values.sum() / (n[k] + 1)
            prior = mean + np.sqrt(variance) * ndtri(even)
            weight = n[k] / (n[k] + PRIOR_OF_QUANTILES)
            occurring = np.quantile(values, even) if n[k] else prior
            found[k, number] = weight * occurring + (1 - weight) * prior
    return found


def _axis_states(layout: Layout, codes: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """States of level blocks, then 0 and 1 for gaps, int64 [n, level blocks + gap blocks].

    −1 for a state that another column tells, since it says nothing of the column's own states.
    """
    blocks = codes[:, layout.n_numbers :].astype(np.int64)
    blocks = np.where(layout.ruled[blocks + layout.starts], -1, blocks)
    numbers = np.flatnonzero([code.has_missing for code in layout.encoding.numbers])
    gapped = gaps[:, numbers]
    ruled = blocks[:, layout.block_of_number[numbers]] < 0
    gapped = np.where(gapped & ruled, -1, gapped)
    return np.concatenate([blocks[:, layout.level_blocks], gapped], axis=1)


def _shares(states: np.ndarray, labels: np.ndarray, n_classes: int, most: int) -> np.ndarray:
    """Each class's shares of states, drawn towards those of all, float64 [classes, axes, most]."""
    counts = np.zeros((n_classes, states.shape[1], most))
    for k in range(n_classes):
        for axis in range(states.shape[1]):
            own = states[labels == k, axis]
            counts[k, axis] = np.bincount(own[own >= 0], minlength=most)
    pooled = counts.sum(axis=0)
    pooled = pooled / np.maximum(1, pooled.sum(axis=1, keepdims=True))
    n = counts.sum(axis=2, keepdims=True)
    shares: np.ndarray = (counts + PRIOR_OF_SHARES * pooled) / (n + PRIOR_OF_SHARES)
    return shares


def _latent_scores(
    layout: Layout, codes: np.ndarray, states: np.ndarray, shares: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Mean latent number of each cell given its value, within its class, float64 [n, latent].

    Equal values share an interval of ranks and get its mean; a gap's number is NaN.
    """
    numbers = codes[:, : layout.n_numbers] / SCORE_STEPS
    _, gaps = _spread_scores(layout, codes)
    numbers = np.where(gaps, np.nan, numbers)
    found = np.full((len(codes), numbers.shape[1] + states.shape[1]), np.nan)
    for k in range(len(shares)):
        rows = np.flatnonzero(labels == k)
        for number in range(numbers.shape[1]):
            found[rows, number] = _tied_scores(numbers[rows, number])
        ends = np.cumsum(shares[k], axis=1)
        means = _interval_means(ends - shares[k], ends)
        axes = np.arange(states.shape[1])
        known = np.where(states[rows] < 0, np.nan, means[axes, states[rows]])
        found[np.ix_(rows, numbers.shape[1] + axes)] = known
    return found


def _tied_scores(values: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(~np.isnan(values))
    found = np.full(len(values), np.nan)
    _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(known):
        ends = np.cumsum(counts) / len(known)
        found[known] = _interval_means(ends - counts / len(known), ends)[inverse]
    return found


def _interval_means(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The mean of a standard normal between ranks: (φ(a) − φ(b)) / (Φ(b) − Φ(a))."""
    low, high = low.clip(0, 1), high.clip(0, 1)
    density = np.exp(-0.5 * np.square(ndtri(np.stack([low, high])))) / np.sqrt(2 * np.pi)
    return np.asarray((density[0] - density[1]) / np.maximum(high - low, 1e-12))


def _factors(latent: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Cholesky factors of each class's correlations, drawn towards those of all rows.

    A mean score varies less than the latent number behind it, so covariances are divided by both
    variances: to first order the correlation of the latent numbers themselves.
    """
    d = latent.shape[1]
    known = (~np.isnan(latent)).astype(np.float64)
    scores = np.nan_to_num(latent)
    sums = np.zeros((2, n_classes, d, d))
    for k in range(n_classes):
        rows = labels == k
        sums[0, k] = scores[rows].T @ scores[rows]
        sums[1, k] = known[rows].T @ known[rows]
    pooled = _correlations(sums[0].sum(axis=0), sums[1].sum(axis=0))
    factors = np.zeros((n_classes, d, d))
    for k in range(n_classes):
        own = _correlations(sums[0, k], sums[1, k])
        n = sums[1, k]
        weight = n / (n + PRIOR_OF_CORRELATIONS * d)
        factors[k] = np.linalg.cholesky(_nearest(weight * own + (1 - weight) * pooled))
    return factors


def _correlations(products: np.ndarray, counts: np.ndarray) -> np.ndarray:
    covariances = products / np.maximum(counts, 1.0)
    variances = np.diag(covariances)
    scale = np.outer(variances, variances)
    found = np.divide(covariances, scale, out=np.zeros_like(scale), where=scale > 1e-4)
    found = found.clip(-LARGEST_CORRELATION, LARGEST_CORRELATION)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _nearest(correlations: np.ndarray) -> np.ndarray:
    """A positive definite matrix with a diagonal of 1 beside the given one."""
    values, vectors = np.linalg.eigh(correlations)
    raised = (vectors * np.maximum(values, 1e-4)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    return np.asarray(raised / np.outer(scale, scale))

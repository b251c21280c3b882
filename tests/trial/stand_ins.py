"""Small real digits, and generators that need no training."""

import functools

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from pipeline.samples import Samples, Schema, concatenate

all_digits = functools.cache(load_digits)


def digits(counts, *, skip=0):
    """The first `counts[k]` digits of class k after skipping `skip` of each, shuffled once.

    In the source's own order writers follow one another, so that its beginning and end differ.
    """
    source = all_digits()
    order = np.random.default_rng(0).permutation(len(source.target))
    rows = np.concatenate(
        [order[source.target[order] == k][skip : skip + n] for k, n in enumerate(counts)]
    )
    images = np.rint(source.images[rows] * 255 / 16).astype(np.uint8)[..., None]
    return Samples(
        Schema(
            modality="image",
            classes=tuple(str(k) for k in range(len(counts))),
            image_shape=(8, 8, 1),
        ),
        images,
        source.target[rows].astype(np.int64),
        pd.DataFrame({"id": [f"digits-{row}" for row in rows]}),
    )


def renamed(samples, prefix):
    """The same rows as if a generator had drawn them."""
    names = [f"{prefix}-{n}" for n in range(len(samples))]
    return Samples(
        samples.schema,
        samples.values,
        samples.labels,
        pd.DataFrame({"id": names, "generator": prefix, "draw": np.arange(len(samples))}),
    )


def resampled(samples, seed, *, noise=0.0):
    """Fill each class to the largest by repeating its rows, with pixel noise of that deviation."""
    stream = np.random.default_rng(seed)
    counts = np.bincount(samples.labels)
    rows = np.concatenate(
        [
            stream.choice(np.flatnonzero(samples.labels == k), counts.max() - n)
            for k, n in enumerate(counts)
        ]
    )
    drawn = samples.take(rows.astype(np.int64))
    moved = drawn.values + stream.normal(0, 255 * noise, drawn.values.shape)
    pixels = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return renamed(Samples(drawn.schema, pixels, drawn.labels, drawn.provenance), f"noise{seed}")


def noisy(samples, seed):
    return resampled(samples, seed, noise=0.2)


def shuffled(samples, seed):
    """Plausible pictures of any class under labels that mean nothing."""
    pool = resampled(samples, seed, noise=0.2)
    rows = np.random.default_rng(seed).integers(0, len(samples), len(pool))
    return Samples(pool.schema, samples.values[rows], pool.labels, pool.provenance)


def black(samples, seed):
    """What a generator draws whose training died at its start: every picture black."""
    pool = resampled(samples, seed)
    return Samples(pool.schema, np.zeros_like(pool.values), pool.labels, pool.provenance)


def unseen(samples, seed, *, reserve):
    """Real samples that nobody else has, filling each class to the largest."""
    counts = np.bincount(samples.labels)
    parts = [
        reserve.take(np.flatnonzero(reserve.labels == k)[: counts.max() - n])
        for k, n in enumerate(counts)
    ]
    return renamed(concatenate(parts), "unseen")

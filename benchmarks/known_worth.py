"""Digits, and "generators" of which it is known beforehand what their samples are worth."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from pipeline.randomness import numpy_stream
from pipeline.samples import Samples, Schema


def digits():
    source = load_digits()
    images = np.rint(source.images * 255 / 16).astype(np.uint8)[..., None]
    return Samples(
        Schema(modality="image", classes=tuple(str(k) for k in range(10)), image_shape=(8, 8, 1)),
        images,
        source.target.astype(np.int64),
        pd.DataFrame({"id": [f"digits-{row}" for row in range(len(images))]}),
    )


def drawn_parts(seed, *sizes):
    """One set of rows for each of `sizes` (rows of each class), and all other rows."""
    everything, parts = digits(), [[] for _ in range(len(sizes) + 1)]
    for label in range(10):
        rows = np.flatnonzero(everything.labels == label)
        rows = numpy_stream(seed, "rows", label).permutation(rows)
        ends = np.cumsum([size[label] for size in sizes])
        for part, own in zip(parts, np.split(rows, ends), strict=True):
            part.append(own)
    return tuple(everything.take(np.concatenate(part)) for part in parts)


def renamed(samples, prefix):
    names = [f"{prefix}-{n}" for n in range(len(samples))]
    return Samples(samples.schema, samples.values, samples.labels, pd.DataFrame({"id": names}))


def bootstrap(samples, stream):
    """As many rows of each class, drawn with replacement."""
    rows = [
        stream.choice(np.flatnonzero(samples.labels == k), n)
        for k, n in enumerate(np.bincount(samples.labels))
    ]
    return samples.take(np.concatenate(rows))


def bootstrap_copies(samples, seed):
    """Worth nothing: real rows once more, filling each class to the largest."""
    stream, counts = np.random.default_rng(seed), np.bincount(samples.labels)
    rows = [
        stream.choice(np.flatnonzero(samples.labels == k), counts.max() - n)
        for k, n in enumerate(counts)
    ]
    return renamed(samples.take(np.concatenate(rows).astype(np.int64)), "copy")


def shuffled_labels(samples, seed, *, reserve):
    """Worse than nothing: unseen real pictures under labels that mean nothing."""
    pool = unseen_reals(samples, seed, reserve=reserve, target=np.bincount(samples.labels).max())
    rows = np.random.default_rng(seed).integers(0, len(reserve), len(pool))
    return Samples(pool.schema, reserve.values[rows], pool.labels, pool.provenance)


def unseen_reals(samples, seed, *, reserve, target):
    """The best there is: real samples that nobody has seen, filling each class to `target`."""
    del seed
    rows = [
        np.flatnonzero(reserve.labels == k)[: max(0, target - n)]
        for k, n in enumerate(np.bincount(samples.labels))
    ]
    return renamed(reserve.take(np.concatenate(rows)), "unseen")


def accept_all(*, pool, real, confirmer, steps, seed):
    """Stands where curation does: nothing is turned away."""
    del real, confirmer, steps, seed
    count = len(pool)
    return {
        "id": pool.ids.tolist(),
        "label": pool.labels.tolist(),
        "accepted": [True] * count,
        "reason": [""] * count,
        "score": [1.0] * count,
        "nearest_real_id": [""] * count,
        "nearest_ratio": [1.0] * count,
        "nearest_distance": [1.0] * count,
    }

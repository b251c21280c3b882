"""New images from real ones, without a generator: augmented copies, deformed copies and SMOTE."""

import numpy as np
import pandas as pd

from pipeline.modalities.image.columns import Pixels
from pipeline.modalities.smote import smote_columns
from pipeline.randomness import numpy_stream
from pipeline.samples import Samples

COPIES_STRENGTH = 1.0


def classical_rows(
    real: Samples, wanted: np.ndarray, *, seed: int, strength: float = COPIES_STRENGTH
) -> Samples:
    """Augmented copies, `wanted` (int [classes]) of each class, of its real rows in turn."""
    from pipeline.modalities.image.copies import augmented_copies

    return augmented_copies(real, _parents(real.labels, wanted, seed), strength=strength, seed=seed)


def deformed_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """Deformed copies, `wanted` (int [classes]) of each class, of its real rows in turn."""
    from pipeline.modalities.image.copies import deformed_copies

    return deformed_copies(real, _parents(real.labels, wanted, seed), seed=seed)


def smote_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """SMOTE rows between pixels, `wanted` (int [classes]) of each class."""
    made, labels = smote_columns(Pixels().columns(real), real.labels, wanted, seed=seed)
    pixels = made.reshape(-1, *real.values.shape[1:])
    numbers = np.concatenate([np.arange(n) for n in wanted])
    names = [f"smote-{seed:x}-{k}-{n}" for k, n in zip(labels, numbers, strict=True)]
    return Samples(
        real.schema,
        np.clip(np.rint(pixels * 255.0), 0, 255).astype(np.uint8),
        labels,
        pd.DataFrame({"id": names, "origin": "smote"}),
    )


def _parents(labels: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    parts = []
    for label in np.flatnonzero(wanted):
        own = numpy_stream(seed, "parents", int(label)).permutation(np.flatnonzero(labels == label))
        parts.append(np.resize(own, int(wanted[label])))
    return np.concatenate(parts).astype(np.int64)

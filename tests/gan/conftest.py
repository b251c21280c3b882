import functools

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from pipeline import synthesis
from pipeline.params import GanParams
from pipeline.samples import Samples, Schema


@functools.cache
def shuffled_digits() -> tuple[np.ndarray, np.ndarray]:
    """All, with their labels: the source is sorted by writer, its first rows unlike its last."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    images = np.round(data.images[order] * (255 / 16)).astype(np.uint8)[..., None]
    return images, data.target[order]


def digits_of(counts: dict[int, int], *, skip: int = 0) -> Samples:
    """Real handwritten digits, so many of each class, leaving out the first `skip` of each."""
    images, target = shuffled_digits()
    index = np.concatenate(
        [np.flatnonzero(target == digit)[skip : skip + n] for digit, n in counts.items()]
    )
    names = tuple(str(digit) for digit in counts)
    label_of = {digit: label for label, digit in enumerate(counts)}
    return Samples(
        schema=Schema(modality="image", classes=names, image_shape=(8, 8, 1)),
        values=images[index],
        labels=np.array([label_of[int(digit)] for digit in target[index]], np.int64),
        provenance=pd.DataFrame({"id": [f"digits-{i}" for i in index]}),
    )


@pytest.fixture(scope="session")
def few_digits() -> Samples:
    return digits_of({0: 40, 3: 40, 6: 10})


@pytest.fixture(scope="session")
def barely_trained(few_digits) -> synthesis.FittedGenerator:
    """A generator after a few steps: enough for every promise that is not about likeness."""
    return synthesis.train_generator(few_digits, GanParams(steps=12, batch_samples=12), seed=5)


@pytest.fixture(scope="session")
def well_trained(few_digits) -> synthesis.FittedGenerator:
    """A generator of three digits that look like digits."""
    return synthesis.train_generator(few_digits, GanParams(steps=300, batch_samples=60), seed=5)


def pictures_of(shape: tuple[int, int, int], *, counts: dict[str, int]) -> Samples:
    """Smooth random pictures, each class of its own brightness."""
    stream = np.random.default_rng(7)
    labels = np.repeat(np.arange(len(counts)), list(counts.values()))
    coarse = (
        stream.integers(0, 120, (len(labels), 4, 4, shape[2])) + 60 * labels[:, None, None, None]
    )
    rows = np.arange(shape[0]) * 4 // shape[0]
    columns = np.arange(shape[1]) * 4 // shape[1]
    return Samples(
        schema=Schema(modality="image", classes=tuple(counts), image_shape=shape),
        values=coarse[:, rows][:, :, columns].astype(np.uint8),
        labels=labels.astype(np.int64),
        provenance=pd.DataFrame({"id": [f"picture-{i}" for i in range(len(labels))]}),
    )

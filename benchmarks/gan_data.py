"""The benchmark's datasets: a few samples of rare classes, and many unseen reals to judge by."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

from pipeline.samples import Samples, Schema
from pipeline.sources.idx_file import read_blocks, read_header


@dataclass(frozen=True)
class Task:
    """What a generator may see, and what it is judged by.

    Attributes:
        train: The small, imbalanced training set.
        unseen: Reals for the judge's classifier and for comparison, halved between the two.
        rare: Labels of the rare classes.
    """

    train: Samples
    unseen: Samples
    rare: tuple[int, ...]


def load_task(name: str, *, seed: int, folder: Path | None) -> Task:
    """digits 80/10, mnist 100/10, or clothing at 32×32 with its own imbalance."""
    if name == "digits":
        data = load_digits()
        images = np.round(data.images * (255 / 16)).astype(np.uint8)[..., None]
        return _thinned(images, data.target, seed=seed, common=80, unseen=100)
    assert folder is not None, f"{name} needs --data FOLDER"
    if name == "mnist":
        images, labels = _idx(folder / "mnist")
        return _thinned(images, labels, seed=seed, common=100, unseen=400)
    return _clothing(folder / "clothing", side_px=32)


def _thinned(
    images: np.ndarray, labels: np.ndarray, *, seed: int, common: int, unseen: int
) -> Task:
    stream = np.random.default_rng(seed)
    seen, rest = [], []
    for label in range(10):
        rows = stream.permutation(np.flatnonzero(labels == label))
        seen.append(rows[: common if label < 5 else 10])
        rest.append(rows[common : common + unseen])
    classes = tuple(str(label) for label in range(10))
    parts = [
        _samples(images[rows], labels[rows], classes)
        for rows in (np.concatenate(seen), np.concatenate(rest))
    ]
    return Task(parts[0], parts[1], rare=(5, 6, 7, 8, 9))


def _idx(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    def read(stem: str) -> np.ndarray:
        (path,) = folder.glob(f"*train*{stem}*")
        return np.concatenate(list(read_blocks(path, read_header(path))))

    return read("images")[..., None], read("labels").astype(np.int64)


def _clothing(folder: Path, *, side_px: int) -> Task:
    classes = tuple(sorted(path.name for path in (folder / "train").iterdir()))
    parts = []
    for splits in (("train",), ("validation", "test")):
        found = [
            (path, classes.index(path.parent.name))
            for split in splits
            for path in sorted((folder / split).glob("*/*.jpg"))
        ]
        images = np.stack([_picture(path, side_px) for path, _ in found])
        parts.append(_samples(images, np.array([label for _, label in found]), classes))
    counts = np.bincount(parts[0].labels)
    rare = tuple(int(label) for label in np.argsort(counts)[:3])
    return Task(parts[0], parts[1], rare=rare)


def _picture(path: Path, side_px: int) -> np.ndarray:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        square = Image.new("RGB", (max(image.size),) * 2, "white")
        square.paste(image, tuple((max(image.size) - side) // 2 for side in image.size))
        return np.asarray(square.resize((side_px, side_px), Image.Resampling.LANCZOS))


def _samples(images: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Samples:
    height, width, channels = images.shape[1:]
    return Samples(
        schema=Schema(modality="image", classes=classes, image_shape=(height, width, channels)),
        values=images,
        labels=labels.astype(np.int64),
        provenance=pd.DataFrame({"id": [str(row) for row in range(len(labels))]}),
    )

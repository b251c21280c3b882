"""Images as columns of numbers, for classifiers and distances that know no images."""

import math

import numpy as np

from pipeline.samples import Samples

Shape = tuple[int, int, int]


class Pixels:
    """Every pixel a column; nothing is fitted."""

    # No column holds codes of categories.
    categorical: None = None

    def columns(self, samples: Samples) -> np.ndarray:
        """Pixels in [0, 1], float64 [n, height × width × channels]."""
        values = np.asarray(samples.values, np.float64)
        return values.reshape(len(values), math.prod(values.shape[1:])) / 255.0


def shifted(columns: np.ndarray, *, shape: Shape, down: int, right: int) -> np.ndarray:
    """Images as columns [n, d], moved by pixels, the border repeated."""
    height, width, _ = shape
    images = columns.reshape(len(columns), *shape)
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    places = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows][:, :, places].reshape(columns.shape)


def mirrored(columns: np.ndarray, *, shape: Shape) -> np.ndarray:
    """Images as columns [n, d], left and right exchanged."""
    images = columns.reshape(len(columns), *shape)
    return images[:, :, ::-1].reshape(columns.shape)

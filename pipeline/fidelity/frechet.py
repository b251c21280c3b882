"""Fréchet distance between feature sets, through torchmetrics, in float64."""

import numpy as np
import torch
from torch import nn

from pipeline.errors import MetricError


class FeaturesAsGiven(nn.Module):
    """Stands where torchmetrics expects a network: the "images" are features already."""

    def __init__(self, dimensions: int):
        super().__init__()
        self.num_features = dimensions

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """float64 [n, d] → the same."""
        return features.reshape(len(features), -1)


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Squared Fréchet distance between Gaussians fitted to two feature sets, float [n, d], [m, d].

    Returns:
        Distance >= 0 in squared feature units; 0 for identical sets.

    Raises:
        MetricError: the dimensions differ, or a set has fewer than d + 1 samples, in which case
            its covariance is singular and the number would mislead.

    Source: Heusel et al. 2017, arXiv:1706.08500, equation 6.
    """
    dimensions = common_dimensions(real, fake)
    fewest = min(len(real), len(fake))
    if fewest <= dimensions:
        raise MetricError(
            f"{fewest} samples cannot give the covariance of {dimensions} features: at least "
            f"{dimensions + 1} are needed on each side."
        )
    # Imported late, since it brings all of scipy.signal and matplotlib: a trial's worker processes
    # import this room and never measure a distance.
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(
        FeaturesAsGiven(dimensions), normalize=False, input_img_size=(1, 1, dimensions)
    ).set_dtype(torch.float64)
    metric.update(as_tensor(real), real=True)
    metric.update(as_tensor(fake), real=False)
    return max(0.0, float(metric.compute()))


def common_dimensions(real: np.ndarray, fake: np.ndarray) -> int:
    """The d of two feature sets, float [n, d] and [m, d].

    Raises:
        MetricError: they are not both [samples, d] with the same d.
    """
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise MetricError(
            f"Features of shapes {real.shape} and {fake.shape} cannot be compared: both must be "
            "[samples, dimensions] from the same network."
        )
    return int(real.shape[1])


def as_tensor(features: np.ndarray) -> torch.Tensor:
    """float64 tensor of the same features."""
    return torch.from_numpy(np.ascontiguousarray(features, np.float64))

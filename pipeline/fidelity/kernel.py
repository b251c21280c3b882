"""Kernel distance between feature sets, through torchmetrics, in float64."""

import warnings

import numpy as np
import torch

from pipeline.errors import MetricError
from pipeline.fidelity.frechet import FeaturesAsGiven, as_tensor, common_dimensions

FEWEST_SAMPLES = 2


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel (x·y / d + 1)³.

    It needs no covariance, so it can be asked for where the Fréchet distance cannot. All samples
    are taken at once (one subset), as many on each side as the smaller set has.

    Args:
        real: Features, float [n, d].
        fake: Features from the same extractor, float [m, d].

    Returns:
        About 0 for equal distributions; slightly negative values are its honest noise.

    Raises:
        MetricError: the dimensions differ, or a set has fewer than 2 samples.

    Source: Bińkowski et al. 2018, arXiv:1801.01401, section 4.
    """
    dimensions = common_dimensions(real, fake)
    count = min(len(real), len(fake))
    if count < FEWEST_SAMPLES:
        raise MetricError(f"A kernel distance needs 2 samples on each side; {count} were given.")
    # Imported late, as in `frechet_distance`.
    from torchmetrics.image.kid import KernelInceptionDistance

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save")
        metric = KernelInceptionDistance(FeaturesAsGiven(dimensions), subsets=1, subset_size=count)
    # Rows evenly spaced, so that sets that are sorted by class keep their classes.
    for features, is_real in ((real, True), (fake, False)):
        rows = np.linspace(0, len(features) - 1, count).round().astype(np.int64)
        metric.update(as_tensor(features[rows]), real=is_real)
    # torchmetrics shuffles with the global stream; with one subset of everything the order is all
    # that changes, and the caller's stream must not move.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean, _ = metric.compute()
    return float(mean)

"""A statistic across the samples of a batch, by which a discriminator sees lost diversity."""

import torch
import torch.nn.functional as F
from torch import Tensor


def class_deviation(features: Tensor, labels: Tensor, *, n_classes: int, parts: int) -> Tensor:
    """The features' standard deviation among samples of one's own class, averaged over features.

    Within the class, because a class that collapses to one picture hides in a deviation taken over
    all classes.

    Args:
        features: [n, d]; n is a multiple of `parts`.
        labels: Class indices, int64 [n].
        parts: Equal sub-batches (real, fake) that must not be mixed.

    Returns:
        [n], 0 or more. A sample alone in its class gets (almost) 0.

    Source: minibatch standard deviation of Karras et al. 2018, arXiv:1710.10196, section 3, with
    the groups taken to be the classes; written as two small products, since `var` is slow.
    """
    n = len(labels)
    part = torch.arange(parts, device=labels.device).repeat_interleave(n // parts)
    groups = part * n_classes + labels
    members = F.one_hot(groups, parts * n_classes).to(features.dtype)
    means_of = members / members.sum(dim=0).clamp_min(1.0)
    mean = means_of.T @ features
    square = means_of.T @ features.square()
    deviation = (square - mean.square()).clamp_min(0.0).add(1e-6).sqrt().mean(dim=1)
    return deviation[groups]

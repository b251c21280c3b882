"""A statistic across the samples of a batch, by which a discriminator sees lost diversity."""

import torch
import torch.distributed as processes
import torch.nn.functional as F
from torch import Tensor
from torch.distributed.nn.functional import all_reduce


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
    # In doubles, which autocast leaves as they are: a small variance is the difference of two large
    # numbers, and in bf16 a class that has collapsed does not look as if it had.
    exact = features.double()
    members = F.one_hot(groups, parts * n_classes).double().T
    told = torch.cat(
        [members @ exact, members @ exact.square(), members.sum(dim=1, keepdim=True)], dim=1
    )
    d = features.shape[1]
    sums, squares, counts = torch.split(_over_processes(told), [d, d, 1], dim=1)
    counts = counts.clamp_min(1.0)
    variance = squares / counts - (sums / counts).square()
    deviation: Tensor = variance.clamp_min(0.0).add(1e-6).sqrt().mean(dim=1)
    return deviation[groups].to(torch.promote_types(features.dtype, torch.float32))


def _over_processes(sums: Tensor) -> Tensor:
    """The sums over all processes of a training, through which gradients flow back to each."""
    if processes.is_available() and processes.is_initialized() and processes.get_world_size() > 1:
        total: Tensor = all_reduce(sums)  # type: ignore[no-untyped-call]
        return total
    return sums

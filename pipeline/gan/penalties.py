"""Penalties: pure functions of a batch and its logits."""

import torch
from torch import Tensor


def squared_gradient_norms(logits: Tensor, batch: Tensor) -> Tensor:
    """Squared norm of the discriminator's gradient at each sample, [n].

    The mean over reals is R1, over fakes R2, each taken with weight γ/2.

    Args:
        logits: [n], computed from `batch`.
        batch: [n, …], requiring a gradient.

    Returns:
        Values that can be differentiated again.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), batch, create_graph=True)
    return gradient.float().square().flatten(1).sum(dim=1)

"""Gradient penalties: pure functions of a batch and the logits it was given."""

import torch
from torch import Tensor


def zero_centred(logits: Tensor, batch: Tensor) -> Tensor:
    """Mean squared norm of the discriminator's gradient at each sample (R1 on reals, R2 on fakes).

    Args:
        logits: [n], computed from `batch`.
        batch: [n, …], requiring a gradient.

    Returns:
        A scalar that can be differentiated again.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9 (without γ/2).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), batch, create_graph=True)
    return gradient.square().sum() / len(batch)

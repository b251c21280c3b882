"""Penalties: pure functions of a batch, of logits, or of embeddings."""

import torch
import torch.nn.functional as F
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


def lecam(real: Tensor, fake: Tensor, *, real_anchor: Tensor, fake_anchor: Tensor) -> Tensor:
    """Pulls each side's logits towards the running mean of the other side's.

    Args:
        real: Logits [n].
        fake: Logits [n].
        real_anchor: Running mean of the real logits, a scalar; `fake_anchor` that of the fakes.

    Source: Tseng et al. 2021, arXiv:2104.03310, equation 4.
    """
    return (real - fake_anchor).square().mean() + (fake - real_anchor).square().mean()


def embedding_overlap(embedding: Tensor) -> Tensor:
    """Mean squared cosine between the embeddings of different classes, in [0, 1].

    Zero when they are orthogonal, one when all classes have collapsed onto one direction; the
    spread that Rangwani et al. 2022, arXiv:2208.09932, ask of class-specific parameters.
    """
    n = len(embedding)
    if n < 2:
        return embedding.sum() * 0.0
    directions = F.normalize(embedding, dim=1)
    squared = (directions @ directions.T).square()
    return (squared.sum() - squared.diagonal().sum()) / (n * (n - 1))

"""Adversarial losses: pure functions of logits.

`real` and `fake` are logits float [n]; in the relativistic loss row i of one is paired with row i
of the other, so both must have been drawn for the same classes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Game:
    """The two losses of one adversarial game, each of (real logits, fake logits)."""

    discriminator: Loss
    generator: Loss
    generator_needs_real: bool


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """−log σ(real − fake). Source: Jolicoeur-Martineau 2018, arXiv:1807.00734, equation 5."""
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """−log σ(fake − real). Source: Huang et al. 2024, arXiv:2501.05441, equation 2."""
    return F.softplus(real - fake).mean()


def saturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """−log D(real) − log(1 − D(fake)). Source: Goodfellow et al. 2014, arXiv:1406.2661, eq. 1."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def nonsaturating_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """−log D(fake). Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3."""
    return F.softplus(-fake).mean()


def minmax_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """log(1 − D(fake)), which saturates. Source: Goodfellow et al. 2014, equation 1."""
    return -F.softplus(fake).mean()


GAMES = {
    "relativistic": Game(relativistic_discriminator, relativistic_generator, True),
    "nonsaturating": Game(saturating_discriminator, nonsaturating_generator, False),
    "minmax": Game(saturating_discriminator, minmax_generator, False),
}


def accuracies(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Share of real and of fake logits on the right side of the midpoint between their means.

    The midpoint, not zero, because relativistic logits have no absolute level. Both are near one
    half when the two cannot be told apart.
    """
    midpoint = (real.mean() + fake.mean()) / 2
    return (real > midpoint).float().mean(), (fake <= midpoint).float().mean()

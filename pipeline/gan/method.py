"""What one way of training must offer to the loop: its modules, its optimisers, its step."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from pipeline.gan.history import Meter


@dataclass(frozen=True)
class StepInput:
    """Everything random that one step uses, drawn from the step's own stream.

    Attributes:
        step: Number of the step, from 0.
        real: Batch of real samples, [n, …].
        labels: Their classes, which are also those of the fakes, int64 [n], sorted.
        latent: Standard normal, float32 [n, latent_dim].
        uniform: For the augmentation of (reals, fakes) in the discriminator's and of (reals, fakes)
            in the generator's update: float32 [4, n, augment_dim] in [0, 1).
    """

    step: int
    real: Tensor
    labels: Tensor
    latent: Tensor
    uniform: Tensor


class Method(Protocol):
    """One way of training: adversarial or variational."""

    generator: nn.Module
    companion: nn.Module
    optimisers: dict[str, torch.optim.Optimizer]
    # Running scalars that a resumed training needs, by name.
    scalars: dict[str, Tensor]

    def take_step(self, given: StepInput, meter: Meter) -> None:
        """Update both networks once."""

"""What the GAN asks of a kind of data, and what it is given.

Nothing in this room knows what a sample is: a `Domain` turns samples into tensors, builds the two
networks and augments a batch. Each file in `pipeline.modalities` provides one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn


class Neighbourhood(Protocol):
    """The training reals, those of rare classes enriched by their near neighbourhood."""

    def enrich(self, rows: Tensor, labels: Tensor, stream: torch.Generator) -> Tensor:
        """A batch of the networks' form for resident `rows` [n] of `labels` [n]."""


class Domain(Protocol):
    """A kind of data: all that training, sampling and watching need of it.

    `stored` is the resident form (for images uint8, a quarter of the memory), `batch` the form that
    the networks work on.
    """

    n_classes: int
    latent_dim: int
    # Uniform random numbers that `augment` uses for one row.
    augment_dim: int

    def store(self, values: Any) -> Tensor:
        """Values of `Samples` to the resident form."""

    def load(self, stored: Tensor) -> Tensor:
        """A resident batch to the networks' form, float32."""

    def restore(self, batch: Tensor) -> Any:
        """A batch that a generator made to values of `Samples`."""

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A fresh generator and companion, initialised from torch's current random state.

        The generator maps (latent float32 [n, latent_dim], labels int64 [n]) to a batch [n, …]. The
        companion of an adversarial recipe is a discriminator: (batch, labels, parts) → logits [n];
        `parts` says of how many equal sub-batches the batch consists (real and fake in one
        forward), which statistics across samples must never mix. The companion of a variational
        recipe is an encoder: (batch, labels) → mean and log-variance, [n, 2 · latent_dim].
        """

    def augment(self, batch: Tensor, uniform: Tensor, *, strength: float | Tensor) -> Tensor:
        """A differentiable, label-keeping change of each row by its own `uniform` [n, augment_dim]
        in [0, 1) and its own strength [n], or one strength for all; 0 changes nothing.
        """

    def neighbourhood(
        self,
        stored: Tensor,
        labels: Tensor,
        *,
        rarity: Tensor,
        strength: float,
        towards: float,
        lending: float,
    ) -> Neighbourhood:
        """What enriches rare reals.

        Args:
            rarity: Of each class, in [0, 1]; reals of a class of rarity 0 stay as they are.
            strength: Of the change that `augment` makes, at rarity 1.
            towards: Up to which part of the way to a near neighbour of its class a real goes.
            lending: Strength of the variation lent by common classes, at rarity 1.
        """

    def features(self, values: Any) -> np.ndarray:
        """Values of `Samples` as float64 [n, d], in which distances mean likeness."""


@dataclass(frozen=True)
class LabelledTensors:
    """Training material: resident rows and their class indices, int64 [n]."""

    stored: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


Progress = Callable[[dict[str, Any]], None]

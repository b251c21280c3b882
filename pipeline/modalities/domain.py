"""What a generator's training asks of a kind of data.

The GAN does not know what a sample is: a `Domain` turns samples into tensors, builds the two
networks and augments a batch.
"""

from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn


class Neighbourhood(Protocol):
    """The training reals, those of rare classes enriched by their near neighbourhood."""

    def enrich(self, rows: Tensor, labels: Tensor, stream: Any) -> Tensor:
        """A batch of the networks' form for resident `rows` [n] of `labels` [n].

        Args:
            stream: A torch generator, from which all chance is drawn.
        """


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
        """A batch that a generator made to values of `Samples`.

        Raises:
            ArtifactError: a value is not finite or out of range, so the weights are damaged.
        """

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A fresh generator and companion, initialised from torch's current random state.

        The generator maps (latent float32 [n, latent_dim], labels int64 [n]) to a batch [n, …]. The
        companion of an adversarial recipe is a discriminator: (batch, labels, parts) → logits [n];
        `parts` says of how many equal sub-batches the batch consists (real and fake in one
        forward), which statistics across samples must never mix. The companion of a variational
        recipe is an encoder: (batch, labels) → mean and log-variance, [n, 2 · latent_dim].
        """

    def start(self, generator: nn.Module, stored: Tensor, labels: Tensor) -> None:
        """What is done to a fresh generator before its training, in place; often nothing.

        Args:
            stored: The training reals, resident.
            labels: Their classes, int64 [n].
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
    ) -> Neighbourhood | None:
        """What enriches rare reals; None where this kind of data has nothing of the sort.

        Args:
            rarity: Of each class, in [0, 1]; reals of a class of rarity 0 stay as they are.
            strength: Of the change that `augment` makes, at rarity 1.
            towards: Up to which part of the way to a near neighbour of its class a real goes.
            lending: Strength of the variation lent by common classes, at rarity 1.
        """

    def features(self, batch: Tensor) -> np.ndarray:
        """A batch of the networks' form as float64 [n, d], in which distances mean likeness.

        What a generator in training makes may lie a little out of range; it is brought into it.
        """

    def finish(self, generator: nn.Module, stored: Tensor, labels: Tensor, *, seed: int) -> None:
        """What is done to a generator once its training has ended, in place; often nothing.

        Args:
            stored: The training reals, resident.
            labels: Their classes, int64 [n].
            seed: Of all chance in it.
        """

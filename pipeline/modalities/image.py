"""Pictures: what the GAN needs to know of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.errors import ArtifactError
from pipeline.modalities.image_affine import random_affine
from pipeline.modalities.image_mlp import MlpDiscriminator, MlpGenerator

# Convolutions beat fully connected networks only where there is room for them to slide.
LARGEST_MLP_PX = 12


@dataclass(frozen=True)
class ImageDesign:
    """Everything that fixes the two networks' shapes; stored beside the weights.

    Attributes:
        shape: (height, width, channels) in pixels.
        width: Units of a hidden layer, or channels at the finest resolution.
    """

    kind: str
    shape: tuple[int, int, int]
    n_classes: int
    width: int
    latent_dim: int
    embedding_dim: int
    deviation: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "ImageDesign":
        """The design that `to_json` told.

        Raises:
            ArtifactError: the content is of another format.
        """
        try:
            height, width, channels = content["shape"]
            return cls(**{**content, "shape": (height, width, channels)})
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"The generator's design cannot be read ({error}). Train the generator again."
            ) from None


def choose_design(
    shape: tuple[int, int, int], *, n_classes: int, deviation: bool = True
) -> ImageDesign:
    """The networks for pictures of this size."""
    return ImageDesign(
        kind="mlp",
        shape=shape,
        n_classes=n_classes,
        width=256,
        latent_dim=32,
        embedding_dim=16,
        deviation=deviation,
    )


class ImageDomain:
    """Pictures as tensors, networks for them, and their small changes."""

    def __init__(self, design: ImageDesign):
        self.design = design
        self.n_classes = design.n_classes
        self.latent_dim = design.latent_dim

    def store(self, values: np.ndarray) -> Tensor:
        """uint8 [n, height, width, channels] → uint8 [n, channels, height, width]."""
        return torch.from_numpy(np.ascontiguousarray(values)).permute(0, 3, 1, 2).contiguous()

    def load(self, stored: Tensor) -> Tensor:
        """uint8 in [0, 255] → float32 in [−1, 1]."""
        return stored.float().div_(127.5).sub_(1.0)

    def restore(self, batch: Tensor) -> np.ndarray:
        """Float [n, channels, height, width] in [−1, 1] → uint8 [n, height, width, channels].

        The one place where a generated number becomes a pixel.

        Raises:
            ArtifactError: a value is not finite or lies outside [−1, 1], which a tanh cannot give.
        """
        batch = batch.float()
        if not bool(torch.isfinite(batch).all()) or float(batch.abs().max()) > 1.0:
            raise ArtifactError(
                "The generator made values outside [−1, 1], so its weights are damaged. "
                "Train it again."
            )
        pixels = batch.add(1.0).mul(127.5).round().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().numpy()

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A fresh generator and discriminator, from torch's current random state."""
        design = self.design
        generator = MlpGenerator(
            shape=design.shape,
            n_classes=design.n_classes,
            latent_dim=design.latent_dim,
            embedding_dim=design.embedding_dim,
            width=design.width,
        )
        discriminator = MlpDiscriminator(
            shape=design.shape,
            n_classes=design.n_classes,
            width=design.width,
            deviation=design.deviation,
        )
        return generator, discriminator

    def augment(self, batch: Tensor, stream: torch.Generator, *, strength: float) -> Tensor:
        """A mild affine change of each picture; see `random_affine`."""
        return random_affine(batch, stream, strength=strength)

    def features(self, values: np.ndarray) -> np.ndarray:
        """Pixels in [−1, 1] as float64 [n, height · width · channels]."""
        return values.reshape(len(values), -1).astype(np.float64) / 127.5 - 1.0

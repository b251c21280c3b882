"""Pictures: what the GAN needs to know of them."""

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.errors import ArtifactError
from pipeline.modalities.image.affine import AFFINE_DIM, small_affine
from pipeline.modalities.image.design import ImageDesign
from pipeline.modalities.image.features import likeness_features
from pipeline.modalities.image.neighbourhood import PictureNeighbourhood
from pipeline.modalities.image.networks import build_networks


class ImageDomain:
    """Pictures as tensors, networks for them, their small changes and their features."""

    augment_dim = AFFINE_DIM

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
        if len(batch) and not (bool(torch.isfinite(batch).all()) and float(batch.abs().max()) <= 1):
            raise ArtifactError(
                "The generator made values outside [−1, 1], so its weights are damaged. "
                "Train it again."
            )
        pixels = batch.add(1.0).mul(127.5).round().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A fresh generator and companion, from torch's current random state."""
        return build_networks(self.design)

    def start(self, generator: nn.Module, stored: Tensor, labels: Tensor) -> None:
        """Images need nothing: their generators start from noise."""

    def augment(self, batch: Tensor, uniform: Tensor, *, strength: float | Tensor) -> Tensor:
        """A mild affine change of each picture; see `small_affine`."""
        return small_affine(batch, uniform, strength=strength)

    def neighbourhood(
        self,
        stored: Tensor,
        labels: Tensor,
        *,
        rarity: Tensor,
        strength: float,
        towards: float,
        lending: float,
    ) -> PictureNeighbourhood:
        """Rare pictures on the way to a neighbour, and deformed as common ones are."""
        return PictureNeighbourhood(
            stored,
            labels,
            rarity=rarity,
            strength=strength,
            towards=towards,
            lending=lending,
        )

    def features(self, batch: Tensor) -> np.ndarray:
        """float64 [n, d]; see `likeness_features`."""
        return likeness_features(self.restore(batch.clamp(-1, 1)))

    def finish(self, generator: nn.Module, stored: Tensor, labels: Tensor, *, seed: int) -> None:
        """Images need nothing more."""

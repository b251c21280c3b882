"""A conditional DCGAN, kept as a reference: strided and transposed convolutions, BatchNorm.

Source: Radford et al. 2016, arXiv:1511.06434, section 3; the class enters the generator beside the
latent vector and the discriminator as one more picture plane.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.image.design import ImageDesign

SLOPE = 0.2


def halvings_of(side_px: int) -> int:
    """How often a side can be halved before it is odd, or too short: 2 pixels, 4 in large ones."""
    smallest = 2 if side_px <= 8 else 4
    count = 0
    while side_px % 2 == 0 and side_px // 2 >= smallest:
        side_px //= 2
        count += 1
    return count


class DcganGenerator(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        height, image_width, channels = design.shape
        count = min(halvings_of(height), halvings_of(image_width))
        # Half as many after each doubling of the sides.
        planes = [design.width << number for number in reversed(range(max(1, count)))]
        self.base = (planes[0], height >> count, image_width >> count)
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        self.first = nn.Linear(
            design.latent_dim + design.embedding_dim, self.base[0] * self.base[1] * self.base[2]
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in planes)
        self.layers = nn.ModuleList(
            nn.ConvTranspose2d(before, after, 4, 2, 1)
            for before, after in zip(planes, [*planes[1:], channels], strict=True)
        )
        if count == 0:
            self.layers = nn.ModuleList([nn.Conv2d(planes[0], channels, 3, 1, 1)])
        self.apply(_initialise)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = self.first(torch.cat([latent, self.embedding(labels)], dim=1)).view(-1, *self.base)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            hidden = layer(F.relu(norm(hidden)))
        return torch.tanh(hidden)


class DcganDiscriminator(nn.Module):
    """(images, labels, parts) → logits [n]; each part is normalised by itself."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.height, self.image_width, channels = design.shape
        count = max(1, min(halvings_of(self.height), halvings_of(self.image_width)))
        planes = [channels + 1, *[design.width << number for number in range(count)]]
        self.embedding = nn.Embedding(design.n_classes, self.height * self.image_width)
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 4, 2, 1) for before, after in itertools.pairwise(planes)
        )
        # None on the first layer, as the paper has it.
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in planes[2:])
        cells = (self.height >> count) * (self.image_width >> count)
        self.score = nn.Linear(planes[-1] * cells, 1)
        self.apply(_initialise)

    def forward(self, images: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        plane = self.embedding(labels).view(-1, 1, self.height, self.image_width)
        batch = torch.cat([images, plane.to(images.dtype)], dim=1)
        return torch.cat([self._logits(part) for part in batch.chunk(parts)])

    def _logits(self, batch: Tensor) -> Tensor:
        hidden = F.leaky_relu(self.layers[0](batch), SLOPE)
        for norm, layer in zip(self.norms, self.layers[1:], strict=True):
            hidden = F.leaky_relu(norm(layer(hidden)), SLOPE)
        logits: Tensor = self.score(hidden.flatten(1))[:, 0]
        return logits


def _initialise(module: nn.Module) -> None:
    """N(0, .02) for weights, as section 4 of the paper has it."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)

"""Residual convolutions for pictures from 13 to 128 pixels a side.

No normalisation layers, as in Huang et al. 2024, arXiv:2501.05441. Blocks work at half the
resolution and below: at full resolution a block costs four times as much, and a picture's finest
detail needs little depth. Pictures grow by repeating pixels before a convolution and shrink by
averaging, so that the generator has no cause to draw a checkerboard (Odena et al. 2016,
doi:10.23915/distill.00003).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.image.design import ImageDesign
from pipeline.modalities.image.layers import Bounded, GrowingConvolution, ThinConvolution
from pipeline.modalities.minibatch import class_deviation

SLOPE = 0.2
LARGEST_BASE_PX = 8
WIDEST_FACTOR = 4
# A collapse shows in a few hundred features as well as in all of them, at a tenth of the time.
DEVIATION_FEATURES = 256


def levels_of(height: int, width: int) -> int:
    """How often the sides are halved until the longer one is at most 8 pixels, at least once."""
    return max(1, math.ceil(math.log2(max(height, width) / LARGEST_BASE_PX)))


def side_at(side_px: int, level: int) -> int:
    """A side after `level` halvings, rounded up."""
    return -(-side_px // (1 << level))


def planes_at(level: int, *, width: int) -> int:
    """Planes at a level: twice as many each time the sides are halved, up to four times."""
    return int(width * min(WIDEST_FACTOR, 1 << (level - 1)))


class ResidualBlock(nn.Module):
    """x + f(x) with two 3×3 convolutions; the second starts at zero, so f begins as nothing.

    A block that `grows` repeats each pixel into 2×2 first. The skip and the first activation look
    at single pixels, so they come before and do a quarter of the work.
    """

    def __init__(self, before: int, after: int, *, grows: bool = False):
        super().__init__()
        self.grows = grows
        self.skip = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()
        first = GrowingConvolution(before, after) if grows else nn.Conv2d(before, after, 3, 1, 1)
        self.first = first
        self.second = nn.Conv2d(after, after, 3, 1, 1)
        nn.init.zeros_(self.second.weight)

    def forward(self, hidden: Tensor) -> Tensor:
        change = self.first(F.leaky_relu(hidden, SLOPE))
        change = self.second(F.leaky_relu(change, SLOPE))
        kept = self.skip(hidden)
        if self.grows:
            kept = F.interpolate(kept, scale_factor=2.0)
        total: Tensor = kept + change
        return total


class ConvolutionalGenerator(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        height, image_width, channels = design.shape
        levels = list(range(levels_of(height, image_width), 0, -1))
        planes = [planes_at(level, width=design.width) for level in levels]
        self.sizes = [(side_at(height, level), side_at(image_width, level)) for level in levels]
        self.full_size = (height, image_width)
        self.base = (planes[0], *self.sizes[0])
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        self.first = nn.Linear(design.latent_dim + design.embedding_dim, math.prod(self.base))
        # The first block works at the size that the latent is laid out in.
        self.blocks = nn.ModuleList(
            ResidualBlock(before, after, grows=number > 0)
            for number, (before, after) in enumerate(
                zip([planes[0], *planes[:-1]], planes, strict=True)
            )
        )
        self.detail = GrowingConvolution(planes[-1], max(4, design.width // 2))
        self.last = ThinConvolution(max(4, design.width // 2), channels)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        told = self.embedding(labels)
        hidden = self.first(torch.cat([latent, told], dim=1)).view(-1, *self.base)
        if self.last.weight.is_contiguous(memory_format=torch.channels_last):
            hidden = hidden.contiguous(memory_format=torch.channels_last)
        for size, block in zip(self.sizes, self.blocks, strict=True):
            hidden = _cut(block(hidden), size)
        hidden = _cut(self.detail(F.leaky_relu(hidden, SLOPE)), self.full_size)
        hidden = F.leaky_relu(hidden, SLOPE)
        images: Tensor = Bounded.apply(self.last(hidden))  # type: ignore[no-untyped-call]
        return images


class ConvolutionalDiscriminator(nn.Module):
    """(images, labels, parts) → logits [n], by projection onto the class embedding."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        height, image_width, channels = design.shape
        self.n_classes = design.n_classes
        self.deviation = design.deviation
        # Whether a row or column is missing for the sides to be even.
        self.padding = (0, image_width % 2, 0, height % 2)
        count = levels_of(height, image_width)
        planes = [planes_at(level, width=design.width) for level in range(1, count + 1)]
        self.first = nn.Conv2d(4 * channels, planes[0], 3, 1, 1)
        self.blocks = nn.ModuleList(
            ResidualBlock(before, after)
            for before, after in zip([planes[0], *planes[:-1]], planes, strict=True)
        )
        cells = side_at(height, count) * side_at(image_width, count)
        self.hidden = nn.Linear(planes[-1] * cells + design.deviation, planes[-1])
        self.score = nn.Linear(planes[-1], 1)
        self.embedding = nn.Embedding(design.n_classes, planes[-1])

    def forward(self, images: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        return self.judge(self.features(images), labels, parts)

    def features(self, images: Tensor) -> Tensor:
        """What the convolutions find in each picture by itself, [n, features]."""
        if any(self.padding):
            images = F.pad(images, self.padding, mode="replicate")
        # No pixel is lost by the first halving: each 2×2 square becomes four planes.
        squares = F.pixel_unshuffle(images, 2)
        if self.first.weight.is_contiguous(memory_format=torch.channels_last):
            squares = squares.contiguous(memory_format=torch.channels_last)
        hidden = self.first(squares)
        for number, block in enumerate(self.blocks):
            if number > 0:
                hidden = F.avg_pool2d(hidden, 2, ceil_mode=True)
            hidden = block(hidden)
        # Planes last, as they lie in memory: no copy, here or when gradients come back.
        return F.leaky_relu(hidden, SLOPE).permute(0, 2, 3, 1).flatten(1)

    def judge(self, flat: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        """Logits [n] of the features of a whole batch."""
        if self.deviation:
            # An odd stride, so that every plane has its turn.
            watched = flat[:, :: flat.shape[1] // DEVIATION_FEATURES | 1]
            spread = class_deviation(watched, labels, n_classes=self.n_classes, parts=parts)
            flat = torch.cat([flat, spread[:, None].to(flat.dtype)], dim=1)
        top = F.leaky_relu(self.hidden(flat), SLOPE)
        told = self.embedding(labels)
        projected = (top * told).sum(dim=1) / math.sqrt(top.shape[1])
        logits: Tensor = self.score(top)[:, 0] + projected
        return logits


def _cut(hidden: Tensor, size: tuple[int, int]) -> Tensor:
    """Without the last row or column that doubling an odd side brought too many."""
    return hidden[:, :, : size[0], : size[1]]

"""Fully connected networks for small pictures: on 8×8 better than convolutions, and faster."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.image.design import ImageDesign
from pipeline.modalities.minibatch import class_deviation

SLOPE = 0.2
DEPTH = 3


class MlpGenerator(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.height, self.image_width, self.channels = design.shape
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        sizes = [design.latent_dim + design.embedding_dim, *[design.width] * DEPTH]
        self.hidden = nn.ModuleList(
            nn.Linear(first, second) for first, second in itertools.pairwise(sizes)
        )
        self.last = nn.Linear(design.width, math.prod(design.shape))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = torch.cat([latent, self.embedding(labels)], dim=1)
        for layer in self.hidden:
            hidden = F.leaky_relu(layer(hidden), SLOPE)
        pixels = torch.tanh(self.last(hidden))
        return pixels.view(-1, self.channels, self.height, self.image_width)


class MlpDiscriminator(nn.Module):
    """(images, labels, parts) → logits [n], by projection onto the class embedding.

    Source: Miyato and Koyama 2018, arXiv:1802.05637, equation 3.
    """

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.n_classes = design.n_classes
        self.deviation = design.deviation
        self.first = nn.Linear(math.prod(design.shape), design.width)
        self.second = nn.Linear(design.width, design.width)
        self.third = nn.Linear(design.width + design.deviation, design.width // 2)
        self.score = nn.Linear(design.width // 2, 1)
        self.embedding = nn.Embedding(design.n_classes, design.width // 2)

    def forward(self, images: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        hidden = F.leaky_relu(self.first(images.flatten(1)), SLOPE)
        hidden = F.leaky_relu(self.second(hidden), SLOPE)
        if self.deviation:
            spread = class_deviation(hidden, labels, n_classes=self.n_classes, parts=parts)
            hidden = torch.cat([hidden, spread[:, None]], dim=1)
        hidden = F.leaky_relu(self.third(hidden), SLOPE)
        told = self.embedding(labels)
        projected = (hidden * told).sum(dim=1) / math.sqrt(hidden.shape[1])
        logits: Tensor = self.score(hidden)[:, 0] + projected
        return logits

"""The conditional GAN of the usual tutorial, kept as a reference: fully connected networks.

Source: Mirza and Osindero 2014, arXiv:1411.1784, in the widths that tutorials settled on.
"""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.image.design import ImageDesign

SLOPE = 0.2


class VanillaGenerator(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.height, self.image_width, self.channels = design.shape
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        width = design.width
        sizes = [design.latent_dim + design.embedding_dim, width // 4, width // 2, width, 2 * width]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(sizes))
        # The tutorial's first layer has no normalisation.
        self.norms = nn.ModuleList(nn.BatchNorm1d(size) for size in sizes[2:])
        self.last = nn.Linear(sizes[-1], math.prod(design.shape))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = torch.cat([latent, self.embedding(labels)], dim=1)
        for number, layer in enumerate(self.hidden):
            hidden = layer(hidden)
            if number > 0:
                hidden = self.norms[number - 1](hidden)
            hidden = F.leaky_relu(hidden, SLOPE)
        pixels = torch.tanh(self.last(hidden))
        return pixels.view(-1, self.channels, self.height, self.image_width)


class VanillaDiscriminator(nn.Module):
    """(images, labels, parts) → logits [n]; the class enters as an embedding beside the pixels."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        sizes = [math.prod(design.shape) + design.embedding_dim, *[design.width] * 3]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(sizes))
        self.dropout = nn.Dropout(0.4)
        self.score = nn.Linear(design.width, 1)

    def forward(self, images: Tensor, labels: Tensor, _parts: int = 1) -> Tensor:
        hidden = torch.cat([images.flatten(1), self.embedding(labels)], dim=1)
        for number, layer in enumerate(self.hidden):
            hidden = layer(hidden)
            if number > 0:
                hidden = self.dropout(hidden)
            hidden = F.leaky_relu(hidden, SLOPE)
        logits: Tensor = self.score(hidden)[:, 0]
        return logits

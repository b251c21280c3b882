"""The networks of a conditional variational autoencoder, kept as a reference.

Source: Sohn et al. 2015, "Learning structured output representation using deep conditional
generative models"; fully connected, as in the usual tutorial.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CvaeDecoder(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(
        self,
        *,
        shape: tuple[int, int, int],
        n_classes: int,
        latent_dim: int,
        embedding_dim: int,
        width: int,
    ):
        super().__init__()
        self.height, self.image_width, self.channels = shape
        self.embedding = nn.Embedding(n_classes, embedding_dim)
        self.first = nn.Linear(latent_dim + embedding_dim, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, math.prod(shape))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = F.relu(self.first(torch.cat([latent, self.embedding(labels)], dim=1)))
        pixels = torch.tanh(self.last(F.relu(self.second(hidden))))
        return pixels.view(-1, self.channels, self.height, self.image_width)


class CvaeEncoder(nn.Module):
    """(images, labels) → mean and log-variance of the latent vector, [n, 2 · latent_dim]."""

    def __init__(
        self,
        *,
        shape: tuple[int, int, int],
        n_classes: int,
        latent_dim: int,
        embedding_dim: int,
        width: int,
    ):
        super().__init__()
        self.embedding = nn.Embedding(n_classes, embedding_dim)
        self.first = nn.Linear(math.prod(shape) + embedding_dim, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, 2 * latent_dim)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        told = torch.cat([images.flatten(1), self.embedding(labels)], dim=1)
        moments: Tensor = self.last(F.relu(self.second(F.relu(self.first(told)))))
        return moments

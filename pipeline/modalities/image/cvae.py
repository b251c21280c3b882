"""The networks of a conditional variational autoencoder, kept as a reference.

Source: Sohn et al. 2015, "Learning structured output representation using deep conditional
generative models"; fully connected, as in the usual tutorial.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.image.design import ImageDesign


class CvaeDecoder(nn.Module):
    """(latent [n, latent_dim], labels [n]) → images [n, channels, height, width] in (−1, 1)."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.height, self.image_width, self.channels = design.shape
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        self.first = nn.Linear(design.latent_dim + design.embedding_dim, design.width)
        self.second = nn.Linear(design.width, design.width)
        self.last = nn.Linear(design.width, math.prod(design.shape))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = F.relu(self.first(torch.cat([latent, self.embedding(labels)], dim=1)))
        pixels = torch.tanh(self.last(F.relu(self.second(hidden))))
        return pixels.view(-1, self.channels, self.height, self.image_width)


class CvaeEncoder(nn.Module):
    """(images, labels) → mean and log-variance of the latent vector, [n, 2 · latent_dim]."""

    def __init__(self, design: ImageDesign):
        super().__init__()
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        self.first = nn.Linear(math.prod(design.shape) + design.embedding_dim, design.width)
        self.second = nn.Linear(design.width, design.width)
        self.last = nn.Linear(design.width, 2 * design.latent_dim)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        told = torch.cat([images.flatten(1), self.embedding(labels)], dim=1)
        moments: Tensor = self.last(F.relu(self.second(F.relu(self.first(told)))))
        return moments

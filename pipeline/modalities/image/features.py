"""Cheap features of pictures in which distances mean likeness, for watching a training.

Small pictures are their own features. Larger ones go through convolutions with random weights:
outside the domain of ImageNet an untrained network ranks generators as well as a trained one
(Naeem et al. 2020, arXiv:2002.09797, section 3.3), and costs no training.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

LARGEST_PLAIN_PX = 12
BATCH = 256


def likeness_features(images: np.ndarray) -> np.ndarray:
    """uint8 [n, height, width, channels] → float64 [n, d]; the same function in every process."""
    scaled = images.astype(np.float32) / 127.5 - 1.0
    if max(images.shape[1:3]) <= LARGEST_PLAIN_PX:
        return scaled.reshape(len(images), -1).astype(np.float64)
    network = _random_network(images.shape[3])
    batches = torch.split(torch.from_numpy(scaled).permute(0, 3, 1, 2), BATCH)
    with torch.no_grad():
        return np.concatenate([_pooled(network, batch).double().numpy() for batch in batches])


def _random_network(channels: int) -> nn.ModuleList:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = nn.ModuleList()
        for before, after in ((channels, 32), (32, 64), (64, 128)):
            layer = nn.Conv2d(before, after, 3, 1, 1, bias=False)
            nn.init.orthogonal_(layer.weight, gain=2**0.5)
            layers.append(layer)
    return layers


def _pooled(network: nn.ModuleList, images: Tensor) -> Tensor:
    """The 4×4 averages of the last layer, and the 8×8 average of the picture itself."""
    hidden = images
    for number, layer in enumerate(network):
        hidden = F.relu(layer(F.avg_pool2d(hidden, 2) if number else hidden))
    coarse = F.adaptive_avg_pool2d(hidden, 4).flatten(1) / 16
    return torch.cat([coarse, F.adaptive_avg_pool2d(images, 8).flatten(1)], dim=1)

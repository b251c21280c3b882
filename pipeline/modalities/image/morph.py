"""Smooth deformations that carry one picture into another of its class.

A deformation is a coarse grid of displacements, found by gradient descent so that the moved picture
looks like the other. Going a part of the way on both sides gives a sharp picture between the two,
where a blend of their pixels would show both at once. Deformations found between pictures of common
classes may also be lent to rare ones, whose few samples cannot show how their class varies.

Source of the idea: Hauberg et al. 2016, "Dreaming more data: class-dependent distributions over
diffeomorphisms for learned data augmentation", arXiv:1510.02795.
"""

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.modalities.image.affine import grid_of

GRID_CELLS = 6
DESCENT_STEPS = 60
STEP_SIZE = 0.02
# Weight of differences between neighbouring displacements, and of the displacements themselves.
ROUGHNESS_WEIGHT = 1.0
LENGTH_WEIGHT = 0.1
COARSE_PX = 4
# Deformations have few degrees of freedom, which show in a small picture as well as in a large one.
LARGEST_SIDE_PX = 32
CHUNK_PAIRS = 256


def find_deformations(sources: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The deformation of each source picture that makes it look like its target.

    Args:
        sources: float32 [n, channels, height, width] in [−1, 1].
        targets: The same shape.

    Returns:
        Displacements [n, 2, 6, 6] in units of half a side, and the share of the squared difference
        between the two pictures that is left, [n].
    """
    if not len(sources):
        return sources.new_zeros(0, 2, GRID_CELLS, GRID_CELLS), sources.new_zeros(0)
    sources, targets = _reduced(sources), _reduced(targets)
    parts = [
        _descend(source, target)
        for source, target in zip(
            torch.split(sources, CHUNK_PAIRS), torch.split(targets, CHUNK_PAIRS), strict=True
        )
    ]
    displacements = torch.cat(parts)
    with torch.no_grad():
        before = (sources - targets).square().flatten(1).sum(dim=1)
        after = (deform(sources, displacements) - targets).square().flatten(1).sum(dim=1)
    return displacements, after / before.clamp_min(1e-12)


def deform(
    images: Tensor,
    displacements: Tensor,
    *,
    changes: Tensor | None = None,
    mode: Literal["bilinear", "bicubic"] = "bilinear",
) -> Tensor:
    """Move each picture by its displacements, the border repeated outwards.

    Args:
        images: [n, channels, height, width].
        displacements: [n, 2, 6, 6]; 0 gives the picture itself.
        changes: Matrices [n, 2, 3] of an affine change that is made at the same time, since every
            sampling of its own would blur the picture once more.
        mode: How pixels are sampled; bicubic is sharper, and may leave the range a little.
    """
    n, _, height, width = images.shape
    if changes is None:
        changes = torch.eye(2, 3, device=images.device).expand(n, 2, 3)
    changes = torch.cat([changes, displacements.flatten(2)], dim=2)
    grid = grid_of(changes, images, _bicubic_basis(height, width, images.device))
    return F.grid_sample(images, grid, mode=mode, padding_mode="border", align_corners=False)


@cache
def _bicubic_basis(height: int, width: int, device: torch.device) -> Tensor:
    """What each cell of the coarse grid adds to each pixel, [36, height · width].

    Bicubic interpolation is linear, so that one product with this does it for a whole batch.
    """
    cells = torch.eye(GRID_CELLS**2, dtype=torch.float64).view(-1, 1, GRID_CELLS, GRID_CELLS)
    fine = F.interpolate(cells, (height, width), mode="bicubic", align_corners=True)
    return fine.flatten(1).to(device)


def _reduced(images: Tensor) -> Tensor:
    longest = max(images.shape[2:])
    if longest <= LARGEST_SIDE_PX:
        return images
    size = [max(1, round(side * LARGEST_SIDE_PX / longest)) for side in images.shape[2:]]
    return F.interpolate(images, size, mode="area")


def _descend(source: Tensor, target: Tensor) -> Tensor:
    displacements = torch.zeros(len(source), 2, GRID_CELLS, GRID_CELLS, requires_grad=True)
    optimiser = torch.optim.Adam([displacements], lr=STEP_SIZE)
    with torch.enable_grad():
        for _ in range(DESCENT_STEPS):
            cost = _difference(deform(source, displacements), target) + _cost(displacements)
            (displacements.grad,) = torch.autograd.grad(cost, displacements)
            optimiser.step()
    return displacements.detach()


def _difference(moved: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of each pair, summed; the coarse one finds what is far apart."""
    apart = moved - target
    coarse = F.avg_pool2d(apart, COARSE_PX, ceil_mode=True)
    each = apart.square().flatten(1).mean(dim=1) + coarse.square().flatten(1).mean(dim=1)
    return each.sum()


def _cost(displacements: Tensor) -> Tensor:
    down = displacements.diff(dim=2).square().flatten(1).mean(dim=1)
    across = displacements.diff(dim=3).square().flatten(1).mean(dim=1)
    length = displacements.square().flatten(1).mean(dim=1)
    return (ROUGHNESS_WEIGHT * (down + across) + LENGTH_WEIGHT * length).sum()

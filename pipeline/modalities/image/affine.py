"""A differentiable, mild affine change of pictures: the augmentation both networks see."""

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

# Ranges at strength 1. At 1.8 times these the change leaks into what the generator draws.
ROTATION_DEGREES = 6.0
LOG_SCALE = 0.06
SHIFT_SHARE = 0.05


AFFINE_DIM = 4


def small_affine(images: Tensor, uniform: Tensor, *, strength: float | Tensor = 1.0) -> Tensor:
    """Rotate, scale and shift each picture by its own small amount.

    Args:
        images: [n, channels, height, width], any range; the border is repeated outwards.
        uniform: Where in its ranges each change lies, [n, 4] in [0, 1).
        strength: Multiplies every range, for all pictures or [n]; 0 returns the input itself.

    Returns:
        The same shape, differentiable with respect to the input.
    """
    if isinstance(strength, float | int) and strength == 0:
        return images
    grid = grid_of(small_changes(uniform, images.shape, strength=strength), images)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def grid_of(changes: Tensor, images: Tensor, basis: Tensor | None = None) -> Tensor:
    """Where each pixel is sampled from, [n, height, width, 2], as `grid_sample` takes it.

    One product for the batch, in doubles, which autocast leaves as they are, and with all x before
    all y, which `grid_sample` reads faster than pairs.

    Args:
        changes: [n, 2, k], of which the first three columns are matrices as `affine_grid` takes
            them, and the rest weights of the rows of `basis`.
        images: [n, channels, height, width].
        basis: Further displacements, float64 [k − 3, height · width].
    """
    height, width = images.shape[2:]
    places = _places(height, width, images.device)
    places = places if basis is None else torch.cat([places, basis])
    grid = changes.flatten(0, 1).double() @ places
    return grid.view(-1, 2, height, width).permute(0, 2, 3, 1).to(images.dtype)


@cache
def _places(height: int, width: int, device: torch.device) -> Tensor:
    """x, y and 1 of each pixel's middle, [3, height · width], the picture being [−1, 1]²."""
    y, x = (
        torch.arange(side, dtype=torch.float64).add(0.5).mul(2 / side).sub(1)
        for side in (height, width)
    )
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows, torch.ones_like(rows)]).flatten(1).to(device)


def small_changes(uniform: Tensor, shape: torch.Size, *, strength: float | Tensor = 1.0) -> Tensor:
    """The matrices of `small_affine`, [n, 2, 3], as `affine_grid` takes them.

    Args:
        shape: Of the pictures, whose last two sides are height and width.
    """
    # A strength of a row's own scales all four of its numbers.
    own = strength[:, None] if isinstance(strength, Tensor) else strength
    centred = (uniform * 2 - 1) * own
    angle = centred[:, 0] * math.radians(ROTATION_DEGREES)
    scale = torch.exp(centred[:, 1] * LOG_SCALE)
    shift = centred[:, 2:] * (2 * SHIFT_SHARE)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    tall = aspect(shape)
    return torch.stack(
        [
            torch.stack([cosine, -sine * tall, shift[:, 0]], dim=1),
            torch.stack([sine / tall, cosine, shift[:, 1]], dim=1),
        ],
        dim=1,
    )


def aspect(shape: torch.Size) -> float:
    """Height over width: both sides run from −1 to 1, and a turn is one of pixels."""
    return shape[-2] / shape[-1]

"""A differentiable, mild affine change of pictures: the augmentation both networks see."""

import math

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
    grid = F.affine_grid(
        small_changes(uniform, strength=strength), list(images.shape), align_corners=False
    )
    return F.grid_sample(images, grid.to(images.dtype), padding_mode="border", align_corners=False)


def small_changes(uniform: Tensor, *, strength: float | Tensor = 1.0) -> Tensor:
    """The matrices of `small_affine`, [n, 2, 3], as `affine_grid` takes them."""
    # A strength of a row's own scales all four of its numbers.
    own = strength[:, None] if isinstance(strength, Tensor) else strength
    centred = (uniform * 2 - 1) * own
    angle = centred[:, 0] * math.radians(ROTATION_DEGREES)
    scale = torch.exp(centred[:, 1] * LOG_SCALE)
    shift = centred[:, 2:] * (2 * SHIFT_SHARE)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    return torch.stack(
        [
            torch.stack([cosine, -sine, shift[:, 0]], dim=1),
            torch.stack([sine, cosine, shift[:, 1]], dim=1),
        ],
        dim=1,
    )

"""Label-safe classical augmentation of pictures: small rotations, shifts, scalings and shears.

Nothing is mirrored: a mirrored digit or letter is another one, or none.
"""

import numpy as np
import torch
import torch.nn.functional as F

from pipeline.modalities.image.affine import aspect

# At strength 1, by what was screened on digits of 8×8 and 28×28 pixels.
ROTATION_DEGREES = 10.0
SHIFT_SHARE = 0.08
SCALE_SHARE = 0.10
SHEAR_SHARE = 0.10
BRIGHTNESS_SHARE = 0.10


def augment(images: torch.Tensor, strength: float, stream: torch.Generator) -> torch.Tensor:
    """Change each picture a little, bilinearly, the border repeated.

    Args:
        images: float32 [n, channels, height, width] in [0, 1].
        strength: Multiplies every range; 1 is mild.
        stream: Where the randomness comes from.

    Returns:
        float32 of the same shape, in [0, 1].
    """
    n = len(images)
    uniform = torch.rand(n, 7, generator=stream) * 2 - 1
    angle = uniform[:, 0] * np.deg2rad(ROTATION_DEGREES) * strength
    scale_x = 1 + uniform[:, 1] * SCALE_SHARE * strength
    scale_y = 1 + uniform[:, 2] * SCALE_SHARE * strength
    shear = uniform[:, 3] * SHEAR_SHARE * strength
    # affine_grid's axes run from -1 to 1: a shift by a share of the side is twice that.
    shift = uniform[:, 4:6] * 2 * SHIFT_SHARE * strength
    cosine, sine = torch.cos(angle), torch.sin(angle)
    tall = aspect(images.shape)
    theta = torch.stack(
        [
            torch.stack([scale_x * cosine, (shear - sine) * tall, shift[:, 0]], 1),
            torch.stack([sine / tall, scale_y * cosine, shift[:, 1]], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if images.shape[1] == 3:
        gain = 1 + uniform[:, 6].view(-1, 1, 1, 1) * BRIGHTNESS_SHARE * strength
        moved = moved * gain
    return moved.clamp(0.0, 1.0)


def to_float(images: np.ndarray) -> torch.Tensor:
    """uint8 [n, height, width, channels] → float32 [n, channels, height, width] in [0, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0


def to_bytes(images: torch.Tensor) -> np.ndarray:
    """float32 [n, channels, height, width] in [0, 1] → uint8 [n, height, width, channels]."""
    rounded = (images.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    return np.ascontiguousarray(rounded.permute(0, 2, 3, 1).numpy())

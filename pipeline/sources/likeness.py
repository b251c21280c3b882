"""Whether two pictures show the same, but for how they were saved.

The same picture encoded again, resized, a pixel further or a little brighter is alike; one with a
scratch, a lesion or another colour in one place is not, whatever else the two share. Each picture
is kept as a likeness: its brightness at 64×64 px, its two colour differences at 16×16 px.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE_PX = 64
COLOUR_SIDE_PX = 16
LENGTH = SIDE_PX**2 + 2 * COLOUR_SIDE_PX**2
# All that follows was measured on photographs of clothing (100 px), MNIST (28 px), random fields of
# 32 to 224 px and drawn series of a fixed camera; docs/sources.md has the figures.
BLUR_CELLS = 1.0
# Copies have 0.99 and more; the closest two photographs have 0.92.
LEAST_CORRELATION = 0.985
# Of the largest difference to the root mean square: copies have up to 9 (a few up to 14), a picture
# with a scratch or a lesion 9 to 17.
MOST_PEAK = 9.5
# Below this a peak is the noise of the camera and of the rounding, in levels of 255.
LEAST_PEAK_LEVELS = 2.5
NOISE_LEVELS = 0.3
# A copy may be brighter and of another contrast within these bounds.
GAINS = (0.75, 1.35)
# Colour differences, beyond what a shift of an edge explains, in levels of 255.
MOST_COLOUR_LEVELS = 14.0
# Smaller pictures may not be shifted: a pixel is as much as tells two digits apart.
LEAST_SHIFTED_SIDE_PX = 40


def likeness_of(image: Image.Image) -> bytes:
    """The likeness of a picture in mode "L" or "RGB", `LENGTH` bytes."""
    small = image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR).convert("RGB")
    light, *colours = small.convert("YCbCr").split()
    side = (COLOUR_SIDE_PX, COLOUR_SIDE_PX)
    reduced = [colour.resize(side, Image.Resampling.BOX).tobytes() for colour in colours]
    return light.tobytes() + b"".join(reduced)


def are_alike(first: np.ndarray, second: np.ndarray, sides_px: np.ndarray) -> np.ndarray:
    """Whether each pair shows the same, bool [pairs].

    Args:
        first, second: Likenesses, uint8 [pairs, LENGTH].
        sides_px: The shortest side of the smaller picture of each pair, [pairs].
    """
    n = len(first)
    light = [part[:, : SIDE_PX**2].reshape(n, SIDE_PX, SIDE_PX) for part in (first, second)]
    one, other = (
        ndimage.gaussian_filter(part.astype(np.float32), (0, BLUR_CELLS, BLUR_CELLS))
        for part in light
    )
    fitted, gain = _fitted(one, other, sides_px >= LEAST_SHIFTED_SIDE_PX)
    left = (other - fitted).reshape(n, -1)
    spread = other.reshape(n, -1).std(axis=1)
    noise = left.std(axis=1)
    # Of a least-squares fit with a constant: 1 - R².
    is_same = noise**2 <= (1 - LEAST_CORRELATION**2) * spread**2
    peak = np.abs(left).max(axis=1)
    is_local = (peak > LEAST_PEAK_LEVELS) & (peak > MOST_PEAK * (noise + NOISE_LEVELS))
    in_bounds = (gain >= GAINS[0]) & (gain <= GAINS[1])
    return np.asarray(
        is_same & ~is_local & in_bounds & (_colour_apart(first, second, gain) <= MOST_COLOUR_LEVELS)
    )


def _fitted(
    one: np.ndarray, other: np.ndarray, may_shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(`one` made as like `other` as brightness, contrast and a small shift can, its gain)."""
    n = len(one)
    down, across = np.gradient(one, axis=(1, 2))
    shifts = may_shift[:, None, None].astype(np.float32)
    terms = np.stack([one, np.ones_like(one), down * shifts, across * shifts], axis=1)
    terms = terms.reshape(n, 4, -1)
    target = other.reshape(n, -1, 1)
    products = (terms @ terms.transpose(0, 2, 1)).astype(np.float64)
    weights = np.linalg.pinv(products, hermitian=True) @ (terms @ target).astype(np.float64)
    found = (weights.transpose(0, 2, 1) @ terms).reshape(one.shape)
    return found, weights[:, 0, 0]


def _colour_apart(first: np.ndarray, second: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """The largest difference of colour that no edge beside it explains, float [pairs]."""
    shape = (len(first), 2, COLOUR_SIDE_PX, COLOUR_SIDE_PX)
    one, other = (
        part[:, SIDE_PX**2 :].reshape(shape).astype(np.float32) - 128 for part in (first, second)
    )
    edges = np.minimum(*(_range(part) for part in (one, other)))
    apart = np.abs(other - one * gain[:, None, None, None]) - edges
    return np.asarray(apart.reshape(len(first), -1).max(axis=1))


def _range(values: np.ndarray) -> np.ndarray:
    window = (1, 1, 3, 3)
    return np.asarray(
        ndimage.maximum_filter(values, window) - ndimage.minimum_filter(values, window)
    )

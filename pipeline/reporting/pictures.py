"""Pictures as data URIs that a page without requests can show."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

# Small pictures are kept pixel for pixel; larger ones are shrunk to this, which a page can bear.
TILE_PX = 48
# Values of one picture (height × width × channels) up to which it is kept without loss; above it,
# ten classes of pictures like noise would take the page over 3 MB.
LOSSLESS_VALUES = 32 * 32
GAP_PX = 1
WEBP_QUALITY = 88
SHEET_COLUMNS = 6


@dataclass(frozen=True)
class Picture:
    """An image element.

    Attributes:
        uri: The image itself, as a data URI.
        alt: What it shows, in words.
        is_pixelated: Whether it is to be enlarged without smoothing: small pictures, kept whole.
    """

    uri: str
    width_px: int
    height_px: int
    alt: str
    is_pixelated: bool


def tile(picture: np.ndarray) -> Image.Image:
    """One picture, uint8 [height, width, 1 or 3], at most TILE_PX wide and high."""
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    image.thumbnail((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
    return image


def single(picture: np.ndarray, *, alt: str) -> Picture:
    """One picture by itself."""
    return _encode(tile(picture), lossless=picture.size <= LOSSLESS_VALUES, alt=alt)


def sheet(pictures: Sequence[np.ndarray], *, alt: str, columns: int = SHEET_COLUMNS) -> Picture:
    """Pictures of one shape laid out row by row on one image, with nothing in the gaps."""
    tiles = [tile(picture) for picture in pictures]
    width, height = tiles[0].size
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    size = (columns * (width + GAP_PX) - GAP_PX, rows * (height + GAP_PX) - GAP_PX)
    canvas = Image.new(f"{tiles[0].mode}A", size)
    for index, image in enumerate(tiles):
        row, column = divmod(index, columns)
        opaque = image.copy()
        opaque.putalpha(255)
        canvas.paste(opaque, (column * (width + GAP_PX), row * (height + GAP_PX)))
    return _encode(canvas, lossless=pictures[0].size <= LOSSLESS_VALUES, alt=alt)


def _encode(image: Image.Image, *, lossless: bool, alt: str) -> Picture:
    buffer = io.BytesIO()
    if lossless:
        image.save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
        kind = "webp"
    content = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(f"data:image/{kind};base64,{content}", *image.size, alt, lossless)

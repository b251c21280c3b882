"""Sheets of sample pictures: one row a class."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

GAP_PX = 2
BACKGROUND = 128
SMALLEST_SIDE_PX = 32


def sheet(rows: Sequence[np.ndarray], *, columns: int = 16) -> np.ndarray:
    """Pictures side by side, one row of the sheet for each array of pictures.

    Args:
        rows: uint8 [n, height, width, channels] each; the first `columns` are shown, a row that has
            fewer ends in background.

    Returns:
        uint8 [sheet height, sheet width, 1 or 3], small pictures enlarged by a whole factor.
    """
    height, width, channels = rows[0].shape[1:]
    factor = max(1, -(-SMALLEST_SIDE_PX // min(height, width)))
    cell_height, cell_width = height * factor + GAP_PX, width * factor + GAP_PX
    page = np.full(
        (len(rows) * cell_height + GAP_PX, columns * cell_width + GAP_PX, channels),
        BACKGROUND,
        np.uint8,
    )
    for row, pictures in enumerate(rows):
        top = GAP_PX + row * cell_height
        for column, picture in enumerate(pictures[:columns]):
            left = GAP_PX + column * cell_width
            large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
            page[top : top + height * factor, left : left + width * factor] = large
    return page


def png_bytes(page: np.ndarray) -> bytes:
    """A sheet as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(page[:, :, 0] if page.shape[2] == 1 else page).save(buffer, "PNG")
    return buffer.getvalue()

"""Lossless PNG of single images."""

import io

import numpy as np
from PIL import Image


def encode_png(image: np.ndarray) -> bytes:
    """Lossless PNG of one image, uint8 [height, width, 1 or 3] in [0, 255]."""
    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(
        buffer, "PNG", compress_level=1
    )
    return buffer.getvalue()


def decode_png(content: bytes) -> np.ndarray:
    """One image of our own making, uint8 [height, width, 1 or 3] in [0, 255]."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def with_channels(content: bytes, channels: int) -> bytes:
    """The same PNG, grey or colour, with 1 or 3 channels."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        buffer = io.BytesIO()
        image.convert("L" if channels == 1 else "RGB").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()

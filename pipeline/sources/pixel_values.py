"""How a picture's file stores its values: 16 bits, key colours, and what cannot be read."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from pipeline.sources.colour import in_srgb


class PictureError(Exception):
    """The picture cannot be used; the text completes "<where> …"."""


def conversion(
    image: Image.Image, remarks: set[str], *, bits: int, scale_sixteen_bit: bool
) -> Callable[[Image.Image], Image.Image]:
    """What makes "L" or "RGB" of the loaded picture, or of a strip of it.

    Raises:
        PictureError: its values are of a kind that is not read.
    """
    if image.mode == "F":
        raise PictureError(
            "has floating-point pixels; whole numbers from 0 to 255 are expected: save it with 8 "
            "bits a value"
        )
    if bits in (12, 32):
        raise PictureError(
            f"has {bits} bits a value, whose largest is not certain; save it with 8 or 16 bits a "
            "value"
        )
    if image.mode.startswith("I") or bits == 16:
        if not scale_sixteen_bit:
            raise PictureError(
                "has 16 bits a pixel, and 8 are expected; set `source.sixteen_bit: scale` to "
                "divide by 257, or convert it"
            )
        remarks.add("sixteen_bit")
        if not image.mode.startswith("I"):
            _refuse_deep_key(image)
            return lambda part: in_srgb(part, remarks)
        return lambda part: in_srgb(_scaled(part), remarks)
    _spread_key(image, bits)
    return lambda part: in_srgb(part, remarks)


def bits_a_value(image: Image.Image) -> int:
    """Bits that the file stores of a value: 2 and 4 of grey PNG, 12, 16, 32, otherwise 8.

    Pillow would drop the low byte of 16 without a word.
    """
    stored = (tile.args for tile in getattr(image, "tile", ()))
    names = {
        str(argument)
        for arguments in stored
        for argument in (arguments if isinstance(arguments, tuple) else (arguments,))
    }
    for bits in (12, 32):
        if any(f"I;{bits}" in name for name in names):
            return bits
    if image.mode.startswith("I") or any(";16" in name for name in names):
        return 16
    return next((bits for bits in (2, 4) if f"L;{bits}" in names), 8)


def _spread_key(image: Image.Image, bits: int) -> None:
    """The key colour on the scale of the pixels: only its low bits count, and Pillow spreads 2 or 4
    bits of grey over 0 to 255, but not those of the key."""
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):
        most = 2**bits - 1
        image.info["transparency"] = (key & most) * 255 // most
    elif image.mode == "RGB" and isinstance(key, tuple):
        image.info["transparency"] = tuple(value & 255 for value in key)


def _refuse_deep_key(image: Image.Image) -> None:
    if "transparency" in image.info and image.mode == "RGB":
        raise PictureError(
            "has a transparent key colour of 16 bits, which cannot be told from its neighbours "
            "in 8; save it with an alpha channel"
        )


def _scaled(image: Image.Image) -> Image.Image:
    """Grey of 16 bits divided by 257; its key colour becomes an alpha channel."""
    pixels = np.asarray(image).astype(np.int32)
    if pixels.min() < 0 or pixels.max() > 65_535:
        raise PictureError("has pixels outside 0 to 65,535; 16 bits a pixel are the most")
    plain = Image.fromarray(((pixels + 128) // 257).astype(np.uint8))
    key = image.info.get("transparency")
    if key is not None:
        alpha = np.where(pixels == key, 0, 255).astype(np.uint8)
        plain = Image.merge("LA", (plain, Image.fromarray(alpha)))
    plain.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return plain

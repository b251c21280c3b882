"""One picture's bytes become what the survey must know of it, and a resized lossless PNG.

These are pure functions of one picture, so that any number of processes can share the work.
"""

import hashlib
import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from pipeline.params import ResizeParams
from pipeline.sources.likeness import likeness_of
from pipeline.sources.picture import decode
from pipeline.sources.pixel_values import PictureError

THUMBNAIL_PX = 16
PADDING = 0


@dataclass(frozen=True)
class Decoded:
    """One picture after decoding.

    Attributes:
        png: Lossless PNG, grey or RGB, of the target size; empty where none was asked for.
        digest: SHA-256 (hexadecimal) of the upright full-size pixels and their shape; equal for
            equal pictures in different file formats.
        thumbnail: uint8 [256], a 16×16 px grey average for finding near duplicates.
        likeness: What tells whether two of them are some; see `likeness.likeness_of`.
        height_px, width_px: Size before resizing.
        is_grey: Whether all channels are equal.
        is_constant: Whether all pixels are equal.
        format: Format by content.
        remarks: See `picture.Picture`.
    """

    png: bytes
    digest: str
    thumbnail: np.ndarray
    likeness: bytes
    height_px: int
    width_px: int
    is_grey: bool
    is_constant: bool
    format: str
    remarks: frozenset[str]

    def remarked(self, remark: str) -> "Decoded":
        """The same with one more remark."""
        return replace(self, remarks=self.remarks | {remark})


def decode_picture(
    content: bytes, resize: ResizeParams | None, *, scale_sixteen_bit: bool = False
) -> Decoded | str:
    """The picture decoded and resized, or, where it cannot be used, the rest of a sentence.

    Args:
        resize: None where only the facts are wanted, without the resized picture.
    """
    try:
        picture = decode(content, scale_sixteen_bit=scale_sixteen_bit)
    except PictureError as error:
        return str(error)
    return describe(
        picture.image,
        resize,
        size_px=picture.size_px,
        format=picture.format,
        remarks=picture.remarks,
    )


def describe(
    image: Image.Image,
    resize: ResizeParams | None,
    *,
    size_px: tuple[int, int] | None = None,
    format: str = "",  # noqa: A002
    remarks: frozenset[str] = frozenset(),
) -> Decoded:
    """What the survey must know of a picture in mode "L" or "RGB".

    Args:
        resize: None where only the facts are wanted.
        size_px: (height, width) of the file, where the picture was shrunk on the way.
    """
    height, width = size_px or (image.height, image.width)
    image = _without_colour(image)
    digest = hashlib.sha256(f"{image.mode}{image.size}".encode())
    digest.update(image.tobytes())
    grey = image if image.mode == "L" else image.convert("L")
    small = grey.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX)
    return Decoded(
        png=b"" if resize is None else _png(fit(image, resize)),
        digest=digest.hexdigest(),
        thumbnail=np.asarray(small).reshape(-1),
        likeness=likeness_of(image),
        height_px=height,
        width_px=width,
        is_grey=image.mode == "L",
        is_constant=_is_constant(image),
        format=format,
        remarks=remarks,
    )


def fit(image: Image.Image, resize: ResizeParams) -> Image.Image:
    """The picture at `height_px` × `width_px`, by the declared policy.

    contain: the whole picture, padded with black to the size. cover: the largest middle part of the
    right shape. stretch: the whole picture, its proportions given up.
    """
    height, width = resize.height_px or image.height, resize.width_px or image.width
    if image.size == (width, height):
        return image
    if resize.policy == "stretch":
        return image.resize((width, height), Image.Resampling.LANCZOS)
    scales = (width / image.width, height / image.height)
    scale = min(scales) if resize.policy == "contain" else max(scales)
    if resize.policy == "cover":
        part_width, part_height = width / scale, height / scale
        left, top = (image.width - part_width) / 2, (image.height - part_height) / 2
        box = (left, top, left + part_width, top + part_height)
        return image.resize((width, height), Image.Resampling.LANCZOS, box=box)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    canvas = Image.new(image.mode, (width, height), PADDING)
    offset = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    canvas.paste(image.resize(inner, Image.Resampling.LANCZOS), offset)
    return canvas


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _is_constant(image: Image.Image) -> bool:
    bands = [band.getextrema() for band in image.split()]
    return all(low == high for low, high in bands)


def _without_colour(image: Image.Image) -> Image.Image:
    """In mode "L" where red, green and blue are equal everywhere."""
    if image.mode == "L":
        return image
    red, green, blue = image.split()
    same = red.tobytes() == green.tobytes() == blue.tobytes()
    return red if same else image

"""One picture file: bytes in, pixels out, or a sentence that says why not.

Only PNG, JPEG, BMP, TIFF and WebP are decoded. The declared size is checked before any pixel is, so
that a small file which promises a huge picture costs nothing.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

# A camera's multi-picture file (MPO) is opened as JPEG, and then calls itself MPO.
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
FORMAT_NAMES = "PNG, JPEG, BMP, TIFF or WebP"
SUFFIXES = {
    "PNG": {".png"},
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "MPO": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"},
    "BMP": {".bmp", ".dib"},
    "TIFF": {".tif", ".tiff"},
    "WEBP": {".webp"},
}
KNOWN_SUFFIXES = frozenset().union(*SUFFIXES.values())
MAXIMUM_PIXELS = 25_000_000
MAXIMUM_BYTES = 256 * 2**20
MINIMUM_SIDE_PX = 4
MAXIMUM_ASPECT = 32
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The limit above is checked first, and it is the stricter one.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PictureError(Exception):
    """The picture cannot be used; the text completes "<where> …"."""


@dataclass(frozen=True)
class Picture:
    """One decoded picture.

    Attributes:
        image: Mode "L" or "RGB", upright.
        format: A key of `SUFFIXES`, by content.
        remarks: What was converted on the way: "cmyk", "turned", "transparent", "sixteen_bit",
            "first_of_several".
    """

    image: Image.Image
    format: str
    remarks: frozenset[str]


def decode(content: bytes, *, scale_sixteen_bit: bool = False) -> Picture:
    """The picture in `content`.

    Raises:
        PictureError: it is no such picture, is damaged, or is of a kind that would be read wrongly.
    """
    if not content:
        raise PictureError("is empty (0 bytes); replace or delete it")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            check_header(image)
            # Pillow forgets how the file stored its pixels once they are loaded.
            is_deep = _is_deep(image)
            image.load()
            return _upright(image, is_deep=is_deep, scale_sixteen_bit=scale_sixteen_bit)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(_what_it_is(content)) from None
    except Image.DecompressionBombError:
        raise PictureError(_too_large("over 178,956,970")) from None
    except Exception as error:
        # Pillow's readers raise OSError, SyntaxError, ValueError, struct.error, … on damaged files.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"is damaged or truncated ({reason}); replace or delete it") from None


def check_header(image: Image.Image) -> None:
    """Check what can be known before any pixel is decoded.

    Raises:
        PictureError: too many pixels, too narrow, or several frames.
    """
    width, height = image.size
    if width * height > MAXIMUM_PIXELS:
        raise PictureError(_too_large(f"{width}×{height}"))
    if min(width, height) < MINIMUM_SIDE_PX or max(width, height) > MAXIMUM_ASPECT * min(
        width, height
    ):
        raise PictureError(
            f"is {width}×{height} px; each side must have at least {MINIMUM_SIDE_PX} px and the "
            f"longer at most {MAXIMUM_ASPECT} times the shorter; replace or delete it"
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise PictureError(
            f"holds {frames} frames; one picture a file is expected: save the frame you mean"
        )


def size_of(content: bytes) -> tuple[int, int] | None:
    """(height, width) in pixels, upright, from the header alone; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            return (
                (width, height)
                if image.getexif().get(ORIENTATION_TAG, 1) >= 5
                else (
                    height,
                    width,
                )
            )
    except Exception:
        return None


def _upright(image: Image.Image, *, is_deep: bool, scale_sixteen_bit: bool) -> Picture:
    remarks: set[str] = set()
    if image.format == "MPO":
        remarks.add("first_of_several")
    if is_deep:
        plain = _sixteen_bit(image, remarks, allowed=scale_sixteen_bit)
    else:
        plain = _eight_bit(image, remarks)
    turn = TURNS.get(image.getexif().get(ORIENTATION_TAG, 1))
    if turn is not None:
        plain = plain.transpose(turn)
        remarks.add("turned")
    return Picture(image=plain, format=image.format or "", remarks=frozenset(remarks))


def _eight_bit(image: Image.Image, remarks: set[str]) -> Image.Image:
    """The picture in mode "L" or "RGB", not yet turned."""
    mode = image.mode
    if mode == "F":
        raise PictureError("has floating-point pixels; whole numbers from 0 to 255 are expected")
    if mode in ("L", "RGB"):
        return image
    if mode == "1":
        return image.convert("L")
    if mode == "CMYK":
        remarks.add("cmyk")
        return image.convert("RGB")
    if mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        return _on_white(image, remarks)
    if mode in ("P", "YCbCr"):
        return image.convert("RGB")
    raise PictureError(f"has the colour mode {mode}; grey, RGB or CMYK is expected")


def _on_white(image: Image.Image, remarks: set[str]) -> Image.Image:
    colour = image.convert("RGBA")
    if colour.getchannel("A").getextrema() == (255, 255):
        return image.convert("L" if image.mode in ("LA", "La") else "RGB")
    remarks.add("transparent")
    white = Image.new("RGBA", colour.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, colour).convert("RGB")
    return flat.convert("L") if image.mode in ("LA", "La") else flat


def _is_deep(image: Image.Image) -> bool:
    """Whether the file stores 16 bits a value; Pillow would drop the low byte without a word."""
    if image.mode.startswith("I"):
        return True
    stored = (tile.args for tile in getattr(image, "tile", ()))
    return any(
        ";16" in str(argument)
        for arguments in stored
        for argument in (arguments if isinstance(arguments, tuple) else (arguments,))
    )


def _sixteen_bit(image: Image.Image, remarks: set[str], *, allowed: bool) -> Image.Image:
    if not allowed:
        raise PictureError(
            "has 16 bits a pixel, and 8 are expected; set `source.sixteen_bit: scale` to divide "
            "by 257, or convert it"
        )
    remarks.add("sixteen_bit")
    if not image.mode.startswith("I"):
        return image if image.mode == "RGB" else _on_white(image, remarks)
    pixels = np.asarray(image).astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 65_535:
        raise PictureError("has pixels outside 0 to 65,535; 16 bits a pixel are the most")
    return Image.fromarray(((pixels + 128) // 257).astype(np.uint8))


def _too_large(declared: str) -> str:
    return (
        f"declares {declared} pixels, over the limit of {MAXIMUM_PIXELS:,}; make it smaller, or "
        "delete it"
    )


def _what_it_is(content: bytes) -> str:
    start = content[:64].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg", b"<head", b"<body")):
        kind = "is a web page or XML, not a picture"
    elif start.startswith((b"gif8", b"\x00\x00\x00", b"8bps", b"%pdf", b"\x00\x00\x01\x00")):
        kind = "is a picture of another format"
    elif all(byte in b"\t\r\n" or byte >= 32 for byte in content[:512]):
        kind = "is text, not a picture"
    else:
        kind = "is no picture that can be recognised"
    return f"{kind}; {FORMAT_NAMES} is expected: replace or delete it"

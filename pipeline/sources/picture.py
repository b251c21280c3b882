"""One picture file: bytes in, pixels out, or a sentence that says why not.

Only PNG, JPEG, BMP, TIFF and WebP are decoded. The declared size is checked before any pixel is, so
that a small file which promises a huge picture costs nothing. A large one is shrunk on the way.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, UnidentifiedImageError

from pipeline.sources.parallel import turn
from pipeline.sources.pixel_values import PictureError, bits_a_value, conversion
from pipeline.sources.png_chunks import BEGINNING, ORIENTATION, without_extras

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
# Measured, as the process grows: 25 megapixels take 100 to 170 MB; 200 take 880 MB as PNG, 280 as
# JPEG (which is decoded at a quarter of its size) and 760 as progressive JPEG.
KEPT_PIXELS = 25_000_000
MAXIMUM_PIXELS = 200_000_000
STRIP_PIXELS = 4_000_000
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
LYING = (5, 6, 7, 8)

DCT_SCALES = (2, 4, 8)
EXIF_INTEROPERABILITY = 0xA005
EXIF_DETAILS = 0x8769
EXIF_COLOUR_SPACE = 0xA001
ADOBE_RGB = 2

# Pillow refuses at twice its own limit, without telling the size; ours is checked before.
Image.MAX_IMAGE_PIXELS = MAXIMUM_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    """One decoded picture.

    Attributes:
        image: Mode "L" or "RGB", upright.
        size_px: (height, width) that the file declares, upright; `image` is smaller where it was
            shrunk.
        format: A key of `SUFFIXES`, by content.
        remarks: What was converted on the way: "turned", "sixteen_bit", "first_of_several",
            "shrunk", "adobe_rgb", "extras", and those of `colour.in_srgb`.
    """

    image: Image.Image
    size_px: tuple[int, int]
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
        return _decoded(content, scale_sixteen_bit=scale_sixteen_bit)
    except PictureError:
        if not content.startswith(BEGINNING):
            raise
        # A broken profile or comment makes Pillow refuse a PNG whose pixels are whole.
        for but in ((ORIENTATION,), ()):
            bare = without_extras(content, but=but)
            if len(bare) == len(content):
                continue
            with contextlib.suppress(PictureError):
                picture = _decoded(bare, scale_sixteen_bit=scale_sixteen_bit)
                return replace(picture, remarks=picture.remarks | {"extras"})
        raise


def _decoded(content: bytes, *, scale_sixteen_bit: bool) -> Picture:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            check_header(image)
            size = image.size
            if math.prod(size) <= KEPT_PIXELS:
                return _upright(image, size, scale_sixteen_bit=scale_sixteen_bit)
            # One at a time, whatever the number of processes, for the sake of memory.
            with turn():
                return _upright(image, size, scale_sixteen_bit=scale_sixteen_bit)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(_what_it_is(content)) from None
    except Image.DecompressionBombError:
        raise PictureError(_too_large(f"over {2 * MAXIMUM_PIXELS:,}")) from None
    except MemoryError:
        raise PictureError(
            "takes more memory to decode than there is; make it smaller, or delete it"
        ) from None
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
            is_lying = image.getexif().get(ORIENTATION_TAG, 1) in LYING
            # Pillow gives the size of a TIFF upright, and turns its pixels as they are loaded.
            return (width, height) if is_lying and image.format != "TIFF" else (height, width)
    except Exception:
        return None


def _upright(image: Image.Image, declared: tuple[int, int], *, scale_sixteen_bit: bool) -> Picture:
    remarks: set[str] = set()
    if image.format == "MPO":
        remarks.add("first_of_several")
    # Pillow forgets how the file stored its pixels once they are loaded.
    bits = bits_a_value(image)
    if image.format in ("JPEG", "MPO"):
        _draft(image)
    if image.format == "TIFF" and image.getexif().get(ORIENTATION_TAG) in TURNS:
        remarks.add("turned")
    image.load()
    convert = conversion(image, remarks, bits=bits, scale_sixteen_bit=scale_sixteen_bit)
    factor = math.ceil(math.sqrt(math.prod(image.size) / KEPT_PIXELS))
    plain = convert(image) if factor == 1 else _in_strips(image, factor, convert)
    if factor > 1 or image.size != declared:
        remarks.add("shrunk")
    exif = image.getexif()
    if not image.info.get("icc_profile") and _is_adobe_rgb(exif):
        remarks.add("adobe_rgb")
    orientation = exif.get(ORIENTATION_TAG, 1)
    turn_asked = TURNS.get(orientation)
    if turn_asked is not None:
        plain = plain.transpose(turn_asked)
        remarks.add("turned")
    width, height = declared if orientation not in LYING else declared[::-1]
    return Picture(plain, (height, width), image.format or "", frozenset(remarks))


def _draft(image: Image.Image) -> None:
    """Let the JPEG library decode a large picture at 1/2, 1/4 or 1/8 of its size."""
    width, height = image.size
    for scale in DCT_SCALES:
        if math.prod(image.size) <= KEPT_PIXELS:
            return
        image.draft(None, (width // scale, height // scale))


def _in_strips(
    image: Image.Image, factor: int, convert: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """The picture at 1/factor of its size, means of whole squares, a strip at a time."""
    width, height = image.size
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    canvas: Image.Image | None = None
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        small = convert(strip).reduce(factor)
        if canvas is None:
            canvas = Image.new(small.mode, (small.width, math.ceil(height / factor)))
        canvas.paste(small, (0, top // factor))
    assert canvas is not None
    return canvas


def _is_adobe_rgb(exif: Image.Exif) -> bool:
    """Whether the camera says Adobe RGB, as cameras do without embedding the profile."""
    # A damaged EXIF block says nothing; the pixels are whole all the same.
    with contextlib.suppress(Exception):
        if exif.get_ifd(EXIF_INTEROPERABILITY).get(1) == "R03":
            return True
        return exif.get_ifd(EXIF_DETAILS).get(EXIF_COLOUR_SPACE) == ADOBE_RGB
    return False


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

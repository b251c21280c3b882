"""How a picture lies in its file and how many bits its values have: used as meant, or refused."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from pipeline.sources.picture import decode, size_of
from pipeline.sources.pixel_values import PictureError
from tests.raw_data import picture
from tests.sources.picture_folder import looked_at

ORIENTATION = 0x0112


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def lying(kind, orientation):
    """A picture of 16×24 px (height × width) with an orientation, and how it is meant."""
    image = Image.fromarray(picture(5, side=24, colour=True)[:16])
    image.getexif()[ORIENTATION] = orientation
    meant = np.asarray(ImageOps.exif_transpose(image))
    if kind == "TIFF":
        return saved(image, kind, tiffinfo={ORIENTATION: orientation}), meant
    options = {"lossless": True} if kind == "WEBP" else {}
    return saved(image, kind, exif=image.getexif(), **options), meant


def tiff(bits, values, *, sample_format=1):
    """A grey TIFF of one row a number of values, as cameras of 12 and 32 bits write it."""
    height, width = values.shape
    if bits == 12:
        text = "".join(f"{value:012b}" for value in values.reshape(-1))
        pixels = int(text, 2).to_bytes(len(text) // 8, "big")
    else:
        pixels = values.astype("<i4").tobytes()
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    entries |= {279: len(pixels), 339: sample_format}
    table = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHLL", tag, 4, 1, value) for tag, value in sorted(entries.items())
    )
    start = b"II" + struct.pack("<HL", 42, 8 + len(pixels))
    return start + pixels + table + b"\0\0\0\0"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_picture_is_turned_upright_and_told_in_every_format(kind, orientation):
    content, meant = lying(kind, orientation)
    read = decode(content)
    assert np.array_equal(np.asarray(read.image), meant)
    assert ("turned" in read.remarks) == (orientation > 1)
    assert read.size_px == size_of(content) == meant.shape[:2]


def test_lying_tiff_pictures_keep_the_size_that_they_have_upright(tmp_path):
    for start, name in enumerate(("cat", "dog")):
        (tmp_path / "raw" / name).mkdir(parents=True)
        for k in range(6):
            image = Image.fromarray(picture(100 * start + k, side=24, colour=True)[:16])
            file = tmp_path / "raw" / name / f"{k}.tif"
            image.save(file, tiffinfo={ORIENTATION: 6})
    assert looked_at(tmp_path / "raw")[1].schema.image_shape == (24, 16, 3)


def test_a_size_that_stands_at_the_end_of_the_file_is_found(tmp_path):
    pixels = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        for k in range(3):
            values = pixels.integers(0, 256, (120, 100, 3), np.uint8)
            beginning = {"comment": b" " * 60_000, "exif": b"Exif\0\0" + bytes(60_000)}
            content = saved(Image.fromarray(values), "JPEG", **beginning)
            (tmp_path / "raw" / name / f"{k}.jpg").write_bytes(content)
    assert looked_at(tmp_path / "raw")[1].schema.image_shape == (120, 100, 3)


def test_an_animated_png_is_refused_like_every_other_animation():
    first, second = (Image.fromarray(picture(n, colour=True)) for n in (1, 2))
    content = saved(first, "PNG", save_all=True, append_images=[second])
    with pytest.raises(PictureError, match="holds 2 frames"):
        decode(content)


def test_a_comment_that_is_left_out_does_not_cost_the_orientation():
    image = Image.fromarray(picture(3, side=24, colour=True)[:16])
    image.getexif()[ORIENTATION] = 6
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "x" * 2_000_000, zip=True)
    content = saved(image, "PNG", exif=image.getexif(), pnginfo=info)
    read = decode(content)
    assert np.array_equal(np.asarray(read.image), np.asarray(ImageOps.exif_transpose(image)))
    assert {"turned", "extras"} <= read.remarks


@pytest.mark.parametrize("bits", [12, 32])
@pytest.mark.parametrize("scale", [False, True])
def test_values_of_12_and_32_bits_are_refused_and_never_scaled_as_16(bits, scale):
    values = np.arange(64).reshape(8, 8) * 60
    with pytest.raises(PictureError, match=f"has {bits} bits a value"):
        decode(tiff(bits, values), scale_sixteen_bit=scale)

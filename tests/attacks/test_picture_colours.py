"""The same picture saved in two ways gives the same pixels, and what was converted is told."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageCms, PngImagePlugin

from pipeline.sources.picture import decode
from tests.colour_profiles import cmyk_profile, grey_profile, rgb_profile, swapped_profile
from tests.raw_data import picture

RED, GREEN, BLUE, WHITE, KEY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (7, 9, 11)
PIXELS = arrays.arrays(np.uint8, (6, 6, 3))


def saved(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read(content, **options):
    found = decode(content, **options)
    return np.asarray(found.image).astype(int), found.remarks


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, rows, *more):
    height, width = rows.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width if depth >= 8 else 8, height, depth, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *more,
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        )
    )


def half(colour, other=KEY):
    pixels = np.empty((8, 8, 3), np.uint8)
    pixels[:4], pixels[4:] = colour, other
    return Image.fromarray(pixels)


def all_white(values):
    return (values == 255).all()


@settings(max_examples=30, deadline=None)
@given(pixels=PIXELS, is_key=arrays.arrays(bool, (6, 6)))
def test_a_key_colour_an_alpha_channel_and_a_palette_give_the_same_pixels(pixels, is_key):
    pixels = pixels.copy()
    pixels[(pixels == KEY).all(axis=-1)] = 0
    pixels[is_key] = KEY
    alpha = Image.fromarray(np.where(is_key, 0, 255).astype(np.uint8))
    plain = Image.fromarray(pixels)
    real = plain.copy()
    real.putalpha(alpha)
    colours, index = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    by_palette = Image.fromarray(index.reshape(6, 6).astype(np.uint8)).convert("P")
    by_palette.putpalette(colours.tobytes())
    at = [tuple(colour) for colour in colours.tolist()]
    alphas = bytes(0 if colour == KEY else 255 for colour in at)
    expected, _ = read(saved(real))
    assert (read(saved(plain, transparency=KEY))[0] == expected).all()
    assert (read(saved(by_palette, transparency=alphas))[0] == expected).all()
    assert all_white(expected[is_key])
    assert (expected[~is_key] == pixels[~is_key]).all()


@settings(max_examples=30, deadline=None)
@given(values=arrays.arrays(np.uint8, (6, 6)), key=st.integers(0, 255))
def test_grey_with_a_key_equals_grey_with_alpha(values, key):
    grey = Image.fromarray(values)
    real = Image.merge("LA", (grey, Image.fromarray(np.where(values == key, 0, 255).astype("u1"))))
    expected, _ = read(saved(real))
    assert (read(saved(grey, transparency=key))[0] == expected).all()
    assert all_white(expected[values == key])


@settings(max_examples=20, deadline=None)
@given(values=arrays.arrays(np.uint8, (6, 6)))
def test_grey_is_the_same_in_every_mode_that_can_hold_it(values):
    grey = Image.fromarray(values)
    opaque = Image.merge("LA", (grey, Image.new("L", grey.size, 255)))
    for image in (opaque, grey.convert("P"), grey.convert("RGB"), grey.convert("RGBA")):
        found = read(saved(image))[0]
        assert (found.reshape(6, 6, -1)[:, :, 0] == values).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP"])
def test_plain_colours_keep_every_value_in_every_lossless_format(kind):
    pixels = picture(3, colour=True)
    options = {"lossless": True} if kind == "WEBP" else {}
    values, remarks = read(saved(Image.fromarray(pixels), kind, **options))
    assert (values == pixels).all()
    assert not remarks


@pytest.mark.parametrize("depth", [2, 4])
def test_the_key_of_grey_with_few_bits_is_found(depth):
    rows = np.array([[0b01_01_01_01] * 2] * 4 + [[0b10_10_10_10] * 2] * 4, np.uint8)
    rows = rows if depth == 2 else np.array([[0x55] * 4] * 4 + [[0xAA] * 4] * 4, np.uint8)
    key = 1 if depth == 2 else 5
    values, remarks = read(png(depth, 0, rows, chunk(b"tRNS", struct.pack(">H", key))))
    assert all_white(values[:4])
    assert (values[4:] == 170).all()
    assert remarks == {"transparent"}


def test_a_black_and_white_key_is_laid_on_white():
    image = Image.fromarray(np.eye(8, dtype=bool))
    values, remarks = read(saved(image, transparency=0))
    assert all_white(values)
    assert remarks == {"transparent"}


@pytest.mark.parametrize("above", [0, 3])
def test_only_the_low_bits_of_a_key_count(above):
    values, _ = read(png(8, 0, np.full((8, 8), 5, np.uint8), chunk(b"tRNS", bytes([above, 5]))))
    assert all_white(values)


def test_the_key_of_sixteen_bits_of_grey_is_compared_in_sixteen_bits():
    pixels = np.full((8, 8), 1000, ">u2")
    pixels[:4] = 1001
    content = png(16, 0, pixels, chunk(b"tRNS", struct.pack(">H", 1001)))
    values, remarks = read(content, scale_sixteen_bit=True)
    assert all_white(values[:4])
    assert (values[4:] == 4).all()
    assert remarks == {"transparent", "sixteen_bit"}


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_half_transparent_is_half_white_in_every_mode(mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 128)).convert(mode)
    image.putalpha(128)
    kind = "TIFF" if mode == "PA" else "PNG"
    if mode == "PA":
        image = image.convert("RGBA")
    values, remarks = read(saved(image, kind))
    assert (values == 127).all()
    assert remarks == {"transparent"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_an_embedded_profile_is_applied(kind):
    options = {"PNG": {}, "JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}
    content = saved(half(RED, GREEN), kind, icc_profile=swapped_profile(), **options.get(kind, {}))
    values, remarks = read(content)
    assert np.abs(values[1, 1] - BLUE).max() <= 6
    assert np.abs(values[6, 6] - GREEN).max() <= 6
    assert remarks == {"profile"}


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_profile_is_applied_below_alpha_and_through_palettes(mode):
    image = half(RED).convert("RGBA")
    image.putalpha(Image.fromarray(np.repeat([[255], [0]], 4, axis=0).repeat(8, 1).astype("u1")))
    if mode == "P":
        image = image.quantize(8)
    values, remarks = read(saved(image, icc_profile=swapped_profile()))
    assert np.abs(values[1, 1] - BLUE).max() <= 6
    assert all_white(values[4:])
    assert remarks == {"profile", "transparent"}


def test_srgb_as_a_profile_changes_nothing_and_is_not_told():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = picture(3, colour=True)
    values, remarks = read(saved(Image.fromarray(pixels), icc_profile=profile))
    assert (values == pixels).all()
    assert not remarks


def test_a_grey_profile_bends_the_greys():
    image = Image.fromarray(np.full((8, 8), 128, np.uint8))
    values, remarks = read(saved(image, icc_profile=grey_profile(1.0)))
    # Half of the light is 188 of 255 in sRGB.
    assert np.abs(values - 188).max() <= 1
    assert values.ndim == 2
    assert remarks == {"profile"}


def test_a_colour_profile_on_a_grey_picture_bends_its_curve_alone():
    image = Image.fromarray(np.full((8, 8), 128, np.uint8))
    values, remarks = read(saved(image, "JPEG", icc_profile=rgb_profile(gamma=1.0)))
    assert np.abs(values - 188).max() <= 2
    assert values.ndim == 2
    assert remarks == {"profile"}


def test_a_cmyk_profile_is_used_for_cmyk():
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[:4] = (255, 0, 0, 0)
    content = saved(Image.fromarray(inks, "CMYK"), "TIFF", icc_profile=cmyk_profile())
    values, remarks = read(content)
    assert np.ptp(values[1, 1]) <= 4
    assert (values[6, 6] >= 250).all()
    assert remarks == {"cmyk", "profile"}


@pytest.mark.parametrize(
    "profile",
    [
        b"nonsense",
        swapped_profile()[:200],
        grey_profile(1.0),
        cmyk_profile(),
        bytes(9 * 2**20),
        swapped_profile().replace(b"mntr", b"link"),
    ],
    ids=["nonsense", "cut", "of grey", "of inks", "too large", "of a link"],
)
@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "JPEG", "PNG"])
def test_a_profile_that_cannot_be_used_is_told_and_the_pixels_are_kept(profile, kind):
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    plain = Image.fromarray(np.full((8, 8, 3), 90, np.uint8))
    values, remarks = read(saved(plain, kind, icc_profile=profile, **options))
    assert (values == 90).all()
    assert len(remarks & {"unusable_profile", "extras"}) == 1


def test_a_profile_that_unpacks_without_end_does_not_cost_the_picture():
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(300 * 2**20), 9))
    values, remarks = read(png(8, 0, np.full((8, 8), 90, np.uint8), bomb))
    assert (values == 90).all()
    assert remarks == {"extras"}


def test_a_comment_that_unpacks_without_end_does_not_cost_the_picture():
    bomb = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(300 * 2**20), 9))
    assert read(png(8, 0, np.full((8, 8), 90, np.uint8), bomb))[1] == {"extras"}


def test_a_png_that_is_damaged_itself_is_refused_with_its_comments_or_without():
    content = saved(half(RED), pnginfo=PngImagePlugin.PngInfo())
    broken = bytearray(content)
    broken[len(content) // 2] ^= 0xFF
    with pytest.raises(Exception, match="damaged"):
        read(bytes(broken))


@pytest.mark.parametrize(
    ("gamma", "level", "told"), [(45_455, 128, False), (45_000, 128, False), (100_000, 188, True)]
)
def test_gamma_is_used_where_it_is_not_that_of_srgb(gamma, level, told):
    content = png(8, 0, np.full((8, 8), 128, np.uint8), chunk(b"gAMA", struct.pack(">I", gamma)))
    values, remarks = read(content)
    assert (values == level).all()
    assert remarks == ({"gamma"} if told else set())


@pytest.mark.parametrize("gamma", [0, 1, 4_000_000_000])
def test_an_absurd_gamma_is_told_and_not_used(gamma):
    content = png(8, 0, np.full((8, 8), 128, np.uint8), chunk(b"gAMA", struct.pack(">I", gamma)))
    values, remarks = read(content)
    assert (values == 128).all()
    assert remarks == {"unusable_profile"}


def test_gamma_counts_for_nothing_beside_the_word_that_it_is_srgb():
    more = chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 100_000))
    values, remarks = read(png(8, 0, np.full((8, 8), 128, np.uint8), *more))
    assert (values == 128).all()
    assert not remarks


def test_other_primaries_are_told():
    rows = np.full((8, 8 * 3), 128, np.uint8).reshape(8, 8, 3)
    adobe = (31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000)
    assert read(png(8, 2, rows, chunk(b"cHRM", struct.pack(">8I", *adobe))))[1] == {"primaries"}
    srgb = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
    assert not read(png(8, 2, rows, chunk(b"cHRM", struct.pack(">8I", *srgb))))[1]


@pytest.mark.parametrize("details", [{0xA001: 2}, {0xA001: 0xFFFF, 0xA005: {1: "R03"}}])
def test_a_camera_that_says_adobe_rgb_without_a_profile_is_told(details):
    exif = Image.Exif()
    exif[0x8769] = details
    assert read(saved(half(RED), "JPEG", exif=exif))[1] == {"adobe_rgb"}


def test_lab_is_converted_to_srgb_and_told():
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(half((200, 90, 60)), srgb, lab, outputMode="LAB")
    values, remarks = read(saved(image, "TIFF"))
    assert np.abs(values[1, 1] - (200, 90, 60)).max() <= 3
    assert remarks == {"lab"}

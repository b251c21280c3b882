"""Every bad or odd picture, one test each, by the sentence that a user reads."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.storage import from_arrow
from tests.raw_data import image_folder, picture, save
from tests.sources.picture_folder import looked_at, said


def test_a_file_of_no_bytes_is_refused(root, refusal):
    (root / "cat" / "a.png").write_bytes(b"")
    assert "cat/a.png is empty (0 bytes)" in refusal()


def test_a_truncated_jpeg_is_refused(root, refusal):
    save(root / "cat" / "a.jpg", picture(900, side=64))
    content = (root / "cat" / "a.jpg").read_bytes()
    (root / "cat" / "a.jpg").write_bytes(content[: len(content) // 2])
    assert "cat/a.jpg is damaged or truncated" in refusal()


@pytest.mark.parametrize("cut", [10, 40, 100])
def test_a_truncated_png_is_refused_wherever_it_is_cut(root, refusal, cut):
    content = (root / "cat" / "0000.png").read_bytes()
    (root / "cat" / "0000.png").write_bytes(content[:cut])
    assert "cat/0000.png is" in refusal()


def test_a_web_page_named_jpg_is_refused(root, refusal):
    (root / "cat" / "a.jpg").write_text("<!DOCTYPE html><title>404</title>")
    assert "cat/a.jpg is a web page or XML, not a picture" in refusal()


def test_text_named_jpg_is_refused(root, refusal):
    (root / "cat" / "a.jpg").write_text("no picture here")
    assert "cat/a.jpg is text, not a picture" in refusal()


def test_a_png_named_jpg_is_read_by_content(root, notices):
    (root / "cat" / "0000.png").rename(root / "cat" / "0000.jpg")
    assert said(notices(), "warning", "1 picture named as another format than the content")


def test_several_frames_are_refused(root, refusal):
    frames = [Image.fromarray(picture(n)[:, :, 0]) for n in (1, 2, 3)]
    frames[0].save(root / "cat" / "a.tiff", save_all=True, append_images=frames[1:])
    assert "cat/a.tiff holds 3 frames" in refusal()


def test_cmyk_is_converted_and_told(root, notices):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 4), np.uint8)
    Image.fromarray(pixels, "CMYK").save(root / "cat" / "a.jpg")
    assert said(notices(), "converted", "1 picture in CMYK")


def test_transparency_is_laid_on_white_and_told(root, notices):
    pixels = np.zeros((12, 12, 4), np.uint8)
    pixels[:6] = (255, 0, 0, 255)
    Image.fromarray(pixels, "RGBA").save(root / "cat" / "a.png")
    assert said(notices(), "converted", "1 picture with transparent parts: laid on white")
    source, survey = looked_at(root)
    row = survey.rows.index[survey.rows["source_path"] == "cat/a.png"].to_numpy()
    samples = from_arrow(next(iter(source.read(row))), survey.schema)
    assert (samples.values[0, 0, 0] == (255, 0, 0)).all()
    assert (samples.values[0, 11, 11] == (255, 255, 255)).all()


def deep(root):
    pixels = np.arange(144, dtype=np.uint16).reshape(12, 12) * 400
    Image.fromarray(pixels).save(root / "cat" / "deep.png")


def test_sixteen_bit_grey_is_refused(root, refusal):
    deep(root)
    message = refusal()
    assert "cat/deep.png has 16 bits a pixel" in message
    assert "`source.sixteen_bit: scale`" in message


def test_sixteen_bit_grey_is_scaled_where_that_is_declared(root, notices):
    deep(root)
    assert said(notices(sixteen_bit="scale"), "converted", "1 picture of 16 bits a pixel: scaled")
    source, survey = looked_at(root, sixteen_bit="scale")
    row = survey.rows.index[survey.rows["source_path"] == "cat/deep.png"].to_numpy()
    values = from_arrow(next(iter(source.read(row))), survey.schema).values
    expected = np.rint(np.arange(144).reshape(12, 12) * 400 / 257)
    assert (values[0, :, :, 0] == expected).all()


def test_sixteen_bit_colour_is_refused_though_pillow_reads_it_as_eight(root, refusal):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", 12, 12, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(72)) for _ in range(12))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    content += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (root / "cat" / "deep.png").write_bytes(content)
    assert "cat/deep.png has 16 bits a pixel" in refusal()


def test_floating_point_pixels_are_refused(root, refusal):
    Image.fromarray(np.full((12, 12), np.nan, np.float32)).save(root / "cat" / "a.tiff")
    assert "cat/a.tiff has floating-point pixels" in refusal()


def test_mixed_sizes_are_told_with_the_policy(root, notices):
    save(root / "cat" / "a.png", picture(900, side=20))
    told = notices(resize={"height_px": 12, "width_px": 12, "policy": "cover"})
    assert said(told, "warning", "2 sizes, 12 to 20 px high")
    assert said(told, "warning", "`source.resize.policy: cover`")


def test_grey_among_colour_is_told_and_all_become_colour(root, notices):
    save(root / "cat" / "a.png", picture(900, colour=True))
    assert said(notices(), "warning", "50 pictures are grey and 1 in colour")
    assert looked_at(root)[1].schema.image_shape == (12, 12, 3)


def test_grey_saved_as_rgb_stays_grey(tmp_path):
    root = tmp_path / "raw"
    for number in range(20):
        pixels = np.repeat(picture(number), 3, axis=2)
        save(root / ("cat" if number % 2 else "dog") / f"{number}.png", pixels)
    assert looked_at(root)[1].schema.image_shape == (12, 12, 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (8, 400)])
def test_a_sliver_is_refused(root, refusal, shape):
    save(root / "cat" / "a.png", np.zeros((*shape, 1), np.uint8))
    assert f"cat/a.png is {shape[1]}×{shape[0]} px; each side must have" in refusal()


def test_a_declared_size_over_the_limit_is_refused_before_it_is_decoded(root, refusal):
    (root / "cat" / "bomb.png").write_bytes(header_of_a_png(20_000, 15_000))
    assert "cat/bomb.png declares 20000×15000 pixels, over the limit of 200,000,000" in refusal()


def header_of_a_png(width, height):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(header))
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc
    return start + struct.pack(">I", 9) + b"IDAT" + bytes(9)


def test_another_format_is_refused(root, refusal):
    Image.fromarray(picture(1)[:, :, 0]).save(root / "cat" / "a.gif")
    assert "cat/a.gif is a picture of another format; PNG, JPEG, BMP, TIFF or WebP" in refusal()


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tiff", "webp"])
def test_every_allowed_format_is_read(tmp_path, suffix):
    for number in range(20):
        name = "cat" if number % 2 else "dog"
        save(tmp_path / "raw" / name / f"{number}.{suffix}", picture(number))
    assert len(looked_at(tmp_path / "raw")[1].rows) == 20


def test_a_class_of_constant_pictures_is_told(root, notices):
    for number in range(6):
        save(root / "emu" / f"{number}.png", np.full((12, 12, 1), 20 * number, np.uint8))
    assert said(notices(), "warning", "All pictures of the class 'emu' are of one constant value")


def test_a_photograph_is_turned_upright_as_its_camera_says(tmp_path):
    root = tmp_path / "raw"
    upright = picture(5, side=16)
    image_folder(root)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(upright[:, :, 0]).transpose(Image.Transpose.ROTATE_90)
    turned.save(root / "cat" / "turned.png", exif=exif)
    source, survey = looked_at(root, resize={"height_px": 16, "width_px": 16})
    row = survey.rows.index[survey.rows["source_path"] == "cat/turned.png"].to_numpy()
    samples = from_arrow(next(iter(source.read(row))), survey.schema)
    assert (samples.values[0] == upright).all()
    assert any("1 picture turned upright" in notice.message for notice in survey.notices)


@pytest.mark.parametrize(
    ("policy", "corner", "middle"),
    [("contain", 0, 200), ("cover", 200, 200), ("stretch", 200, 200)],
)
def test_a_wide_picture_is_resized_by_the_declared_policy(tmp_path, policy, corner, middle):
    root = tmp_path / "raw"
    for number in range(12):
        pixels = np.full((10, 20, 1), 200, np.uint8)
        pixels[5, 10] = 10 * number
        save(root / ("cat" if number % 2 else "dog") / f"{number}.png", pixels)
    size = {"height_px": 16, "width_px": 16, "policy": policy}
    source, survey = looked_at(root, resize=size, minimum_per_class=1)
    values = from_arrow(next(iter(source.read(np.array([0])))), survey.schema).values
    assert values.shape == (1, 16, 16, 1)
    assert (values[0, 0, 0, 0], values[0, 8, 1, 0]) == (corner, middle)

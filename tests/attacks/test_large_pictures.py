"""One picture of many megapixels among good ones: shrunk while it is decoded, and told."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.sources import picture
from pipeline.sources.picture import decode
from tests.raw_data import image_folder
from tests.sources.picture_folder import looked_at, said


@pytest.fixture(autouse=True)
def small_limit(monkeypatch):
    """The limits are a thousandth of the real ones, so that the tests stay quick."""
    monkeypatch.setattr(picture, "KEPT_PIXELS", 25_000)
    monkeypatch.setattr(picture, "MAXIMUM_PIXELS", 200_000)
    monkeypatch.setattr(picture, "STRIP_PIXELS", 4_000)


def ramp(width, height, mode="RGB"):
    """Dark at the left, bright at the right, so that a shrunk copy is known."""
    across = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.repeat(across[None], height, axis=0)).convert(mode)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("size", [(400, 300), (1201, 91), (77, 903)])
def test_a_large_picture_becomes_a_small_one_of_the_same_content(kind, size):
    found = decode(saved(ramp(*size), kind))
    width, height = found.image.size
    assert width * height <= 25_000 * 1.05
    assert abs(width / height - size[0] / size[1]) < 0.05 * size[0] / size[1]
    assert found.size_px == size[::-1]
    assert "shrunk" in found.remarks
    expected = np.asarray(ramp(width, height))[:, :, 0].astype(int)
    assert np.abs(np.asarray(found.image).reshape(height, width, -1)[:, :, 0] - expected).max() <= 6


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_is_shrunk_after_its_colours_are_converted(mode):
    image = Image.new("RGB", (400, 300), (200, 40, 40))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    kind = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    large, small = (decode(saved(part, kind)).image for part in (image, image.crop((0, 0, 9, 9))))
    assert large.mode == small.mode
    assert (np.asarray(large) == np.asarray(small)[0, 0]).all()


def test_a_key_colour_does_not_bleed_into_its_neighbours():
    image = Image.new("RGB", (400, 300), (0, 200, 0))
    image.paste((9, 9, 9), (0, 0, 200, 300))
    found = np.asarray(decode(saved(image, "PNG", transparency=(9, 9, 9))).image)
    red, green, blue = found.reshape(-1, 3).astype(int).T
    # White, green, and mixtures of the two where they meet; never anything of the dark key.
    assert (red == blue).all()
    assert (green >= 200).all()
    assert (found[:, 0] == 255).all()


def test_the_turn_of_a_large_photograph_is_kept():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(saved(ramp(400, 300), "JPEG", exif=exif))
    assert found.image.width < found.image.height
    assert found.size_px == (400, 300)


def test_sixteen_bits_are_scaled_and_shrunk():
    deep = Image.fromarray(np.full((300, 400), 25_700, np.uint16))
    found = decode(saved(deep, "PNG"), scale_sixteen_bit=True)
    assert (np.asarray(found.image) == 100).all()
    assert found.remarks == {"sixteen_bit", "shrunk"}


def test_over_the_second_limit_it_is_refused():
    with pytest.raises(Exception, match="declares 600×400 pixels, over the limit of 200,000;"):
        decode(saved(ramp(600, 400), "PNG"))


def test_one_large_picture_among_good_ones_is_told(tmp_path):
    root = image_folder(tmp_path / "raw")
    ramp(400, 300).save(root / "cat" / "large.jpg")
    notices = looked_at(root, resize={"height_px": 12, "width_px": 12})[1].notices
    told = [(notice.kind, notice.message) for notice in notices]
    assert said(told, "converted", "1 picture of more than 25 megapixels: shrunk while decoding")
    assert said(told, "warning", "12 to 300 px high and 12 to 400 px wide")


def test_memory_that_runs_out_is_no_damage(monkeypatch):
    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(picture, "_in_strips", no_memory)
    with pytest.raises(Exception, match="takes more memory to decode than there is"):
        decode(saved(ramp(400, 300), "PNG"))

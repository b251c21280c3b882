"""Pictures on the page: small ones kept whole, large ones shrunk, and never too many bytes."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.reporting import pictures
from pipeline.reporting.page import render_report
from pipeline.reporting.previews.gallery import ClassGallery, Gallery, Single
from pipeline.reporting.previews.image import ShownImages
from tests.reporting.example_material import digits, example_material


def opened(picture):
    return Image.open(io.BytesIO(base64.b64decode(picture.uri.partition(",")[2])))


def noise(n, size, channels=3):
    rng = np.random.default_rng(size)
    return tuple(rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8))


def test_a_small_picture_is_kept_pixel_for_pixel():
    (digit, *_) = digits(3)
    shown = pictures.single(digit, alt="")
    assert (np.asarray(opened(shown)) == digit[:, :, 0]).all()
    assert shown.is_pixelated


def test_a_sheet_holds_every_picture_in_order():
    shown = opened(pictures.sheet(digits(3)[:8], alt=""))
    values = np.asarray(shown)
    assert (values[:8, 9:17, 0] == digits(3)[1][:, :, 0]).all()
    assert (values[9:17, :8, 0] == digits(3)[6][:, :, 0]).all()


def test_the_gaps_of_a_sheet_are_empty():
    values = np.asarray(opened(pictures.sheet(digits(3)[:7], alt="")))
    assert (values[:, 8, 1] == 0).all()
    assert (values[9:, 9:, 1] == 0).all()


def test_a_large_picture_is_shrunk_and_keeps_its_shape():
    wide = np.zeros((100, 400, 3), np.uint8)
    assert opened(pictures.single(wide, alt="")).size == (pictures.TILE_PX, pictures.TILE_PX // 4)


# The largest that are kept without loss, and one that is shrunk.
@pytest.mark.parametrize("size", [32, 224])
def test_ten_classes_of_pictures_like_noise_stay_under_three_megabytes(size):
    """Noise is the worst that a picture can do to its own compression."""
    singles = tuple(
        Single(id="x", picture=picture, neighbour=picture, ratio=0.5, score=0.4, reason="r")
        for picture in noise(4, size)
    )
    gallery = Gallery(
        tuple(
            ClassGallery(str(k), noise(24, size), noise(24, size), singles, singles, singles)
            for k in range(10)
        )
    )
    page = render_report(example_material(shown=ShownImages(gallery)))
    assert len(page.encode()) < 3_000_000

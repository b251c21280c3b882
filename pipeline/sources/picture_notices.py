"""What a reader should know of a set of pictures that can be used."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.params import ResizeParams
from pipeline.samples import Schema
from pipeline.sources.class_names import look_alikes
from pipeline.sources.near_duplicates import NearDuplicates, notices_of_near
from pipeline.sources.picture import KEPT_PIXELS
from pipeline.sources.survey import Notice, converted, warning
from pipeline.sources.words import counted

CONVERSIONS = {
    "cmyk": "{n} in CMYK: converted to RGB.",
    "lab": "{n} in CIELAB: converted to sRGB.",
    "profile": "{n} with an embedded colour profile other than sRGB: converted to sRGB by it.",
    "gamma": "{n} whose gAMA chunk is not that of sRGB: converted to sRGB by it.",
    "turned": "{n} turned upright, as the EXIF orientation asks.",
    "transparent": "{n} with transparent parts: laid on white.",
    "sixteen_bit": "{n} of 16 bits a pixel: scaled to 8 (divided by 257).",
    "first_of_several": "{n} of a camera's multi-picture format: the first picture was taken.",
    "shrunk": "{n} of more than {limit} megapixels: shrunk while decoding.",
}
WARNINGS = {
    "misnamed": "{n} named as another format than the content: read by content.",
    "unusable_profile": "{n} with a colour profile that cannot be used (broken, too large, or of "
    "another kind of colours): read as sRGB.",
    "extras": "{n} with a broken profile or comment beside the pixels: read without it, as sRGB.",
    "primaries": "{n} whose cHRM chunk gives primaries other than those of sRGB: its colours are "
    "read as sRGB.",
    "adobe_rgb": "{n} whose EXIF says Adobe RGB without the profile: read as sRGB; export such "
    "pictures as sRGB to keep their colours.",
}
POLICIES = {
    "contain": "shown whole and padded with black",
    "cover": "cut to their middle",
    "stretch": "stretched, their proportions given up",
}


def picture_notices(
    *,
    sizes: Counter[tuple[int, int]],
    remarks: Counter[str],
    is_grey: np.ndarray,
    is_constant: np.ndarray,
    names: np.ndarray,
    dropped: int,
    rows: pd.DataFrame,
    schema: Schema,
    near: NearDuplicates,
    resize: ResizeParams,
) -> list[Notice]:
    """All notices of one survey of pictures, in a fixed order."""
    return [
        *_about_decoding(remarks),
        *_about_sizes(sizes, schema, resize),
        *_about_colours(is_grey),
        *_about_duplicates(dropped),
        *notices_of_near(near, rows, schema),
        *_about_classes(schema, names, is_constant),
    ]


def _about_decoding(remarks: Counter[str]) -> Iterator[Notice]:
    for notice, texts in ((converted, CONVERSIONS), (warning, WARNINGS)):
        for key, text in texts.items():
            if remarks[key]:
                limit = KEPT_PIXELS // 1_000_000
                yield notice(text.format(n=counted(remarks[key], "picture"), limit=limit))


def _about_colours(is_grey: np.ndarray) -> Iterator[Notice]:
    grey, all_pictures = int(is_grey.sum()), len(is_grey)
    if 0 < grey < all_pictures:
        yield warning(
            f"{grey} pictures are grey and {all_pictures - grey} in colour; all are kept in colour."
        )


def _about_duplicates(dropped: int) -> Iterator[Notice]:
    if dropped:
        yield warning(
            f"{counted(dropped, 'exact duplicate')} inside a class; one of each was kept."
        )


def _about_classes(schema: Schema, names: np.ndarray, is_constant: np.ndarray) -> Iterator[Notice]:
    for name in schema.classes:
        own = is_constant[names == name]
        if len(own) and own.all():
            yield warning(
                f"All pictures of the class {name!r} are of one constant value; nothing can be "
                "learnt from it."
            )
    for first, second in look_alikes(schema.classes):
        yield warning(f"The class names {first!r} and {second!r} differ only in case or accents.")


def _about_sizes(
    sizes: Counter[tuple[int, int]], schema: Schema, resize: ResizeParams
) -> list[Notice]:
    assert schema.image_shape is not None
    height, width, _ = schema.image_shape
    if set(sizes) == {(height, width)}:
        return []
    heights, widths = [size[0] for size in sizes], [size[1] for size in sizes]
    found = (
        f"{len(sizes)} sizes, {min(heights)} to {max(heights)} px high and {min(widths)} to "
        f"{max(widths)} px wide"
        if len(sizes) > 1
        else f"{heights[0]}×{widths[0]} px"
    )
    notice = warning if len(sizes) > 1 else converted
    return [
        notice(
            f"The pictures are of {found}; all become {height}×{width} px (height × width), "
            f"{POLICIES[resize.policy]} (`source.resize.policy: {resize.policy}`)."
        )
    ]

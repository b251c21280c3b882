"""What a reader should know of a set of pictures that can be used."""

from collections import Counter

import numpy as np
import pandas as pd

from pipeline.params import ResizeParams
from pipeline.samples import Schema
from pipeline.sources.class_names import look_alikes
from pipeline.sources.survey import Notice
from pipeline.sources.words import counted

CONVERSIONS = {
    "cmyk": "{n} in CMYK: converted to RGB.",
    "turned": "{n} turned upright, as the EXIF orientation asks.",
    "transparent": "{n} with transparent parts: laid on white.",
    "sixteen_bit": "{n} of 16 bits a pixel: scaled to 8 (divided by 257).",
    "first_of_several": "{n} of a camera's multi-picture format: the first picture was taken.",
}
WARNINGS = {
    "misnamed": "{n} named as another format than the content: read by content.",
}
POLICIES = {
    "contain": "shown whole and padded with black",
    "cover": "cut to their middle",
    "stretch": "stretched, their proportions given up",
}


def warning(message: str) -> Notice:
    """A notice of something odd that was kept."""
    return Notice(kind="warning", message=message)


def converted(message: str) -> Notice:
    """A notice of something that was changed."""
    return Notice(kind="converted", message=message)


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
    pairs: np.ndarray,
    resize: ResizeParams,
) -> list[Notice]:
    """All notices of one survey of pictures, in a fixed order."""
    notices = [
        converted(text.format(n=counted(remarks[key], "picture")))
        for key, text in CONVERSIONS.items()
        if remarks[key]
    ]
    notices += [
        warning(text.format(n=counted(remarks[key], "picture")))
        for key, text in WARNINGS.items()
        if remarks[key]
    ]
    notices += _about_sizes(sizes, schema, resize)
    if is_grey.any() and not is_grey.all():
        notices.append(
            warning(
                f"{int(is_grey.sum())} pictures are grey and {int((~is_grey).sum())} in colour; "
                "all "
                "are kept in colour."
            )
        )
    if dropped:
        notices.append(
            warning(f"{counted(dropped, 'exact duplicate')} inside a class; one of each was kept.")
        )
    notices += _about_twins(rows, schema, pairs)
    notices += [
        warning(
            f"All pictures of the class {name!r} are of one constant value; nothing can be learnt "
            "from it."
        )
        for name in schema.classes
        if is_constant[names == name].all()
    ]
    notices += [
        warning(f"The class names {first!r} and {second!r} differ only in case or accents.")
        for first, second in look_alikes(schema.classes)
    ]
    return notices


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


def _about_twins(rows: pd.DataFrame, schema: Schema, pairs: np.ndarray) -> list[Notice]:
    if len(pairs) == 0:
        return []
    labels, paths = rows["label"].to_numpy(), rows["source_path"].to_numpy()
    notices = [
        warning(
            f"{len(np.unique(pairs))} pictures have a near duplicate "
            f"(for instance {paths[pairs[0, 0]]} and {paths[pairs[0, 1]]}); such pictures are "
            "never parted by a split that is made here."
        )
    ]
    crossing = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
    if len(crossing):
        one, other = crossing[0]
        notices.append(
            warning(
                f"{counted(len(crossing), 'pair')} of near duplicates in two classes, such as "
                f"{paths[one]} ({schema.classes[labels[one]]!r}) and {paths[other]} "
                f"({schema.classes[labels[other]]!r}); one label of each pair is probably wrong."
            )
        )
    splits = rows["split"].to_numpy()
    if rows["split"].notna().any():
        apart = pairs[splits[pairs[:, 0]] != splits[pairs[:, 1]]]
        if len(apart):
            one, other = apart[0]
            notices.append(
                warning(
                    f"{counted(len(apart), 'pair')} of near duplicates in different splits, for "
                    f"instance {paths[one]} and {paths[other]}; scores may be too good."
                )
            )
    return notices

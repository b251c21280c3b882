"""Pictures of every class: real beside synthetic, and the remarkable ones with the reason."""

from pipeline import numbers
from pipeline.reporting import pictures
from pipeline.reporting.blocks import ClassPictures, Pictures, Section, Shot, Strip, Text
from pipeline.reporting.previews.gallery import ClassGallery, Gallery, Single
from pipeline.samples import Schema

# Up to this size two classes fit beside each other.
TINY_PX = 16
LEAST_CERTAIN = "Shipped, with the least certain class"
CLOSEST = "Closest to a real sample: left synthetic, right its nearest real one"
RATIO = (
    "The ratio of the nearest to the second-nearest distance: near 0 it is a copy, near 1 it is as "
    "close to others."
)


def picture_section(gallery: Gallery, schema: Schema) -> tuple[Section, ...]:
    """Real beside synthetic of every class; none of an empty gallery."""
    if not gallery:
        return ()
    intro = (
        "Real and synthetic samples are a random choice, not the best ones. Below them stand those "
        "that a sceptic asks for: the synthetic samples closest to a real one, the ones whose "
        "class is least certain, and some that curation rejected for good."
    )
    classes = tuple(map(_class, gallery.classes))
    shape = schema.image_shape
    is_tiny = shape is not None and max(shape[:2]) <= TINY_PX
    return (Section("pictures", "Pictures", (Text(intro), Pictures(classes, is_tiny))),)


def _class(one: ClassGallery) -> ClassPictures:
    name = numbers.visible(one.name)
    strips = (
        Strip(CLOSEST, tuple(_pair(single, name) for single in one.closest), RATIO),
        Strip(LEAST_CERTAIN, tuple(_worst(x, name) for x in one.worst)),
        Strip("Rejected", tuple(_rejected(single, name) for single in one.rejected)),
    )
    real, synthetic = (
        pictures.sheet(shown, alt=f"{len(shown)} {kind} samples of class {name}") if shown else None
        for kind, shown in (("real", one.real), ("synthetic", one.synthetic))
    )
    return ClassPictures(name, real, synthetic, tuple(strip for strip in strips if strip.shots))


def _pair(one: Single, name: str) -> Shot:
    shown = [_picture(one, name)]
    if one.neighbour is not None:
        shown.append(pictures.single(one.neighbour, alt="Its nearest real sample"))
    return Shot(tuple(shown), "–" if one.ratio is None else f"ratio {one.ratio:.2f}")


def _worst(one: Single, name: str) -> Shot:
    space = numbers.NARROW_SPACE
    certain = "–" if one.score is None else f"{100 * one.score:.0f}{space}% certain"
    # Rejected, and shipped all the same to make up the exact number.
    filler = f", fills up: {numbers.visible(one.reason)}" if one.reason else ""
    return Shot((_picture(one, name),), f"{certain}{filler}")


def _rejected(one: Single, name: str) -> Shot:
    return Shot((_picture(one, name),), numbers.visible(one.reason) or "rejected")


def _picture(one: Single, name: str) -> pictures.Picture:
    return pictures.single(one.picture, alt=f"Synthetic sample of class {name}")

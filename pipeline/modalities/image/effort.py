"""What a run on images costs."""

import math

from pipeline.modalities.effort import Effort, Smaller
from pipeline.modalities.image.design import natural_kind
from pipeline.params import ClassifierName
from pipeline.samples import Schema

SMALLER_SIDES_PX = (32, 16)
# With more pixels than this one fit of gradient boosting takes minutes; the others take seconds.
MOST_BOOSTED_COLUMNS = 512
# Measured on pictures of 28 to 64 px: lossless PNG and its provenance, against raw pixels.
STORED_SHARE = 0.8


def effort_of(schema: Schema, consumers: tuple[ClassifierName, ...]) -> Effort:
    """Convolutions take as long as there are pixels; fits of classifiers hardly depend on rows."""
    assert schema.image_shape is not None
    height, width, channels = schema.image_shape
    is_large = math.prod(schema.image_shape) > MOST_BOOSTED_COLUMNS
    quick = tuple(name for name in consumers if name != "boosting")
    return Effort(
        words=f"pictures of {height}×{width} px, {'grey' if channels == 1 else 'colour'}",
        timed_with=f"pictures of {height}×{width} px",
        stored_share=STORED_SHARE,
        work=float(height * width),
        kind={"channels": channels},
        is_brief=natural_kind(schema.image_shape) != "convolutional",
        smaller=tuple(
            _smaller(schema, side) for side in SMALLER_SIDES_PX if side < max(height, width)
        ),
        consumers=quick if is_large else (),
    )


def _smaller(schema: Schema, side: int) -> Smaller:
    assert schema.image_shape is not None
    shape = (side, side, schema.image_shape[2])
    return Smaller(
        setting=f"source.resize: {{height_px: {side}, width_px: {side}}}",
        words=f"pictures of {side} px",
        side_px=side,
        schema=schema.model_copy(update={"image_shape": shape}),
    )

"""The previews, by the modality that a schema names."""

from collections.abc import Mapping

from pipeline.reporting.previews.contract import Preview
from pipeline.reporting.previews.image import ImagePreview
from pipeline.reporting.previews.table import TablePreview
from pipeline.samples import Schema

PREVIEWS: Mapping[str, Preview] = {"image": ImagePreview(), "table": TablePreview()}


def preview_of(schema: Schema) -> Preview:
    """How samples of that schema are shown."""
    return PREVIEWS[schema.modality]

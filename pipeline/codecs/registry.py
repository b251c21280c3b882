"""The codecs, by the modality that a schema names."""

from collections.abc import Mapping

from pipeline.codecs.contract import Codec
from pipeline.codecs.image import ImageCodec
from pipeline.codecs.table import TableCodec
from pipeline.samples import Schema

CODECS: Mapping[str, Codec] = {"image": ImageCodec(), "table": TableCodec()}


def codec_of(schema: Schema) -> Codec:
    """How values of that schema are stored."""
    return CODECS[schema.modality]

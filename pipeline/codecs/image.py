"""Images as a struct `image: {bytes, path}` of lossless PNG, as the Hugging Face library has it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from pipeline.codecs.png import decode_png, encode_png
from pipeline.samples import Samples, Schema

SHARD_ROWS, FEWEST_SHARD_ROWS = 10_000, 100
SHARD_DECODED_BYTES = 256 * 2**20


class ImageCodec:
    """See `pipeline.codecs.contract.Codec`."""

    prefix = ""
    features: Mapping[str, dict[str, object]] = {"image": {"_type": "Image"}}

    def label_column(self, schema: Schema) -> str:
        """Always the same."""
        return "label"

    def value_columns(self, schema: Schema) -> tuple[str, ...]:
        """One."""
        return ("image",)

    def encode(self, samples: Samples) -> dict[str, pa.Array]:
        """Each image by itself."""
        encoded = [encode_png(image) for image in samples.values]
        return png_column(encoded, samples.provenance["id"].tolist())

    def decode(self, table: pa.Table, schema: Schema) -> np.ndarray:
        """uint8 [n, height, width, channels]."""
        content = table.column("image").combine_chunks().field("bytes")
        assert schema.image_shape is not None
        pixels = np.empty((table.num_rows, *schema.image_shape), np.uint8)
        for row, cell in enumerate(content):
            pixels[row] = decode_png(cell.as_py())
        return pixels

    def shard_rows(self, schema: Schema) -> int:
        """At most 256 MB of pixels."""
        assert schema.image_shape is not None
        rows = SHARD_DECODED_BYTES // math.prod(schema.image_shape)
        return max(FEWEST_SHARD_ROWS, min(SHARD_ROWS, rows))


def png_column(encoded: Sequence[bytes], names: Sequence[str]) -> dict[str, pa.Array]:
    """The column of pictures that are PNG already, each under a name."""
    content = pa.array(encoded, pa.binary())
    paths = pa.array([f"{name}.png" for name in names], pa.string())
    return {"image": pa.StructArray.from_arrays([content, paths], names=["bytes", "path"])}

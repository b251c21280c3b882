"""Images in a released set."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.dataset.wanted import Format
from pipeline.errors import VersionError
from pipeline.samples import Samples, Schema

if TYPE_CHECKING:
    from pipeline.dataset.torch_rows import AugmentedDataset

MOST_PIXELS = 4096


@dataclass(frozen=True)
class Pixels:
    """See `pipeline.dataset.forms.contract.Numbers`."""

    shape: tuple[int, ...]
    dtype: type[np.generic] = np.uint8
    columns: None = None

    def of(self, samples: Samples) -> np.ndarray:
        """uint8 [n, height, width, channels]."""
        return np.asarray(samples.values)


class ImageForm:
    """See `pipeline.dataset.forms.contract.Form`."""

    noun, task = "image set", "image-classification"
    formats: tuple[Format, ...] = ("parquet", "images", "csv", "numpy")
    network = "cnn"
    applied = "the augmentation and the class sampling of the CNN's recipe"

    def refusal(self, form: Format) -> str:
        """There is none."""
        raise AssertionError(form)

    def told(self, schema: Schema) -> Mapping[str, str]:
        """The one column of images."""
        assert schema.image_shape is not None
        height, width, channels = schema.image_shape
        plural = "s" if channels > 1 else ""
        size = f"{height}×{width} pixels, {channels} channel{plural}"
        return {"image": f"PNG bytes and a name; {size}"}

    def csv_names(self, schema: Schema) -> list[str]:
        """Pixels, rows of the image one after the other, channels last."""
        assert schema.image_shape is not None
        height, width, _ = schema.image_shape
        n = math.prod(schema.image_shape)
        if n > MOST_PIXELS:
            raise VersionError(
                f"Images of {height}×{width} pixels make no useful CSV (over {MOST_PIXELS} "
                "columns); pull them as parquet, images or numpy."
            )
        return [f"pixel_{position}" for position in range(n)]

    def csv_cells(self, samples: Samples) -> Iterator[list[Any]]:
        """Integers from 0 to 255."""
        return (image.ravel().tolist() for image in samples.values)

    def numbers(self, schema: Schema, parts: Iterable[Samples]) -> Pixels:
        """As they are."""
        assert schema.image_shape is not None
        return Pixels(schema.image_shape)

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Images stay encoded, as PNG bytes in `image`."""
        frame: pd.DataFrame = table.to_pandas()
        frame["image"] = [cell["bytes"] for cell in frame["image"]]
        return frame

    def torch(self) -> "type[AugmentedDataset]":
        """See the class."""
        from pipeline.dataset.torch_images import ImageDataset

        return ImageDataset

    def digests(self, table: pa.Table, schema: Schema) -> np.ndarray:
        """Of the PNG's bytes."""
        cells = table.column("image").to_pylist()
        return np.array([hashlib.sha256(cell["bytes"]).hexdigest() for cell in cells], object)

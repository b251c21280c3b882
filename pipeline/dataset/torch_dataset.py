"""A pulled image version as a torch Dataset; images decode when they are asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from torch.utils.data import Dataset, WeightedRandomSampler

from pipeline.errors import VersionError
from pipeline.storage import decode_png, read_schema


class AugmentedDataset(Dataset):
    """Pairs of (image, label), with the recommended weight of each row beside them.

    An item is a float32 tensor [channels, height, width] in [0, 1], or what `transform` makes of
    the uint8 array [height, width, channels], and an int label.

    Attributes:
        classes: Class names in label order.
        labels: int64 tensor [n].
        weights: float64 tensor [n] in [0, 1], the recommended mix; 0 where the trial found no help.
        is_synthetic: bool tensor [n].
    """

    def __init__(self, directory: Path, *, transform: Callable[[np.ndarray], Any] | None = None):
        schema = read_schema(directory)
        if schema.modality != "image":
            raise VersionError(f"{directory} is a table; read it with `load_frame`.")
        table = pq.read_table(
            directory / "train", columns=["image", "label", "weight", "is_synthetic"]
        )
        # Still PNG: decoded sets are several times larger.
        self._content = pc.struct_field(table.column("image"), "bytes")
        self._transform = transform
        self.classes = schema.classes
        self.labels = torch.tensor(table.column("label").to_numpy())
        self.weights = torch.tensor(table.column("weight").to_numpy(), dtype=torch.float64)
        self.is_synthetic = torch.tensor(
            table.column("is_synthetic").to_numpy(zero_copy_only=False)
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = decode_png(self._content[int(index)].as_py())
        if self._transform is not None:
            return self._transform(image), int(self.labels[index])
        pixels = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32) / 255.0)
        return pixels, int(self.labels[index])

    def sampler(self, *, generator: torch.Generator | None = None) -> WeightedRandomSampler:
        """A sampler that draws each row with its recommended weight, rows of weight 0 never."""
        return WeightedRandomSampler(
            self.weights.tolist(), num_samples=len(self), replacement=True, generator=generator
        )

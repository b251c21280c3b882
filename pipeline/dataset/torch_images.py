"""A pulled image version as a torch Dataset; images decode when they are asked for."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch.utils.data import get_worker_info

from pipeline.codecs.png import decode_png
from pipeline.dataset.torch_rows import AugmentedDataset
from pipeline.modalities.image.augmentation import augment, to_bytes, to_float
from pipeline.randomness import derive_seed


class ImageDataset(AugmentedDataset):
    """Pairs of (image, label).

    An item is a float32 tensor [channels, height, width] in [0, 1], or what `transform` makes of
    the uint8 array [height, width, channels], and an int label.

    With `recipe` each image is augmented anew whenever it is asked for. In a DataLoader with
    workers the augmentation hangs on the loader's `generator` as well, so that no two workers or
    epochs see the same copies.
    """

    applied: ClassVar[Mapping[str, float]] = {"augmentation": 10.0, "sampling": 1.0}

    def _hold(self, table: pa.Table) -> None:
        # Still PNG: decoded sets are several times larger.
        self._content = pc.struct_field(table.column("image"), "bytes")
        self._streams: dict[int | None, torch.Generator] = {}

    def __getitem__(self, index: int) -> tuple[Any, int]:
        # A copy: decoded pictures are read-only, which torch does not know.
        image = decode_png(self._content[int(index)].as_py()).copy()
        label, strength = int(self.labels[index]), self._setting("augmentation")
        if strength > 0:
            pixels = augment(to_float(image[None]), strength, self._stream())
            image = to_bytes(pixels)[0]
        if self._transform is not None:
            return self._transform(image), label
        return to_float(image[None])[0], label

    def _stream(self) -> torch.Generator:
        """The stream of this process; a worker of a DataLoader has one of its own in each epoch."""
        worker = get_worker_info()
        address = None if worker is None else worker.seed
        if address not in self._streams:
            seed = derive_seed(self._seed, "augmentation", *(() if worker is None else (address,)))
            self._streams = {address: torch.Generator().manual_seed(seed)}
        return self._streams[address]

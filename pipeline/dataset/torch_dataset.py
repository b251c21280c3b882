"""A pulled image version as a torch Dataset; images decode when they are asked for."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch.utils.data import Dataset, WeightedRandomSampler, get_worker_info

from pipeline.dataset.recipe_file import NETWORK, ClassifierRecipe, read_recipe
from pipeline.dataset.selection import selected_table
from pipeline.dataset.wanted import Rows, Selection
from pipeline.errors import VersionError
from pipeline.modalities.image.augmentation import augment, to_bytes, to_float
from pipeline.randomness import derive_seed
from pipeline.storage import decode_png, read_schema

log = logging.getLogger(__name__)

# What a dataset and its sampler apply of a recipe, and the largest value that makes sense; the rest
# belongs into the training loop.
APPLIED = {"augmentation": 10.0, "sampling": 1.0}
COLUMNS = ("image", "label", "weight", "is_synthetic")


class AugmentedDataset(Dataset):
    """Pairs of (image, label), with the weight of each row beside them.

    An item is a float32 tensor [channels, height, width] in [0, 1], or what `transform` makes of
    the uint8 array [height, width, channels], and an int label.

    With `recipe` each image is augmented anew whenever it is asked for, `sampler` draws classes as
    the recipe has it, and the added rows are left out of `train` where the recipe scored better
    without them. In a DataLoader with workers the augmentation hangs on the loader's `generator`
    as well, so that no two workers or epochs see the same copies.

    Attributes:
        classes: Class names in label order.
        labels: int64 tensor [n].
        weights: float64 tensor [n]; 1 for rows of `train` and 0 for others. In versions of earlier
            releases in [0, 1], as these recommend.
        is_synthetic: bool tensor [n].
        recipe: The recipe that is applied; None without. Its loss weights, logit adjustment, mixup
            and SMOTE are not applied: they belong into the training loop.
    """

    recipe: ClassifierRecipe | None

    def __init__(
        self,
        directory: Path,
        *,
        rows: Rows = "train",
        transform: Callable[[np.ndarray], Any] | None = None,
        recipe: bool = False,
        seed: int = 0,
    ):
        schema = read_schema(directory)
        if schema.modality != "image":
            raise VersionError(f"{directory} is a table; read it with `load_frame`.")
        self.recipe = read_recipe(directory, NETWORK) if recipe else None
        table = selected_table(directory, Selection(rows), COLUMNS)
        if self.recipe is not None:
            table = _advised(table, self.recipe, rows)
        # Still PNG: decoded sets are several times larger.
        self._content = pc.struct_field(table.column("image"), "bytes")
        self._transform, self._seed = transform, seed
        self._streams: dict[int | None, torch.Generator] = {}
        self.classes = schema.classes
        self.labels = torch.tensor(table.column("label").to_numpy())
        self.weights = torch.tensor(table.column("weight").to_numpy(), dtype=torch.float64)
        self.is_synthetic = torch.tensor(
            table.column("is_synthetic").to_numpy(zero_copy_only=False)
        )

    def __len__(self) -> int:
        return len(self.labels)

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

    def sampler(self, *, generator: torch.Generator | None = None) -> WeightedRandomSampler:
        """A sampler that draws as many rows as there are, with replacement.

        It draws each row by its weight, rows of weight 0 never. With a recipe that samples classes
        it draws class k with a probability proportional to n_k^(1 - sampling), where n_k is the
        number of its rows, and within a class all rows equally often.

        Raises:
            VersionError: every row weighs 0.
        """
        weights = self.weights
        if self.recipe is not None:
            counts = torch.bincount(self.labels, minlength=len(self.classes)).double()
            weights = counts[self.labels] ** -self._setting("sampling")
        if not weights.sum() > 0:
            raise VersionError(
                "Every one of these rows weighs 0, since none is in `train`: there is nothing to "
                "sample by weight. Use a DataLoader with `shuffle=True`."
            )
        return WeightedRandomSampler(
            weights.tolist(), num_samples=len(self), replacement=True, generator=generator
        )

    def _setting(self, name: str) -> float:
        return float(self.recipe.settings.get(name, 0.0)) if self.recipe is not None else 0.0

    def _stream(self) -> torch.Generator:
        """The stream of this process; a worker of a DataLoader has one of its own in each epoch."""
        worker = get_worker_info()
        address = None if worker is None else worker.seed
        if address not in self._streams:
            seed = derive_seed(self._seed, "augmentation", *(() if worker is None else (address,)))
            self._streams = {address: torch.Generator().manual_seed(seed)}
        return self._streams[address]


def _advised(table: pa.Table, recipe: ClassifierRecipe, rows: Rows) -> pa.Table:
    """The rows that a recipe is for; what it asks for beyond them is told.

    Raises:
        VersionError: a setting is out of range.
    """
    for name, most in APPLIED.items():
        if not 0 <= recipe.settings.get(name, 0.0) <= most:
            raise VersionError(
                f"The recipe of this version has {name} {recipe.settings[name]:g}, where 0 to "
                f"{most:g} are possible. Load the version without `recipe=True`."
            )
    left = {name: value for name, value in recipe.settings.items() if name not in APPLIED and value}
    if left:
        told = ", ".join(f"{name} {float(value):g}" for name, value in left.items())
        log.warning("The recipe also has %s: yours to apply in the training loop.", told)
    if recipe.rows == "real" and rows == "train":
        log.warning("The recipe scored better on the real rows alone: the added rows are left out.")
        return table.filter(pc.invert(table.column("is_synthetic")))
    return table

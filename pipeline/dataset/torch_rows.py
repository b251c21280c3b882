"""A pulled version as a torch Dataset: what is the same whatever the rows are."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch.utils.data import Dataset, WeightedRandomSampler

from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.recipe_file import ClassifierRecipe, read_recipe
from pipeline.dataset.selection import label_column, prefix_of, selected_table
from pipeline.dataset.wanted import Rows, Selection
from pipeline.errors import VersionError
from pipeline.storage import read_schema

log = logging.getLogger(__name__)


class AugmentedDataset(Dataset):
    """Pairs of (values, label), with the weight of each row beside them.

    With `recipe`, `sampler` draws classes as the recipe of the network has it, and the added rows
    are left out of `train` where the recipe scored better without them.

    Attributes:
        applied: What a dataset and its sampler apply of a recipe, and the largest value that makes
            sense; the rest belongs into the training loop.
        classes: Class names in label order.
        labels: int64 tensor [n].
        weights: float64 tensor [n]; 1 for rows of `train` and 0 for others. In versions of earlier
            releases in [0, 1], as these recommend.
        is_synthetic: bool tensor [n].
        recipe: The recipe that is applied; None without. Its loss weights, logit adjustment, mixup
            and SMOTE are not applied: they belong into the training loop.
    """

    applied: ClassVar[Mapping[str, float]] = {"sampling": 1.0}
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
        network = form_of(schema).network
        self.recipe = read_recipe(directory, network) if recipe else None
        table = selected_table(directory, Selection(rows))
        prefix = prefix_of(schema)
        if self.recipe is not None:
            table = self._advised(table, self.recipe, rows, f"{prefix}is_synthetic")
        self._schema, self._transform, self._seed = schema, transform, seed
        self.classes = schema.classes
        self.labels = torch.tensor(table.column(label_column(schema)).to_numpy())
        weights = table.column(f"{prefix}weight").to_numpy()
        self.weights = torch.tensor(weights, dtype=torch.float64)
        synthetic = table.column(f"{prefix}is_synthetic").to_numpy(zero_copy_only=False)
        self.is_synthetic = torch.tensor(synthetic)
        self._hold(table)

    def _hold(self, table: pa.Table) -> None:
        """Keep what items are made of."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.labels)

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

    def _advised(
        self, table: pa.Table, recipe: ClassifierRecipe, rows: Rows, is_synthetic: str
    ) -> pa.Table:
        """The rows that a recipe is for; what it asks for beyond them is told.

        Raises:
            VersionError: a setting is out of range.
        """
        for name, most in self.applied.items():
            if not 0 <= recipe.settings.get(name, 0.0) <= most:
                raise VersionError(
                    f"The recipe of this version has {name} {recipe.settings[name]:g}, where 0 to "
                    f"{most:g} are possible. Load the version without `recipe=True`."
                )
        left = {
            name: value
            for name, value in recipe.settings.items()
            if name not in self.applied and value
        }
        if left:
            told = ", ".join(f"{name} {float(value):g}" for name, value in left.items())
            log.warning("The recipe also has %s: yours to apply in the training loop.", told)
        if recipe.rows == "real" and rows == "train":
            log.warning(
                "The recipe scored better on the real rows alone: the added rows are left out."
            )
            return table.filter(pc.invert(table.column(is_synthetic)))
        return table

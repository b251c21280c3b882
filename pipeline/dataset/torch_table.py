"""A pulled table as a torch Dataset of numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import torch

from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.torch_rows import AugmentedDataset
from pipeline.samples import Samples
from pipeline.storage import from_arrow


class TableDataset(AugmentedDataset):
    """Pairs of (row, label).

    An item is a float32 tensor [columns], or what `transform` makes of the float64 array [columns],
    and an int label. Moments are seconds since 1970, categories their positions, gaps NaN; the
    network's own preprocessing follows.

    Attributes:
        columns: Name of each column; for one of words the categories whose positions it holds.
    """

    columns: list[dict[str, Any]]

    def _hold(self, table: pa.Table) -> None:
        samples: Samples = from_arrow(table, self._schema)
        numbers = form_of(self._schema).numbers(self._schema, [samples])
        self._values: np.ndarray = numbers.of(samples)
        self.columns = numbers.columns or []

    def __getitem__(self, index: int) -> tuple[Any, int]:
        row, label = self._values[int(index)], int(self.labels[index])
        if self._transform is not None:
            return self._transform(row.copy()), label
        return torch.tensor(row, dtype=torch.float32), label

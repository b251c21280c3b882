"""What a training of a generator is given, and how it tells how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class LabelledTensors:
    """Training material: resident rows and their class indices, int64 [n]."""

    stored: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


Progress = Callable[[dict[str, Any]], None]

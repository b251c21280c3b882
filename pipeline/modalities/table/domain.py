"""Tables: what the GAN needs to know of them."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from pipeline.modalities.domain import Neighbourhood
from pipeline.modalities.table.design import TableDesign


class TableDomain:
    """Rows as tensors."""

    n_classes: int
    latent_dim: int
    augment_dim: int

    def __init__(self, design: TableDesign):
        raise NotImplementedError

    def store(self, values: Any) -> Tensor:
        raise NotImplementedError

    def load(self, stored: Tensor) -> Tensor:
        raise NotImplementedError

    def restore(self, batch: Tensor) -> Any:
        raise NotImplementedError

    def build(self) -> tuple[nn.Module, nn.Module]:
        raise NotImplementedError

    def augment(self, batch: Tensor, uniform: Tensor, *, strength: float | Tensor) -> Tensor:
        raise NotImplementedError

    def neighbourhood(
        self,
        stored: Tensor,
        labels: Tensor,
        *,
        rarity: Tensor,
        strength: float,
        towards: float,
        lending: float,
    ) -> Neighbourhood | None:
        raise NotImplementedError

    def features(self, batch: Tensor) -> np.ndarray:
        raise NotImplementedError

    def finish(self, generator: nn.Module, stored: Tensor, labels: Tensor, *, seed: int) -> None:
        raise NotImplementedError

"""Tables: what the GAN needs to know of them."""

from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from pipeline.errors import ArtifactError
from pipeline.modalities.domain import Neighbourhood
from pipeline.modalities.table.calibrate import calibrate
from pipeline.modalities.table.copula import fit_copula
from pipeline.modalities.table.design import TableDesign
from pipeline.modalities.table.encoding import SCORE_STEPS
from pipeline.modalities.table.networks import TableDiscriminator, TableGenerator
from pipeline.modalities.table.start import one_hot_blocks, to_frame

# Standard deviation of the noise on scores that both networks see at strength 1.
NOISE = 0.1
# Two different states are about as far apart as two scores.
STATE_SCALE = 1.0


class TableDomain:
    """Rows as tensors: resident as int16 codes, in the networks as scores and one-hot states."""

    def __init__(self, design: TableDesign):
        self.design = design
        self.layout = design.layout
        self.n_classes = design.n_classes
        layout = self.layout
        axes = len(layout.level_blocks) + len(layout.gap_blocks)
        self.latent_dim = layout.n_numbers + axes + design.noise_dim
        self.augment_dim = layout.n_numbers
        own = [layout.starts[block] if block >= 0 else -1 for block in layout.block_of_number]
        self._own_state = torch.tensor(own, dtype=torch.int64)

    def store(self, values: pd.DataFrame) -> Tensor:
        """Rows → int16 [n, numbers + blocks]; see `TableEncoding`."""
        return torch.from_numpy(self.layout.encoding.encode(values))

    def load(self, stored: Tensor) -> Tensor:
        """Codes → float32 [n, width]: scores, then the states of each block, one-hot."""
        numbers = self.layout.n_numbers
        scores = stored[:, :numbers].float() / SCORE_STEPS
        return torch.cat([scores, one_hot_blocks(stored[:, numbers:].long(), self.layout)], dim=1)

    def restore(self, batch: Tensor) -> pd.DataFrame:
        """Float [n, width] → rows; every cell is valid by construction.

        Raises:
            ArtifactError: a number is not finite, so the weights are damaged.
        """
        if not bool(torch.isfinite(batch).all()):
            raise ArtifactError(
                "The generator made numbers that are not finite, so its weights are damaged. "
                "Train it again."
            )
        return to_frame(batch.float().cpu(), self.layout)

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A fresh generator and discriminator, from torch's current random state."""
        return TableGenerator(self.design), TableDiscriminator(self.design)

    def start(self, generator: nn.Module, stored: Tensor, labels: Tensor) -> None:
        """Fit the copula that the generator starts from."""
        copula = fit_copula(self.layout, stored.numpy(), labels.numpy(), self.n_classes)
        cast(TableGenerator, generator).start.set(copula)

    def augment(self, batch: Tensor, uniform: Tensor, *, strength: float | Tensor) -> Tensor:
        """Normal noise on the scores of numbers that are themselves, no mass and no gap."""
        numbers = self.layout.n_numbers
        if not numbers or (isinstance(strength, float) and strength == 0):
            return batch
        scores, states = batch[:, :numbers], batch[:, numbers:]
        noise = torch.special.ndtri(uniform.clamp(1e-6, 1 - 1e-6))
        if isinstance(strength, Tensor):
            strength = strength[:, None]
        padded = torch.cat([states, states.new_ones(len(states), 1)], dim=1)
        itself = padded[:, self._own_state.to(batch.device)]
        return torch.cat([scores + NOISE * strength * noise * itself.detach(), states], dim=1)

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
        """None: the copula's rows are what rare classes are enriched by."""
        return None

    def features(self, batch: Tensor) -> np.ndarray:
        """float64 [n, width]: scores, and states at the distance of a standard deviation or so."""
        numbers = self.layout.n_numbers
        found = batch.double().cpu().numpy().copy()
        found[:, numbers:] *= STATE_SCALE
        return np.asarray(found)

    def finish(self, generator: nn.Module, stored: Tensor, labels: Tensor, *, seed: int) -> None:
        """Set the marginals of each class right; see `calibrate`."""
        calibrate(
            cast(TableGenerator, generator), self.layout, stored.numpy(), labels.numpy(), seed=seed
        )

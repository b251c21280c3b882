"""The copula as a part of a network: latent numbers to rows of the networks' form."""

from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from pipeline.modalities.table.copula import GRID, NEVER, Copula
from pipeline.modalities.table.layout import Layout
from pipeline.modalities.table.number_code import NumberCode


class CopulaStart(nn.Module):
    """(latent [n, d], labels [n]) → scores [n, numbers] and states, one-hot [n, states].

    The copula stands in buffers: it is fitted, not trained, and a checkpoint carries it.
    """

    factors: Tensor
    quantiles: Tensor
    thresholds: Tensor

    def __init__(self, layout: Layout, n_classes: int):
        super().__init__()
        self.layout = layout
        axes = len(layout.level_blocks) + len(layout.gap_blocks)
        self.latent_dim = layout.n_numbers + axes
        d, most = self.latent_dim, int(layout.sizes.max(initial=2))
        self.register_buffer("factors", torch.zeros(n_classes, d, d))
        self.register_buffer("quantiles", torch.zeros(n_classes, layout.n_numbers, GRID))
        self.register_buffer("thresholds", torch.zeros(n_classes, axes, most - 1))
        self.masses = MassIntervals(layout)
        self.rules = RuledStates(layout)
        self.register_buffer("level_blocks", torch.from_numpy(layout.level_blocks), False)
        gapped = [k for k, code in enumerate(layout.encoding.numbers) if code.has_missing]
        self.register_buffer("gapped", torch.tensor(gapped, dtype=torch.int64), False)

    def set(self, copula: Copula) -> None:
        """Take over a fitted copula."""
        for name in ("factors", "quantiles", "thresholds"):
            getattr(self, name).copy_(torch.from_numpy(getattr(copula, name)))

    def forward(self, latent: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.einsum("nij,nj->ni", self.factors[labels], latent)
        numbers = self.layout.n_numbers
        scores = interpolate(self.quantiles, labels, torch.special.ndtr(z[:, :numbers]))
        passed = z[:, numbers:, None] > self.thresholds[labels]
        axis_states = passed.sum(dim=2)
        n_levels = len(self.layout.level_blocks)
        states = torch.zeros(len(z), len(self.layout.sizes), dtype=torch.int64, device=z.device)
        states[:, cast(Tensor, self.level_blocks)] = axis_states[:, :n_levels]
        gaps = torch.zeros(scores.shape, dtype=torch.bool, device=z.device)
        gaps[:, cast(Tensor, self.gapped)] = axis_states[:, n_levels:] > 0
        hot: Tensor = self.rules(self.masses.one_hot(states, scores, gaps))
        return scores, hot


class RuledStates(nn.Module):
    """One-hot states [n, states] → the same with those that other columns tell."""

    force: Tensor
    replaced: Tensor
    by: Tensor

    def __init__(self, layout: Layout):
        super().__init__()
        force, replaced, by = map(torch.from_numpy, layout.state_rules)
        self.register_buffer("force", force, False)
        self.register_buffer("replaced", replaced, False)
        self.register_buffer("by", by, False)

    def forward(self, states: Tensor) -> Tensor:
        if not len(self.by):
            return states
        forced = states @ self.force
        return states * (1 - forced @ self.replaced) + forced @ self.by


class MassIntervals(nn.Module):
    """Which state a number's score means: of itself, of a mass, or that of a gap."""

    low: Tensor
    high: Tensor

    def __init__(self, layout: Layout):
        super().__init__()
        stated = [k for k, b in enumerate(layout.block_of_number) if b >= 0]
        codes = [layout.encoding.numbers[k] for k in stated]
        most = max((len(code.masses) for code in codes), default=0)
        bounds = np.full((2, len(codes), most), NEVER)
        for number, code in enumerate(codes):
            bounds[:, number, : len(code.masses)] = _mass_scores(code).T
        last = [code.n_states - 1 for code in codes]
        # Not in checkpoints: the design holds them already.
        self.register_buffer("low", torch.from_numpy(bounds[0]).float(), False)
        self.register_buffer("high", torch.from_numpy(bounds[1]).float(), False)
        self.register_buffer("last", torch.tensor(last, dtype=torch.int64), False)
        self.register_buffer("stated", torch.tensor(stated, dtype=torch.int64), False)
        blocks = torch.from_numpy(layout.block_of_number[stated])
        self.register_buffer("blocks", blocks, False)
        self.register_buffer("starts", torch.from_numpy(layout.starts), False)
        self.n_states = layout.n_states

    def one_hot(self, states: Tensor, scores: Tensor, gaps: Tensor) -> Tensor:
        """States of all blocks, one-hot float32 [n, states], those of numbers by their scores."""
        stated = cast(Tensor, self.stated)
        if len(stated):
            own = scores[:, stated, None]
            inside = (own >= self.low) & (own < self.high)
            masses = inside * torch.arange(1, inside.shape[2] + 1, device=own.device)
            found = masses.sum(dim=2)
            found = torch.where(gaps[:, stated], cast(Tensor, self.last), found)
            states[:, cast(Tensor, self.blocks)] = found
        hot = torch.zeros(len(states), self.n_states, device=scores.device)
        return hot.scatter_(1, states + cast(Tensor, self.starts), 1.0)


def interpolate(knots: Tensor, labels: Tensor, ranks: Tensor) -> Tensor:
    """Each class's quantile functions at ranks.

    Args:
        knots: [classes, numbers, grid], values at ranks (0.5, 1.5, …) / grid.
        labels: int64 [n].
        ranks: [n, numbers] in [0, 1].

    Returns:
        [n, numbers]; beyond the outermost knots their values.
    """
    grid = knots.shape[2]
    place = (ranks * grid - 0.5).clamp(0, grid - 1)
    below = place.long().clamp(max=grid - 2)
    numbers = torch.arange(knots.shape[1], device=knots.device)
    first = knots[labels[:, None], numbers, below]
    second = knots[labels[:, None], numbers, below + 1]
    return torch.lerp(first, second, place - below)


def one_hot_blocks(states: Tensor, layout: Layout) -> Tensor:
    """States int64 [n, blocks] as one-hot float32 [n, states]."""
    hot = torch.zeros(len(states), layout.n_states)
    return hot.scatter_(1, states + torch.from_numpy(layout.starts), 1.0)


@torch.no_grad()
def draw_rows(
    layout: Layout, copula: Copula, latent: np.ndarray, labels: np.ndarray
) -> pd.DataFrame:
    """Rows of the copula for latent numbers, float64 [n, latent]."""
    start = CopulaStart(layout, len(copula.factors))
    start.set(copula)
    scores, hot = start(torch.from_numpy(latent).float(), torch.from_numpy(labels))
    return to_frame(torch.cat([scores, hot], dim=1), layout)


def to_frame(batch: Tensor, layout: Layout) -> pd.DataFrame:
    """Rows of the networks' form [n, width] as a table."""
    numbers = layout.n_numbers
    scores = batch[:, :numbers].double().numpy()
    padded = torch.from_numpy(layout.padded)
    states = batch[:, numbers:]
    filler = states.new_full((len(states), 1), -torch.inf)
    found = torch.cat([states, filler], dim=1)[:, padded].argmax(dim=2)
    return layout.encoding.decode(scores, found.numpy())


def _mass_scores(code: NumberCode) -> np.ndarray:
    from scipy.special import ndtri

    return np.asarray(ndtri(code.mass_ranks()))

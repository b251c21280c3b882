"""The two networks of a table: a generator that refines the copula's rows, and a discriminator."""

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.modalities.minibatch import class_deviation
from pipeline.modalities.table.calibration import Calibration
from pipeline.modalities.table.design import TableDesign
from pipeline.modalities.table.layout import Layout
from pipeline.modalities.table.start import CopulaStart, RuledStates

SLOPE = 0.2
BLOCKS = 2
# Of the softmax through which gradients reach the states.
TEMPERATURE = 0.7
# By how much the copula's state is ahead of the others before anything is learned.
HEAD_START = 4.0
# A logit that no other one is below.
NEVER_CHOSEN = -1e9
# No latent number reaches further, and neither does a refined score.
LARGEST = 6.0


class TableGenerator(nn.Module):
    """(latent [n, latent_dim], labels [n]) → rows [n, width]: scores, then states, one-hot.

    The latent numbers are the copula's and some more. The copula's row is changed by a residual
    that starts at zero: scores are moved, and states are chosen by logits in which the copula's
    state has a head start.
    """

    def __init__(self, design: TableDesign):
        super().__init__()
        layout = design.layout
        self.numbers = layout.n_numbers
        self.start = CopulaStart(layout, design.n_classes)
        self.latent_dim = self.start.latent_dim + design.noise_dim
        self.embedding = nn.Embedding(design.n_classes, design.embedding_dim)
        self.first = nn.Linear(layout.width + design.noise_dim + design.embedding_dim, design.width)
        self.blocks = nn.ModuleList(ResidualBlock(design.width) for _ in range(BLOCKS))
        self.last = nn.Linear(design.width, layout.width)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.choice = Choice(layout)
        self.calibration = Calibration(layout, design.n_classes)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        # In bf16 a score would have three digits, of which ranks need more.
        with torch.autocast(latent.device.type, enabled=False):
            scores, logits = self.uncalibrated(latent, labels)
            scores, logits = self.calibration(scores, logits, labels)
            rows: Tensor = self.choice(scores, logits)
        return rows

    def uncalibrated(self, latent: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Scores [n, numbers] and logits [n, states] as they were learned."""
        d = self.start.latent_dim
        # Without a gradient: nothing before the residual is learned.
        scores, states = self.start(latent[:, :d].clamp(-LARGEST, LARGEST), labels)
        told = torch.cat([scores, states, latent[:, d:], self.embedding(labels)], dim=1)
        hidden = self.first(told)
        for block in self.blocks:
            hidden = block(hidden)
        moved = self.last(F.leaky_relu(hidden, SLOPE))
        scores = (scores + moved[:, : self.numbers]).clamp(-LARGEST, LARGEST)
        return scores, HEAD_START * states + moved[:, self.numbers :]


class ResidualBlock(nn.Module):
    """x + W₂ a(W₁ norm(x))."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        inner = F.leaky_relu(self.inner(self.norm(hidden)), SLOPE)
        changed: Tensor = hidden + self.outer(inner)
        return changed


class Choice(nn.Module):
    """Scores and logits to rows: one state of each block, and the score that it leaves.

    Forward the states are one-hot; backward the gradient is that of one softmax over all blocks,
    padded to the largest. Source: straight-through estimator of Jang et al. 2017,
    arXiv:1611.01144, section 2.2; the noise is the latent numbers'.
    """

    never: Tensor

    def __init__(self, layout: Layout):
        super().__init__()
        self.n_states = layout.n_states
        self.rules = RuledStates(layout)
        never = torch.from_numpy(layout.ruled).float() * NEVER_CHOSEN
        self.register_buffer("never", never, False)
        padded = torch.from_numpy(layout.padded)
        self.register_buffer("padded", padded, False)
        self.register_buffer("flat", torch.nonzero(padded.flatten() >= 0)[:, 0], False)
        self.register_buffer("filler", torch.full((1,), NEVER_CHOSEN), False)
        centres, own = _centres(layout)
        self.register_buffer("centres", centres, False)
        self.register_buffer("own", own, False)
        self.register_buffer("free", (own.sum(dim=0) == 0).float(), False)

    def forward(self, scores: Tensor, logits: Tensor) -> Tensor:
        states = self.states(logits)
        # The score counts where the number is itself; a mass has that of its middle, a gap 0.
        itself = states @ cast(Tensor, self.own) + cast(Tensor, self.free)
        return torch.cat([scores * itself + states @ cast(Tensor, self.centres), states], dim=1)

    def states(self, logits: Tensor) -> Tensor:
        """One-hot states [n, states], with the softmax's gradient."""
        if not self.n_states:
            return logits
        filler = cast(Tensor, self.filler).expand(len(logits), 1)
        # A state that another column tells is not chosen.
        logits = logits + self.never
        padded = torch.cat([logits, filler], dim=1)[:, cast(Tensor, self.padded)]
        soft = F.softmax(padded / TEMPERATURE, dim=2)
        hard = torch.zeros_like(soft).scatter_(2, padded.argmax(dim=2, keepdim=True), 1.0)
        chosen = hard + (soft - soft.detach()) if torch.is_grad_enabled() else hard
        states: Tensor = self.rules(chosen.flatten(1)[:, cast(Tensor, self.flat)])
        return states


def _centres(layout: Layout) -> tuple[Tensor, Tensor]:
    """What states mean for scores, float32 [states, numbers]: that of a mass; 1 where it counts."""
    centres = torch.zeros(layout.n_states, layout.n_numbers)
    own = torch.zeros(layout.n_states, layout.n_numbers)
    for number, code in enumerate(layout.encoding.numbers):
        block = int(layout.block_of_number[number])
        if block < 0:
            continue
        start = int(layout.starts[block])
        own[start, number] = 1.0
        for index, middle in enumerate(code.middles()):
            centres[start + 1 + index, number] = float(middle)
    return centres, own


class TableDiscriminator(nn.Module):
    """(rows, labels, parts) → logits [n], by projection onto the class embedding.

    Source: Miyato and Koyama 2018, arXiv:1802.05637, equation 3.
    """

    def __init__(self, design: TableDesign):
        super().__init__()
        self.n_classes, self.deviation = design.n_classes, design.deviation
        width = design.width
        self.first = nn.Linear(design.layout.width, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width + design.deviation, width)
        self.score = nn.Linear(width, 1)
        self.embedding = nn.Embedding(design.n_classes, width)

    def forward(self, rows: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        hidden = F.leaky_relu(self.first(rows), SLOPE)
        hidden = F.leaky_relu(self.second(hidden), SLOPE)
        if self.deviation:
            spread = class_deviation(hidden, labels, n_classes=self.n_classes, parts=parts)
            hidden = torch.cat([hidden, spread[:, None]], dim=1)
        hidden = F.leaky_relu(self.third(hidden), SLOPE)
        projected = (hidden * self.embedding(labels)).sum(dim=1) / math.sqrt(hidden.shape[1])
        logits: Tensor = self.score(hidden)[:, 0] + projected
        return logits

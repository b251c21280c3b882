"""Marginals of each class set right after training: shares of states, quantiles of scores."""

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.modalities.table.copula import GRID, PRIOR_OF_SHARES
from pipeline.modalities.table.layout import Layout

# Rows that are drawn of each class to learn what its marginals are.
DRAWN_ROWS = 4096
# Steps of shifting logits, and how far one goes.
SHIFT_STEPS, SHIFT_RATE = 40, 0.7
LARGEST_SHIFT = 8.0
LEAST_SHARE = 1e-4


class Calibration(nn.Module):
    """Shifts a class's logits, and maps its scores through its ranks to its quantiles.

    It changes nothing until it is fitted. Beyond the outermost ranks a score keeps its distance.

    The buffers: `shifts` [classes, states]; `generated` and `wanted` [classes, numbers, GRID],
    scores at even ranks; `is_fitted`.
    """

    shifts: Tensor
    generated: Tensor
    wanted: Tensor
    is_fitted: Tensor

    def __init__(self, layout: Layout, n_classes: int):
        super().__init__()
        self.layout = layout
        shape = n_classes, layout.n_numbers, GRID
        self.register_buffer("shifts", torch.zeros(n_classes, layout.n_states))
        self.register_buffer("generated", torch.zeros(shape))
        self.register_buffer("wanted", torch.zeros(shape))
        self.register_buffer("is_fitted", torch.zeros((), dtype=torch.bool))

    def forward(self, scores: Tensor, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        if not bool(self.is_fitted):
            return scores, logits
        return self._mapped(scores, labels), logits + self.shifts[labels]

    def _mapped(self, scores: Tensor, labels: Tensor) -> Tensor:
        if not scores.shape[1]:
            return scores
        parts = torch.empty_like(scores)
        for label in torch.unique(labels):
            rows = labels == label
            own = scores[rows].T.contiguous()
            known, wanted = self.generated[label], self.wanted[label]
            above = torch.searchsorted(known, own).clamp(1, GRID - 1)
            low, high = known.gather(1, above - 1), known.gather(1, above)
            share = ((own - low) / (high - low).clamp_min(1e-9)).clamp(0, 1)
            between = torch.lerp(wanted.gather(1, above - 1), wanted.gather(1, above), share)
            # Outside of what was seen, as far beyond the end as before.
            outside = (own - own.clamp(known[:, :1], known[:, -1:])).clamp(-1, 1)
            parts[rows] = (between + outside).T
        return parts

    def set(self, shifts: np.ndarray, generated: np.ndarray, wanted: np.ndarray) -> None:
        """Take over what was fitted."""
        self.shifts.copy_(torch.from_numpy(shifts))
        self.generated.copy_(torch.from_numpy(generated))
        self.wanted.copy_(torch.from_numpy(wanted))
        self.is_fitted.fill_(True)


def fit_shifts(logits: np.ndarray, wanted: np.ndarray, layout: Layout) -> np.ndarray:
    """What to add to the logits of one class so that its states occur as often as wanted.

    Args:
        logits: float64 [n, states] of drawn rows.
        wanted: Shares of states within their blocks, float64 [states].

    Returns:
        float64 [states].
    """
    shifts = np.zeros(logits.shape[1])
    for start, size in zip(layout.starts, layout.sizes, strict=True):
        block = slice(start, start + size)
        shifts[block] = _block_shifts(logits[:, block], wanted[block])
    return shifts


def _block_shifts(logits: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """By steps against the log-ratio of shares, ever smaller; the best on the way is taken."""
    shift = np.zeros(logits.shape[1])
    best, best_error = shift.copy(), np.inf
    for step in range(SHIFT_STEPS):
        chosen = (logits + shift).argmax(axis=1)
        shares = np.bincount(chosen, minlength=len(shift)) / len(logits)
        error = np.abs(shares - wanted).sum()
        if error < best_error:
            best, best_error = shift.copy(), error
        ratio = np.log(np.maximum(wanted, LEAST_SHARE) / np.maximum(shares, LEAST_SHARE))
        shift = (shift + SHIFT_RATE * ratio / (1 + 0.1 * step)).clip(-LARGEST_SHIFT, LARGEST_SHIFT)
    return best


def wanted_shares(
    states: np.ndarray, labels: np.ndarray, n_classes: int, layout: Layout
) -> np.ndarray:
    """Shares of states in each class, a few rows' worth drawn from all, float64 [classes, states].

    Args:
        states: int64 [n, blocks].
        labels: int64 [n].
    """
    hot = np.zeros((n_classes, layout.n_states))
    flat = states + layout.starts
    for k in range(n_classes):
        hot[k] = np.bincount(flat[labels == k].ravel(), minlength=layout.n_states)
    n = np.bincount(labels, minlength=n_classes)[:, None]
    shares: np.ndarray = (hot + PRIOR_OF_SHARES * hot.sum(axis=0) / len(labels)) / (
        n + PRIOR_OF_SHARES
    )
    # A state that another column tells is not chosen.
    shares[:, layout.ruled] = 0.0
    block = np.repeat(np.arange(len(layout.sizes)), layout.sizes)
    sums = np.stack([np.bincount(block, own, len(layout.sizes)) for own in shares])
    return np.asarray(shares / np.maximum(sums, 1e-12)[:, block])


def rising(quantiles: np.ndarray) -> np.ndarray:
    """The same knots, each a little above the one before it."""
    rise = np.arange(quantiles.shape[-1]) * 1e-6
    return np.asarray(np.maximum.accumulate(quantiles, axis=-1) + rise)

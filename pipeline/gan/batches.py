"""Which rows and classes a training batch holds, drawn from a stream of its own a step."""

import torch
from torch import Tensor

from pipeline.randomness import derive_seed


def torch_stream(root_seed: int, *address: str | int) -> torch.Generator:
    """A torch generator on the CPU at `address`; see `pipeline.randomness`."""
    return torch.Generator().manual_seed(derive_seed(root_seed, *address))


class BatchDrawer:
    """Draws the rows of a batch, with replacement inside a class.

    Class-balanced batches hold every class equally often, up to a remainder that is given to random
    classes.
    """

    def __init__(
        self,
        labels: Tensor,
        *,
        n_classes: int,
        batch_samples: int,
        balanced: bool,
    ):
        counts = torch.bincount(labels, minlength=n_classes)
        self._rows = torch.argsort(labels, stable=True)
        self._starts = torch.cumsum(counts, 0) - counts
        self._counts = counts
        self._batch_samples = batch_samples
        self.shares = class_shares(counts, balanced=balanced)

    def draw(self, stream: torch.Generator) -> tuple[Tensor, Tensor]:
        """Row indices and their labels, int64 [batch_samples] each, sorted by label."""
        labels = self._draw_labels(stream)
        return self.partners(labels, stream), labels

    def partners(self, labels: Tensor, stream: torch.Generator) -> Tensor:
        """For each label a random row of that class, int64 [n]."""
        within = torch.rand(len(labels), generator=stream, dtype=torch.float64)
        offsets = (within * self._counts[labels]).long()
        return self._rows[self._starts[labels] + offsets]

    def _draw_labels(self, stream: torch.Generator) -> Tensor:
        expected = self.shares * self._batch_samples
        whole = torch.floor(expected + 1e-9).long()
        missing = self._batch_samples - int(whole.sum())
        if missing:
            # Efraimidis–Spirakis: `missing` classes without replacement, weighted by what is owed.
            owed = (expected - whole).clamp_min(1e-12)
            keys = torch.rand(len(owed), generator=stream, dtype=torch.float64).log() / owed
            whole[keys.topk(missing).indices] += 1
        return torch.repeat_interleave(torch.arange(len(whole)), whole)


def class_shares(counts: Tensor, *, balanced: bool) -> Tensor:
    """The share of a batch that each class gets, float64 [n_classes], summing to 1.

    Natural shares, or equal ones for all classes that have a sample.
    """
    weights = (counts > 0).double() if balanced else counts.double()
    return weights / weights.sum()

"""What is recorded while a generator trains."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

HistoryRow = dict[str, Any]
# What is drawn over the steps.
CURVES = ("generator_loss", "discriminator_loss", "accuracy_real", "accuracy_fake")


def is_not_finite(value: Any) -> bool:
    """Whether a value of a row is a number that is infinite or none."""
    return isinstance(value, float) and not math.isfinite(value)


def curves_csv(history: Sequence[HistoryRow]) -> str:
    """Step and curves of every row as CSV: what plots can read.

    The history itself is no table, since only some of its rows hold what a watch saw, and DVC draws
    nothing of a list whose rows differ in their keys. A cell is empty where a method has no such
    curve.
    """
    text = io.StringIO()
    table = csv.DictWriter(
        text, ["step", *CURVES], restval="", extrasaction="ignore", lineterminator="\n"
    )
    table.writeheader()
    table.writerows(history)
    return text.getvalue()


class Meter:
    """Means of scalars over the steps since the last reading, without leaving the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, **values: Tensor) -> None:
        """Add one step's scalars."""
        for name, value in values.items():
            # A copy, since a running scalar moves on in place.
            value = value.detach().clone()
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def read(self, over_processes: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """The means, rounded to six digits, and start afresh.

        Args:
            over_processes: Takes the mean of a tensor over all processes of the training.
        """
        names = sorted(self._sums)
        if not names:
            return {}
        sums = over_processes(torch.stack([self._sums[name].float() for name in names])).tolist()
        means = {
            name: float(f"{total / self._counts[name]:.6g}")
            for name, total in zip(names, sums, strict=True)
        }
        self._sums, self._counts = {}, {}
        return means

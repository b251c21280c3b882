"""Paired scores of held-out rows in every replicate, and what the variance of their gain is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GainVariance:
    """The variance of a mean gain, as a function of the number of replicates.

    With R replicates it is `per_replicate` / R + `common`: the luck of splits, generators and fits
    averages out, what all replicates share does not. All in squared units of the gain.

    Attributes:
        replicates: How many replicates it was estimated from, at least 2.
        per_replicate: Estimated from the spread of gains between replicates, >= 0.
        common: What further replicates of the same samples leave, >= 0.
        common_variance: Of the estimate `common` itself, >= 0; None where `common` is a multiple of
            `per_replicate`, as in the corrected resampled t-test.
    """

    replicates: int
    per_replicate: float
    common: float
    common_variance: float | None = None

    def of_mean(self, replicates: int) -> float:
        """Variance of the mean over so many replicates of the same samples, >= 0."""
        return self.per_replicate / replicates + self.common

    def freedom(self, replicates: int) -> float:
        """Degrees of freedom of `of_mean`.

        Source: Satterthwaite 1946, doi:10.2307/3002019.
        """
        total = self.of_mean(replicates)
        if self.common_variance is None or total == 0:
            return replicates - 1
        spread = (self.per_replicate / replicates) ** 2 / (replicates - 1)
        return max(total**2 / (spread + self.common_variance / 2), 1.0)


@dataclass(frozen=True)
class PairedRows:
    """How much better each held-out row was answered with the arm than with its reference.

    Attributes:
        labels: True class of every development row, int64 [n].
        differences: float64 [replicates, n]: the mean over classifiers of what the row adds to the
            score of the arm less what it adds to that of the reference, as
            `pipeline.trial.row_values` has it; for balanced accuracy [arm right] − [reference
            right], in [-1, 1], or in points, in [-100, 100]; nan where a row was not held out.
        known_gains: Of each replicate, float64 [replicates], where they are no mean of the
            differences; None where they are, each class weighted equally.
    """

    labels: np.ndarray
    differences: np.ndarray
    known_gains: np.ndarray | None = None

    @classmethod
    def from_parts(
        cls,
        labels: np.ndarray,
        held_out: Sequence[np.ndarray],
        differences: Sequence[np.ndarray],
        *,
        gains: np.ndarray | None = None,
    ) -> "PairedRows":
        """From positions, int64, and differences, float, of each replicate's held-out rows."""
        table = np.full((len(held_out), len(labels)), np.nan)
        for row, (positions, values) in enumerate(zip(held_out, differences, strict=True)):
            table[row, positions] = values
        return cls(labels, table, gains)

    @property
    def gains(self) -> np.ndarray:
        """The gain of each replicate, float64 [replicates]."""
        return self._gains_and_centred()[0]

    def variance(self) -> GainVariance:
        """Two-way random effects: rows, which replicates share, and the replicates' own luck.

        A row that is hard for one arm is so whenever it is held out; the products of its centred
        differences in two replicates estimate that part without bias, and it is what more
        replicates cannot remove. All else shows in the spread of gains between replicates, which is
        taken for no smaller than what rows alone would give it. Each class counts the same. What
        replicates share because their training rows overlap is in neither part: paired gains, with
        generators and sets made anew, share little of it (docs/decisions, docs/log.md).

        Source: the moments of Gallas, Pennello & Myers 2007, doi:10.1364/JOSAA.24.000B70, with rows
        as cases and fits as readers, as in Chen, Gallas & Yousef 2012,
        doi:10.1016/j.patcog.2011.12.024; it equals two-way clustering, Cameron, Gelbach & Miller
        2011, doi:10.1198/jbes.2010.07136, with components below zero set to zero.
        """
        gains, centred = self._gains_and_centred()
        replicates = len(gains)
        assert replicates >= 2
        squares = np.square(centred).sum(axis=0)
        pairs = (np.square(centred.sum(axis=0)) - squares) / (replicates * (replicates - 1))
        common = max(float(pairs.sum()), 0.0)
        within = float(squares.sum()) / replicates
        return GainVariance(
            replicates=replicates,
            per_replicate=max(float(gains.var(ddof=1)), within - common),
            common=common,
            common_variance=float(np.square(pairs).sum()),
        )

    def _gains_and_centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Gains, and what each row adds to them about its class's mean, float64 [replicates, n]."""
        is_held = ~np.isnan(self.differences)
        values = np.where(is_held, self.differences, 0.0)
        gains, centred = np.zeros(len(values)), np.zeros_like(values)
        classes = np.unique(self.labels)
        for label in classes:
            own = self.labels == label
            held = is_held[:, own]
            counts = held.sum(axis=1)
            assert counts.all()
            gains += values[:, own].sum(axis=1) / counts / len(classes)
            distinct = max(int(held.any(axis=0).sum()), 2)
            about_mean = np.where(held, values[:, own] - values[:, own].sum() / held.sum(), 0.0)
            scale = np.sqrt(distinct / (distinct - 1)) / (counts * len(classes))
            centred[:, own] = about_mean * scale[:, None]
        return (gains if self.known_gains is None else self.known_gains), centred

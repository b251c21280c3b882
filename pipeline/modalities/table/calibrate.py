"""Fitting the calibration of a trained generator on the rows that it was trained on."""

import numpy as np
import torch

from pipeline.modalities.table import calibration
from pipeline.modalities.table.copula import GRID, class_quantiles
from pipeline.modalities.table.encoding import SCORE_STEPS
from pipeline.modalities.table.layout import Layout
from pipeline.modalities.table.networks import TableGenerator
from pipeline.randomness import derive_seed


@torch.no_grad()
def calibrate(
    generator: TableGenerator, layout: Layout, codes: np.ndarray, labels: np.ndarray, *, seed: int
) -> None:
    """Draw from each class, and set its shares of states and its quantiles of scores right.

    Args:
        generator: In evaluation mode, on the CPU; changed in place.
        codes: The training rows, int16 [n, numbers + blocks].
        labels: int64 [n].
        seed: Of the draws.
    """
    n_classes = generator.embedding.num_embeddings
    states = codes[:, layout.n_numbers :].astype(np.int64)
    shares = calibration.wanted_shares(states, labels, n_classes, layout)
    scores = np.where(_itself(states, layout), codes[:, : layout.n_numbers] / SCORE_STEPS, np.nan)
    wanted = calibration.rising(class_quantiles(scores, labels, n_classes))
    shifts = np.zeros(shares.shape)
    generated = np.zeros(wanted.shape)
    even = (np.arange(GRID) + 0.5) / GRID
    for label in range(n_classes):
        made, logits = _drawn(generator, label, seed)
        shifts[label] = calibration.fit_shifts(logits, shares[label], layout)
        chosen = _states_of(logits + shifts[label], layout)
        made = np.where(_itself(chosen, layout), made, np.nan)
        generated[label] = _known_quantiles(made, even).T
    generator.calibration.set(shifts, calibration.rising(generated), wanted)


def _drawn(generator: TableGenerator, label: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and logits of rows of one class, float64."""
    stream = torch.Generator().manual_seed(derive_seed(seed, "table", "calibration", label))
    rows = calibration.DRAWN_ROWS
    latent = torch.randn(rows, generator.latent_dim, generator=stream)
    scores, logits = generator.uncalibrated(latent, torch.full((rows,), label))
    logits = logits + generator.choice.never
    return scores.double().numpy(), logits.double().numpy()


def _states_of(logits: np.ndarray, layout: Layout) -> np.ndarray:
    """The state of each block, int64 [n, blocks], with those that rules tell."""
    hot = np.zeros(logits.shape, np.float32)
    for start, size in zip(layout.starts, layout.sizes, strict=True):
        chosen = logits[:, start : start + size].argmax(axis=1)
        hot[np.arange(len(hot)), start + chosen] = 1
    hot = layout.with_rules(hot)
    states = np.zeros((len(logits), len(layout.sizes)), np.int64)
    for block, (start, size) in enumerate(zip(layout.starts, layout.sizes, strict=True)):
        states[:, block] = hot[:, start : start + size].argmax(axis=1)
    return states


def _itself(states: np.ndarray, layout: Layout) -> np.ndarray:
    """Where a number is itself, no mass and no gap, bool [n, numbers]."""
    found = np.ones((len(states), layout.n_numbers), bool)
    for number, block in enumerate(layout.block_of_number):
        if block >= 0:
            found[:, number] = states[:, block] == 0
    return found


def _known_quantiles(values: np.ndarray, even: np.ndarray) -> np.ndarray:
    """Quantiles of each column without its gaps, float64 [grid, columns]; of none those of all."""
    found = np.zeros((len(even), values.shape[1]))
    for column in range(values.shape[1]):
        known = values[~np.isnan(values[:, column]), column]
        # A number that never is itself needs no map: any that rises will do.
        found[:, column] = np.quantile(known, even) if len(known) else np.linspace(-1, 1, len(even))
    return found

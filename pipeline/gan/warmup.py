"""The learning rate of the first steps, raised from almost nothing."""

import torch


def share_at(step: int, *, warmup_steps: int) -> float:
    """The share of the learning rate at a step, linear up to 1 after `warmup_steps`; 0 is none.

    Adam divides by a running mean square that it does not know yet, so that its first steps move
    every weight by the whole learning rate, all in one direction. That drives the generator into
    one picture of pixels at the very end of their range, where tanh has no slope to come back by.
    Source: Ma and Yarats 2021, arXiv:1910.04209, section 4.
    """
    return min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0


def set_learning_rate(optimiser: torch.optim.Optimizer, learning_rate: float) -> None:
    """For all that the optimiser moves."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate

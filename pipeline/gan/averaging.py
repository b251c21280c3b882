"""The running average of the generator's weights, which is what is shipped."""

import torch
from torch import Tensor, nn


def decay_at(step: int, *, decay: float) -> float:
    """The average's decay at a step, ramped up so that the random start is soon forgotten.

    At step s at most the last (1 + s) / 10 steps count. Source: Karras et al. 2020,
    arXiv:2006.06676, section 2 (ramped half-life); the form is TensorFlow's `num_updates`.
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def update(average: list[Tensor], current: list[Tensor], *, decay: float) -> None:
    """Move `average` towards `current` in place: a ← decay·a + (1 − decay)·c."""
    torch._foreach_lerp_(average, current, 1.0 - decay)


def is_finite(weights: list[Tensor]) -> bool:
    """Whether every weight is a finite number."""
    return all(bool(weight.isfinite().all()) for weight in weights)


def set_memory_format(module: nn.Module, layout: torch.memory_format) -> None:
    """Lay out a module's convolution weights, in place."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dim() == 4:
            tensor.data = tensor.data.contiguous(memory_format=layout)


def weights_of(module: nn.Module) -> list[Tensor]:
    """Floating-point parameters and buffers in a fixed order, detached."""
    tensors = [*module.parameters(), *module.buffers()]
    return [tensor.detach() for tensor in tensors if tensor.is_floating_point()]

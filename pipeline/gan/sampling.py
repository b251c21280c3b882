"""Drawing from a trained generator: every sample has an address (generator, class, draw)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from pipeline.errors import ArtifactError
from pipeline.gan.batches import torch_stream
from pipeline.gan.contract import Domain

# A network's rounding may depend on the batch's size, so every block is made whole.
BLOCK_SAMPLES = 256


@torch.no_grad()
def draw_class(
    generator: nn.Module,
    domain: Domain,
    *,
    seed: int,
    label: int,
    first: int,
    count: int,
    mixed: bool = False,
) -> Iterator[tuple[int, Tensor]]:
    """Draws `first` … `first + count − 1` of one class, as (number of the first, batch) pairs.

    Draw number i of a class is the same, bit for bit, whatever else is asked for.

    Args:
        seed: Derived from the generator itself, so that the address names the bytes.
        mixed: Whether to run in bfloat16, as a generator that was trained so expects.

    Raises:
        ArtifactError: the generator is in training mode, where batch statistics would make a sample
            depend on its neighbours.
    """
    require_evaluation_mode(generator)
    for block in range(first // BLOCK_SAMPLES, -(-(first + count) // BLOCK_SAMPLES)):
        stream = torch_stream(seed, "draw", label, block)
        latent = torch.randn(BLOCK_SAMPLES, domain.latent_dim, generator=stream)
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            batch = generator(latent, torch.full((BLOCK_SAMPLES,), label)).float()
        start = block * BLOCK_SAMPLES
        inside = slice(max(first - start, 0), min(first + count - start, BLOCK_SAMPLES))
        yield start + inside.start, batch[inside]


def require_evaluation_mode(generator: nn.Module) -> None:
    """Refuse a module of which any part is in training mode.

    Raises:
        ArtifactError: it is.
    """
    if any(module.training for module in generator.modules()):
        raise ArtifactError(
            "The generator is in training mode, in which a sample may depend on the batch it is "
            "drawn with. Call `generator.eval()` before drawing."
        )

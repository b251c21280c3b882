"""Drawing from a trained generator: every sample has an address (generator, class, draw)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.errors import ArtifactError
from pipeline.gan.batches import torch_stream
from pipeline.modalities.domain import Domain

# A network's rounding may depend on the batch's size, so every block is made whole.
BLOCK_SAMPLES = 256


@dataclass(frozen=True)
class Block:
    """Draws `first` … `first + count − 1` of one class, all inside one block of the class."""

    label: int
    first: int
    count: int


def blocks_of(label: int, count: int) -> list[Block]:
    """The first `count` draws of a class, block by block."""
    return [
        Block(label, first, min(BLOCK_SAMPLES, count - first))
        for first in range(0, count, BLOCK_SAMPLES)
    ]


@torch.no_grad()
def draw_block(
    generator: nn.Module, domain: Domain, block: Block, *, seed: int, mixed: bool = False
) -> Tensor:
    """The draws of a block, [count, …].

    Draw number i of a class is the same, bit for bit, whatever else is asked for.

    Args:
        generator: In evaluation mode; see `require_evaluation_mode`.
        seed: Derived from the generator itself, so that the address names the bytes.
        mixed: Whether to run in bfloat16, as a generator that was trained so expects.
    """
    stream = torch_stream(seed, "draw", block.label, block.first // BLOCK_SAMPLES)
    latent = torch.randn(BLOCK_SAMPLES, domain.latent_dim, generator=stream)
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        batch: Tensor = generator(latent, torch.full((BLOCK_SAMPLES,), block.label)).float()
    start = block.first % BLOCK_SAMPLES
    return batch[start : start + block.count]


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

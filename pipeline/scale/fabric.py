"""One training loop for a CPU, a GPU, or several processes, by way of Lightning Fabric.

Gradients are averaged by one flat all-reduce a network after the backward pass, as in the loop of
StyleGAN3, rather than by a wrapper around each module: a GAN's step runs each network several times
and differentiates twice, which wrappers do not foresee.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Found = TypeVar("Found")

PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"fp32": "32-true", "bf16": "bf16-mixed"}


class Devices:
    """Where a training runs: one device in each of `world` processes."""

    def __init__(self, fabric: "Fabric | Any"):
        self._fabric = fabric

    @property
    def device(self) -> torch.device:
        return self._fabric.device

    @property
    def rank(self) -> int:
        return self._fabric.global_rank

    @property
    def world(self) -> int:
        return self._fabric.world_size

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @contextlib.contextmanager
    def autocast(self) -> Iterator[None]:
        """Run networks in the precision asked for."""
        with self._fabric.autocast():
            yield

    def shard(self, tensor: Tensor, *, dim: int = 0) -> Tensor:
        """This process's rows of what every process drew alike, on its device.

        Every `world`-th row, so that rows sorted by class give each process every class.
        """
        if self.world > 1:
            index = torch.arange(self.rank, tensor.shape[dim], self.world)
            tensor = tensor.index_select(dim, index)
        return tensor.to(self.device, non_blocking=True)

    def adam(
        self, module: nn.Module, learning_rate: float, betas: tuple[float, float]
    ) -> torch.optim.Optimizer:
        """A fused Adam over the module's parameters."""
        return torch.optim.Adam(module.parameters(), lr=learning_rate, betas=betas, fused=True)

    def descend(self, loss: Tensor, module: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """One update of one network."""
        optimiser.zero_grad(set_to_none=True)
        self.backward(loss, module)
        optimiser.step()

    def backward(self, loss: Tensor, *modules: nn.Module) -> None:
        """Gradients of the mean loss over all processes."""
        self._fabric.backward(loss)
        if self.world == 1:
            return
        gradients = [
            parameter.grad
            for module in modules
            for parameter in module.parameters()
            if parameter.grad is not None
        ]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        self.mean(flat)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean over all processes, in place."""
        if self.world > 1:
            torch.distributed.all_reduce(tensor)
            tensor /= self.world
        return tensor

    def of_first(self, found: Found) -> Found:
        """What the first process found, in every process."""
        return self._fabric.broadcast(found) if self.world > 1 else found

    def barrier(self) -> None:
        """Wait for all processes."""
        self._fabric.barrier()


def connect(*, precision: Literal["fp32", "bf16"] = "fp32", accelerator: str = "auto") -> Devices:
    """Join the training that this process belongs to.

    Started by torchrun, the process takes its place among the others (gloo on CPUs, NCCL on GPUs);
    otherwise it trains alone, on a GPU if there is one.
    """
    # Imported late: Fabric loads torch's compiler, which takes seconds that sampling need not pay.
    from lightning_fabric import Fabric

    # It announces the precision that it was given, by a handler of its own where there is none.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    world = int(os.environ.get("WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=accelerator,
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        num_nodes=max(1, world // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))),
        strategy="ddp" if world > 1 else "auto",
        precision=PRECISIONS[precision],
    )
    fabric.launch()
    return Devices(fabric)


def is_first_process() -> bool:
    """Whether this process writes the results."""
    return os.environ.get("RANK", "0") == "0"


def use_one_thread() -> None:
    """One thread a process: sums then have one order, and processes do not fight for cores."""
    torch.set_num_threads(1)


@contextlib.contextmanager
def use_threads(count: int) -> Iterator[None]:
    """So many threads for torch's own operations inside, and afterwards as many as before.

    Sums that several threads share have another order than those of one, and so other bytes.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Networks that treat every sample by itself, on several cores: each core takes some of the rows.

Torch's own threads share single operations instead, and wait for each other in a busy loop after
every one: beside other work on the machine a step of two such threads took 2 to 20 times as long as
one of a single thread. Lanes meet a few times a step, and whoever waits sleeps.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

RowWise = Callable[..., Tensor]


@dataclass(frozen=True)
class Lanes:
    """Threads of which each takes an equal share of a batch.

    The result depends on their number, since gradients are summed lane by lane, and on nothing
    else: not on how many cores there are, nor on which lane is done first.
    """

    count: int
    _pool: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pool", ThreadPoolExecutor(self.count))

    def rows(self, function: RowWise, module: nn.Module, *inputs: Tensor) -> Tensor:
        """What `function`, a part of `module`, makes of the inputs, row by row.

        It can be differentiated once.

        Args:
            function: Treats each row by itself; no row of its result depends on another.
            inputs: Of equally many rows.
        """
        found: Tensor = _Shared.apply(  # type: ignore[no-untyped-call]
            self, function, len(inputs), *inputs, *module.parameters()
        )
        return found

    def each(self, call: Callable[..., Any], *arguments: Sequence[Any]) -> list[Any]:
        """`call` in every lane, with its share of the arguments, in the order of the lanes."""
        return list(self._pool.map(call, *arguments))


class _Shared(torch.autograd.Function):
    """Forward and backward of a function in lanes, as one operation for whoever uses it."""

    @staticmethod
    def forward(ctx: Any, lanes: Lanes, function: RowWise, n_inputs: int, *given: Tensor) -> Tensor:
        inputs, ctx.parameters = given[:n_inputs], given[n_inputs:]
        # Autocast is a matter of each thread. Without its cache, which all threads share.
        precision, mixed = torch.get_autocast_dtype("cpu"), torch.is_autocast_enabled("cpu")
        wanted = ctx.needs_input_grad[3 : 3 + n_inputs]

        def run(*rows: Tensor) -> tuple[list[Tensor], Tensor]:
            leaves = [
                part.detach().requires_grad_(is_wanted)
                for part, is_wanted in zip(rows, wanted, strict=True)
            ]
            with (
                torch.set_grad_enabled(any(ctx.needs_input_grad)),
                torch.autocast("cpu", precision, enabled=mixed, cache_enabled=False),
            ):
                return leaves, function(*leaves)

        ctx.lanes = lanes
        ctx.done = lanes.each(run, *(torch.chunk(part, lanes.count) for part in inputs))
        return torch.cat([result for _, result in ctx.done]).detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        learnt = [parameter for parameter in ctx.parameters if parameter.requires_grad]

        def run(done: tuple[list[Tensor], Tensor], part: Tensor) -> tuple[Tensor | None, ...]:
            leaves, result = done
            wanted = [leaf for leaf in leaves if leaf.requires_grad]
            return torch.autograd.grad(result, [*wanted, *learnt], part, allow_unused=True)

        sizes = [len(result) for _, result in ctx.done]
        found = ctx.lanes.each(run, ctx.done, torch.split(gradient, sizes))
        n_leaves = len(found[0]) - len(learnt)
        columns = list(zip(*found, strict=True))
        of_inputs = iter([torch.cat(parts) for parts in columns[:n_leaves]])
        of_learnt = iter([_total(parts) for parts in columns[n_leaves:]])
        leaves = ctx.done[0][0]
        return (
            None,
            None,
            None,
            *(next(of_inputs) if leaf.requires_grad else None for leaf in leaves),
            *(next(of_learnt) if each.requires_grad else None for each in ctx.parameters),
        )


def _total(parts: Sequence[Tensor | None]) -> Tensor | None:
    """The lanes' gradients of one parameter, summed in their order; None where it is not used."""
    used = [part for part in parts if part is not None]
    total = used[0].clone() if used else None
    for part in used[1:]:
        assert total is not None
        total += part
    return total

"""How fast a step is: ours, a textbook loop over the same networks, and the machine's ceiling."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from pipeline.gan.training import Job, Trainer
from pipeline.modalities.image.layers import GrowingConvolution, ThinConvolution
from pipeline.scale.fabric import connect


def textbook_step(job: Job) -> Callable[[], None]:
    """One plain fp32 step: a forward for real, one for fake, R1 every step, unfused Adam.

    The same networks and losses as the recipe's, with none of what makes ours fast.
    """
    torch.manual_seed(0)
    recipe, domain = job.recipe, job.domain
    generator, discriminator = domain.build()
    for module in generator.modules():
        if isinstance(module, GrowingConvolution):
            module.forward = partial(repeat_and_convolve, module)
        elif isinstance(module, ThinConvolution):
            module.forward = partial(nn.Conv2d.forward, module)
    optimisers = [
        torch.optim.Adam(part.parameters(), recipe.learning_rate, recipe.betas, foreach=False)
        for part in (generator, discriminator)
    ]
    average = [weight.detach().clone() for weight in generator.parameters()]

    def noise() -> Tensor:
        return torch.randn(recipe.batch_samples, domain.latent_dim)

    def changed(batch: Tensor) -> Tensor:
        uniform = torch.rand(len(batch), domain.augment_dim)
        return domain.augment(batch, uniform, strength=recipe.augment_strength)

    def step() -> None:
        rows = torch.randint(len(job.data), (recipe.batch_samples,))
        labels = job.data.labels[rows]
        real = changed(domain.load(job.data.stored[rows])).detach().requires_grad_(True)
        fake = changed(generator(noise(), labels).detach()).requires_grad_(True)
        real_logits, fake_logits = discriminator(real, labels), discriminator(fake, labels)
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        loss = loss + recipe.gamma_real / 2 * slope.square().sum() / len(real)
        if recipe.gamma_fake:
            (slope,) = torch.autograd.grad(fake_logits.sum(), fake, create_graph=True)
            loss = loss + recipe.gamma_fake / 2 * slope.square().sum() / len(real)
        optimisers[1].zero_grad()
        loss.backward()
        optimisers[1].step()
        logits = discriminator(changed(generator(noise(), labels)), labels)
        optimisers[0].zero_grad()
        F.softplus(-logits).mean().backward()
        optimisers[0].step()
        with torch.no_grad():
            for mean, weight in zip(average, generator.parameters(), strict=True):
                mean.mul_(0.995).add_(weight, alpha=0.005)

    return step


def repeat_and_convolve(layer: GrowingConvolution, hidden: Tensor) -> Tensor:
    """What a growing convolution is, as it is usually written."""
    repeated = F.interpolate(hidden, scale_factor=2.0)
    return F.conv2d(repeated, layer.weight, layer.bias, padding=1)


def our_step(job: Job) -> Callable[[], None]:
    """The product's own step."""
    trainer = Trainer(job, connect(precision=job.recipe.precision, accelerator="cpu"))

    def step() -> None:
        trainer.take_step(trainer.next_step)
        trainer.next_step += 1

    return step


def cpu_seconds_a_step(
    steps: dict[str, Callable[[], None]], *, seconds: float, round_steps: int = 16
) -> dict[str, np.ndarray]:
    """CPU seconds of this process for one step of each kind, one number a round.

    Taken in turns, so that a busy machine slows all alike; a round is as many steps as lie between
    two penalties, or a multiple of it.
    """
    told: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    while sum(map(sum, told.values())) * round_steps < seconds * len(steps):
        for name, step in steps.items():
            start = time.process_time()
            for _ in range(round_steps):
                step()
            told[name].append((time.process_time() - start) / round_steps)
    return {name: np.array(rounds) for name, rounds in told.items()}


def times_of_steps(
    steps: dict[int, Callable[[], None]], *, rounds: int, round_steps: int
) -> dict[int, tuple[float, float, float]]:
    """Seconds of one step: by the clock, of the process, and of the calling thread alone.

    Medians of rounds taken in turns.
    """
    taken: dict[int, list[tuple[float, float, float]]] = {name: [] for name in steps}
    clocks = (time.perf_counter, time.process_time, time.thread_time)
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            before = [clock() for clock in clocks]
            for _ in range(round_steps):
                step()
            spent = [clock() - start for clock, start in zip(clocks, before, strict=True)]
            taken[name].append(
                (spent[0] / round_steps, spent[1] / round_steps, spent[2] / round_steps)
            )
    return {name: tuple(np.median(each, axis=0)) for name, each in taken.items()}


def convolution_ceiling(precision: torch.dtype, *, planes: int = 256, side_px: int = 28) -> float:
    """The machine's rate at a large, well-shaped convolution, FLOP per CPU second."""
    layer = nn.Conv2d(planes, planes, 3, 1, 1).to(precision).to(memory_format=torch.channels_last)
    batch = torch.randn(8, planes, side_px, side_px, dtype=precision)
    batch = batch.contiguous(memory_format=torch.channels_last)
    flops = 2 * 9 * planes**2 * side_px**2 * len(batch)
    with torch.no_grad():
        layer(batch)
        start = time.process_time()
        for _ in range(5):
            layer(batch)
    return 5 * flops / (time.process_time() - start)


class FlopCounter(TorchDispatchMode):
    """Counts by torch's own formulas; its own counter cannot follow a second differentiation."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function.overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


def flops_of(step: Callable[[], None], *, every: int) -> float:
    """Floating-point operations of one step, averaged over `every` steps."""
    with FlopCounter() as counter:
        for _ in range(every):
            step()
    return counter.total / every

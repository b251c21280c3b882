"""The adversarial training loop."""

import copy
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from pipeline.errors import TrainingError
from pipeline.gan import averaging
from pipeline.gan.batches import BatchDrawer, torch_stream
from pipeline.gan.contract import Domain, LabelledTensors, Progress
from pipeline.gan.history import HistoryRow, Meter
from pipeline.gan.losses import GAMES, accuracies
from pipeline.gan.penalties import zero_centred
from pipeline.gan.presets import Recipe
from pipeline.randomness import derive_seed

HISTORY_EVERY_STEPS = 25


@dataclass(frozen=True)
class Trained:
    """The averaged generator in evaluation mode, and how it came about."""

    generator: nn.Module
    history: list[HistoryRow] = field(repr=False)


def train(
    data: LabelledTensors,
    domain: Domain,
    recipe: Recipe,
    *,
    seed: int,
    on_progress: Progress | None = None,
) -> Trained:
    """Train a generator on labelled rows.

    Every step draws from a stream of its own, so the result depends on nothing but the arguments.

    Args:
        on_progress: Called with each new row of the history.

    Raises:
        TrainingError: a loss is no longer finite.
    """
    trainer = Trainer(data, domain, recipe, seed=seed)
    history: list[HistoryRow] = []
    for step in range(recipe.steps):
        trainer.take_step(step)
        if (step + 1) % HISTORY_EVERY_STEPS == 0 or step + 1 == recipe.steps:
            row = {"step": step + 1, **trainer.meter.read()}
            _require_finite(row)
            history.append(row)
            if on_progress is not None:
                on_progress(row)
    return Trained(generator=trainer.average.eval(), history=history)


class Trainer:
    """The state of a training: two networks, two optimisers, one average."""

    def __init__(self, data: LabelledTensors, domain: Domain, recipe: Recipe, *, seed: int):
        self.data, self.domain, self.recipe, self.seed = data, domain, recipe, seed
        self.game = GAMES[recipe.game]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "gan", "networks"))
            self.generator, self.discriminator = domain.build()
        self.average = copy.deepcopy(self.generator)
        self._average_weights = averaging.weights_of(self.average)
        self._generator_weights = averaging.weights_of(self.generator)
        self._generator_optimiser = self._optimiser(self.generator)
        self._discriminator_optimiser = self._optimiser(self.discriminator)
        self._batches = BatchDrawer(
            data.labels,
            n_classes=domain.n_classes,
            batch_samples=recipe.batch_samples,
            balanced=recipe.balanced,
            repeats_cap=recipe.repeats_cap,
        )
        self.meter = Meter()

    def take_step(self, step: int) -> None:
        """One update of the discriminator, one of the generator, one of the average."""
        stream = torch_stream(self.seed, "gan", "step", step)
        rows, labels = self._batches.draw(stream)
        real = self.domain.load(self.data.stored[rows])
        latent = torch.randn(len(labels), self.domain.latent_dim, generator=stream)
        # The fakes do not depend on the discriminator, so one forward serves both updates.
        fake = self.generator(latent, labels)
        self._update_discriminator(step, real, fake.detach(), labels, stream)
        self._update_generator(real, fake, labels, stream)
        averaging.update(
            self._average_weights,
            self._generator_weights,
            decay=averaging.decay_at(step, decay=self.recipe.averaging_decay),
        )

    def _update_discriminator(
        self, step: int, real: Tensor, fake: Tensor, labels: Tensor, stream: torch.Generator
    ) -> None:
        penalised = self._penalised_at(step)
        batch = self._augment(torch.cat([real, fake]), stream).requires_grad_(penalised)
        logits = self.discriminator(batch, labels.repeat(2), 2)
        real_logits, fake_logits = logits.chunk(2)
        loss = self.game.discriminator(real_logits, fake_logits)
        real_accuracy, fake_accuracy = accuracies(real_logits.detach(), fake_logits.detach())
        self.meter.add(
            discriminator_loss=loss, accuracy_real=real_accuracy, accuracy_fake=fake_accuracy
        )
        if penalised:
            penalty = zero_centred(logits, batch)
            self.meter.add(gradient_penalty=penalty)
            # The mean over reals and fakes together is half the sum of the two means.
            weight = self.recipe.gamma_real * self.recipe.penalty_every_steps
            loss = loss + weight * penalty
        self._discriminator_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimiser.step()

    def _update_generator(
        self, real: Tensor, fake: Tensor, labels: Tensor, stream: torch.Generator
    ) -> None:
        self.discriminator.requires_grad_(False)
        real_logits = torch.zeros(0)
        if self.game.generator_needs_real:
            with torch.no_grad():
                real_logits = self.discriminator(self._augment(real, stream), labels)
        fake_logits = self.discriminator(self._augment(fake, stream), labels)
        loss = self.game.generator(real_logits, fake_logits)
        self.meter.add(generator_loss=loss)
        self._generator_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._generator_optimiser.step()
        self.discriminator.requires_grad_(True)

    def _augment(self, batch: Tensor, stream: torch.Generator) -> Tensor:
        return self.domain.augment(batch, stream, strength=self.recipe.augment_strength)

    def _penalised_at(self, step: int) -> bool:
        return self.recipe.gamma_real > 0 and step % self.recipe.penalty_every_steps == 0

    def _optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            module.parameters(),
            lr=self.recipe.learning_rate,
            betas=self.recipe.betas,
            fused=True,
        )


def _require_finite(row: HistoryRow) -> None:
    if not all(math.isfinite(value) for value in row.values()):
        raise TrainingError(
            f"The training diverged: at step {row['step']} a loss is no longer finite. "
            "Lower `gan.learning_rate`, or raise the gradient penalty."
        )

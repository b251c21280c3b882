"""One step of the adversarial game: the discriminator moves, then the generator."""

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.gan import penalties
from pipeline.gan.history import Meter
from pipeline.gan.lanes import Lanes
from pipeline.gan.losses import GAMES, accuracies
from pipeline.gan.method import StepInput
from pipeline.gan.presets import Recipe
from pipeline.modalities.domain import Domain
from pipeline.scale.fabric import Devices

# The strength reaches 1 from 0 in about 1 / this many steps of one-sided evidence.
STRENGTH_STEP = 1 / 500
STRONGEST = 1.5


class AdversarialMethod:
    """Two networks with opposite aims."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        domain: Domain,
        recipe: Recipe,
        devices: Devices,
        *,
        lanes: Lanes | None = None,
    ):
        self.generator, self.companion = generator, discriminator
        self._domain, self._recipe, self._devices = domain, recipe, devices
        self._lanes = lanes
        self._halves = Lanes(2)
        self._game = GAMES[recipe.game]
        self.optimisers = {
            "generator": devices.adam(generator, recipe.learning_rate, recipe.betas),
            "companion": devices.adam(discriminator, recipe.learning_rate, recipe.betas),
        }
        self.scalars = {"strength": torch.tensor(recipe.augment_strength, device=devices.device)}

    def take_step(self, given: StepInput, meter: Meter) -> None:
        """One update of the discriminator, one of the generator."""
        # The fakes do not depend on the discriminator, so one forward serves both updates.
        with self._devices.autocast():
            fake = self._generate(given.latent, given.labels)
        self._move_discriminator(given, fake.detach(), meter)
        self._move_generator(given, fake, meter)

    def _generate(self, latent: Tensor, labels: Tensor) -> Tensor:
        if self._lanes is None:
            made: Tensor = self.generator(latent, labels)
            return made
        return self._lanes.rows(self.generator, self.generator, latent, labels)

    def _judge(self, images: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        companion: Any = self.companion
        if self._lanes is None:
            logits: Tensor = companion(images, labels, parts)
            return logits
        found = self._lanes.rows(companion.features, self.companion, images)
        judged: Tensor = companion.judge(found, labels, parts)
        return judged

    def _judge_both(
        self, batch: Tensor, labels: Tensor, *, penalised: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Logits of reals and fakes; in lanes also the gradient norms that a penalty asks for.

        What is differentiated twice goes whole through the discriminator, and that compares samples
        of one kind alone: so there are two lanes for it, one of reals and one of fakes.
        """
        both = labels.repeat(2)
        if self._lanes is None or not penalised:
            return self._judge(batch, both, 2).float(), None
        parts = batch.detach(), both
        found = self._halves.rows(self._judge_with_norms, self.companion, *parts)
        logits, norms = found.unbind(dim=1)
        return logits, norms

    def _judge_with_norms(self, images: Tensor, labels: Tensor) -> Tensor:
        images = images.detach().requires_grad_(True)
        logits = self.companion(images, labels, 1).float()
        # As outside of lanes, where no gradient is taken under autocast.
        with torch.autocast("cpu", enabled=False):
            norms = penalties.squared_gradient_norms(logits, images)
        return torch.stack([logits, norms], dim=1)

    def _move_discriminator(self, given: StepInput, fake: Tensor, meter: Meter) -> None:
        penalised = self._is_penalised(given.step)
        with self._devices.autocast():
            uniform = given.uniform[:2].flatten(0, 1)
            batch = self._augment(torch.cat([given.real, fake.to(given.real.dtype)]), uniform)
            batch = batch.detach().requires_grad_(penalised)
            logits, norms = self._judge_both(batch, given.labels, penalised=penalised)
        real_logits, fake_logits = logits.chunk(2)
        loss = self._game.discriminator(real_logits, fake_logits)
        self._tell(loss, real_logits.detach(), fake_logits.detach(), meter)
        if penalised:
            if norms is None:
                norms = penalties.squared_gradient_norms(logits, batch)
            loss = loss + self._gradient_penalty(norms, meter)
        self._devices.descend(loss, self.companion, self.optimisers["companion"])

    def _move_generator(self, given: StepInput, fake: Tensor, meter: Meter) -> None:
        # Frozen, so that the weights' gradients, which nobody needs here, are not computed.
        self.companion.requires_grad_(False)
        with self._devices.autocast():
            real_logits = torch.zeros((), device=fake.device)
            if self._game.generator_needs_real:
                with torch.no_grad():
                    real = self._augment(given.real, given.uniform[2])
                    real_logits = self._judge(real, given.labels).float()
            seen = self._augment(fake.to(given.real.dtype), given.uniform[3])
            fake_logits = self._judge(seen, given.labels).float()
        loss = self._game.generator(real_logits, fake_logits)
        meter.add(generator_loss=loss)
        self._devices.descend(loss, self.generator, self.optimisers["generator"])
        self.companion.requires_grad_(True)

    def _gradient_penalty(self, norms: Tensor, meter: Meter) -> Tensor:
        real, fake = norms.chunk(2)
        meter.add(gradient_penalty=(real.mean() + fake.mean()) / 2)
        recipe = self._recipe
        weighted = recipe.gamma_real * real.mean() + recipe.gamma_fake * fake.mean()
        return weighted * (recipe.penalty_every_steps / 2)

    def _is_penalised(self, step: int) -> bool:
        weight = self._recipe.gamma_real + self._recipe.gamma_fake
        return weight > 0 and step % self._recipe.penalty_every_steps == 0

    def _tell(self, loss: Tensor, real: Tensor, fake: Tensor, meter: Meter) -> None:
        real_accuracy, fake_accuracy = accuracies(real, fake)
        meter.add(discriminator_loss=loss, accuracy_real=real_accuracy, accuracy_fake=fake_accuracy)
        target = self._recipe.adaptive_accuracy
        if target is not None:
            # Karras et al. 2020, arXiv:2006.06676, section 3.1, with accuracy as the heuristic.
            above = self._devices.mean(real_accuracy) - target
            strength = self.scalars["strength"].add_(above.sign() * STRENGTH_STEP)
            strength.clamp_(0.0, STRONGEST)
            meter.add(augment_strength=strength)

    def _augment(self, batch: Tensor, uniform: Tensor) -> Tensor:
        if self._recipe.adaptive_accuracy is None:
            return self._domain.augment(batch, uniform, strength=self._recipe.augment_strength)
        return self._domain.augment(batch, uniform, strength=float(self.scalars["strength"]))

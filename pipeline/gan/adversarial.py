"""One step of the adversarial game: the discriminator moves, then the generator."""

import torch
from torch import Tensor, nn

from pipeline.gan import penalties
from pipeline.gan.contract import Domain
from pipeline.gan.history import Meter
from pipeline.gan.losses import GAMES, accuracies
from pipeline.gan.method import StepInput
from pipeline.gan.presets import Recipe
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
    ):
        self.generator, self.companion = generator, discriminator
        self._domain, self._recipe, self._devices = domain, recipe, devices
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
            fake = self.generator(given.latent, given.labels)
        self._move_discriminator(given, fake.detach(), meter)
        self._move_generator(given, fake, meter)

    def _move_discriminator(self, given: StepInput, fake: Tensor, meter: Meter) -> None:
        penalised = self._is_penalised(given.step)
        with self._devices.autocast():
            uniform = given.uniform[:2].flatten(0, 1)
            batch = self._augment(torch.cat([given.real, fake.to(given.real.dtype)]), uniform)
            batch = batch.detach().requires_grad_(penalised)
            logits = self.companion(batch, given.labels.repeat(2), 2).float()
        real_logits, fake_logits = logits.chunk(2)
        loss = self._game.discriminator(real_logits, fake_logits)
        self._tell(loss, real_logits.detach(), fake_logits.detach(), meter)
        if penalised:
            loss = loss + self._gradient_penalty(logits, batch, meter)
        self._devices.descend(loss, self.companion, self.optimisers["companion"])

    def _move_generator(self, given: StepInput, fake: Tensor, meter: Meter) -> None:
        # Frozen, so that the weights' gradients, which nobody needs here, are not computed.
        self.companion.requires_grad_(False)
        with self._devices.autocast():
            real_logits = torch.zeros((), device=fake.device)
            if self._game.generator_needs_real:
                with torch.no_grad():
                    real = self._augment(given.real, given.uniform[2])
                    real_logits = self.companion(real, given.labels).float()
            seen = self._augment(fake.to(given.real.dtype), given.uniform[3])
            fake_logits = self.companion(seen, given.labels).float()
        loss = self._game.generator(real_logits, fake_logits)
        meter.add(generator_loss=loss)
        self._devices.descend(loss, self.generator, self.optimisers["generator"])
        self.companion.requires_grad_(True)

    def _gradient_penalty(self, logits: Tensor, batch: Tensor, meter: Meter) -> Tensor:
        real, fake = penalties.squared_gradient_norms(logits, batch).chunk(2)
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

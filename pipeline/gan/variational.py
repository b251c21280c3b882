"""One step of a conditional variational autoencoder, the usual alternative to a GAN."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.gan.history import Meter
from pipeline.gan.method import StepInput
from pipeline.gan.presets import Recipe
from pipeline.modalities.domain import Domain
from pipeline.scale.fabric import Devices


class VariationalMethod:
    """A decoder (the generator) and an encoder that share one aim."""

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module,
        domain: Domain,
        recipe: Recipe,
        devices: Devices,
    ):
        self.generator, self.companion = generator, encoder
        self._domain, self._recipe, self._devices = domain, recipe, devices
        self.optimisers = {
            "generator": devices.adam(generator, recipe.learning_rate, recipe.betas),
            "companion": devices.adam(encoder, recipe.learning_rate, recipe.betas),
        }
        self.scalars: dict[str, Tensor] = {}

    def take_step(self, given: StepInput, meter: Meter) -> None:
        """One descent of the negative evidence lower bound by both networks."""
        with self._devices.autocast():
            real = self._domain.augment(
                given.real, given.uniform[0], strength=self._recipe.augment_strength
            )
            mean, log_variance = self.companion(real, given.labels).float().chunk(2, dim=1)
            latent = mean + given.latent * torch.exp(log_variance / 2)
            rebuilt = self.generator(latent, given.labels).float()
        reconstruction = bernoulli_cost(rebuilt, real)
        divergence = normal_divergence(mean, log_variance)
        loss = reconstruction + divergence
        meter.add(generator_loss=loss, reconstruction=reconstruction, divergence=divergence)
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        self._devices.backward(loss, self.generator, self.companion)
        for optimiser in self.optimisers.values():
            optimiser.step()


def bernoulli_cost(rebuilt: Tensor, real: Tensor) -> Tensor:
    """Mean over samples of the summed cross-entropy, both in [−1, 1] read as probabilities.

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix C.1.
    """
    probability = ((rebuilt + 1) / 2).clamp(1e-6, 1 - 1e-6)
    cost = F.binary_cross_entropy(probability, (real + 1) / 2, reduction="sum")
    return cost / len(real)


def normal_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Mean Kullback–Leibler divergence of N(mean, exp(log_variance)) from N(0, 1), in nats.

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix B.
    """
    each = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
    return each.mean()

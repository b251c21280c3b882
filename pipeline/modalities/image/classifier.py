"""A small convolutional classifier of pictures, trained by a recipe; also the domain network."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from pipeline.modalities.image.augmentation import augment, to_float
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.recipe_training import BATCH_SAMPLES, refit_head, train_by_recipe
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, Schema

LEARNING_RATE = 3e-3
WIDTH = 24
FEATURES = 64
NORMALISATION_BATCHES = 8
# Of the rows that a judge's batch-norm statistics are taken from, this share is augmented.
CHANGED_SHARE = 0.5
PREDICTED_AT_ONCE = 512


class ImageNetwork(nn.Module):
    """3×3 convolutions, halved in size until the side is at most 4 px, then a hidden layer.

    Input float32 [n, channels, height, width] in [0, 1]; output logits float32 [n, classes].
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, *, width: int = WIDTH):
        super().__init__()
        height, _, channels = shape
        layers: list[nn.Module] = []
        side, wide = height, width
        # A full-size first layer pays on tiny pictures only.
        strides = [1] if height <= 12 else []
        while side > 4:
            strides.append(2)
            side = (side + 1) // 2
        for stride in strides or [1]:
            layers += [
                nn.Conv2d(channels, wide, 3, stride, 1, bias=False),
                nn.BatchNorm2d(wide),
                nn.ReLU(inplace=True),
            ]
            channels, wide = wide, min(2 * wide, 4 * width)
        layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten()]
        layers += [nn.Linear(4 * channels, FEATURES), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of pictures in [0, 1], shifted to be centred first."""
        return self.head(self.features(images))  # type: ignore[no-any-return]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The 64 features before the last layer, float32 [n, 64], at least 0."""
        return self.body(images * 2 - 1)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ImageClassifier:
    """A trained network, in evaluation mode."""

    schema: Schema
    network: ImageNetwork

    @torch.inference_mode()
    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes], rows sum to 1."""
        logits = [self.network(batch) for batch in _batches(samples.values)]
        return torch.cat(logits).double().softmax(1).numpy()

    @torch.inference_mode()
    def features(self, samples: Samples) -> np.ndarray:
        """The domain network's features, float64 [n, 64]."""
        return (
            torch.cat([self.network.features(b) for b in _batches(samples.values)]).double().numpy()
        )


def train_image_classifier(
    training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
) -> ImageClassifier:
    """Train the small network by a recipe, AdamW and one learning-rate cycle.

    Batch-norm statistics are taken anew from the real rows after training, whatever the arm, since
    a consumer is scored on real rows, and synthetic or augmented ones would shift them. Of a judge
    (`recipe.judges`) half of these rows are augmented: with the statistics of sharp pictures alone
    it mislabels blurred ones.

    Raises:
        TrainingError: the loss is no longer a finite number.
    """
    schema = training.real.schema
    assert schema.image_shape is not None
    with torch.random.fork_rng():
        torch.manual_seed(derive_seed(seed, "network"))
        network = ImageNetwork(schema.image_shape, len(schema.classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parts = (training.real, *(extra.samples for extra in training.extras))
    train_by_recipe(
        network,
        to_float(np.concatenate([part.values for part in parts])),
        training,
        recipe,
        steps=steps,
        seed=seed,
        learning_rate=LEARNING_RATE,
        change=partial(_changed, strength=recipe.augmentation),
        hint="extreme pixels",
    )
    _refresh_normalisation(network, training, recipe, seed)
    classifier = ImageClassifier(schema, network.eval())
    if recipe.smote:
        refit_head(network.head, classifier.features(training.real), training, seed)
    return classifier


def _changed(batch: torch.Tensor, stream: torch.Generator, *, strength: float) -> torch.Tensor:
    seen = augment(batch, strength, stream) if strength > 0 else batch
    return seen.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _refresh_normalisation(
    network: ImageNetwork, training: TrainingSet, recipe: Recipe, seed: int
) -> None:
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches
    network.train()
    real = TrainingSet(training.real)
    stream = torch.Generator().manual_seed(derive_seed(seed, "normalisation"))
    rows = torch.multinomial(
        torch.from_numpy(real.draw_probabilities(recipe.sampling)),
        NORMALISATION_BATCHES * BATCH_SAMPLES,
        replacement=True,
        generator=stream,
    )
    images = to_float(real.real.values)
    changed = round(CHANGED_SHARE * BATCH_SAMPLES) if recipe.judges else 0
    for batch in rows.view(-1, BATCH_SAMPLES):
        shown = images[batch]
        if changed:
            shown[:changed] = augment(shown[:changed], recipe.augmentation, stream)
        network(shown.contiguous(memory_format=torch.channels_last))


def _batches(images: np.ndarray) -> Iterator[torch.Tensor]:
    for start in range(0, max(len(images), 1), PREDICTED_AT_ONCE):
        batch = to_float(images[start : start + PREDICTED_AT_ONCE])
        yield batch.contiguous(memory_format=torch.channels_last)

"""A small convolutional classifier of pictures, trained by a recipe; also the domain network."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn

from pipeline.errors import TrainingError
from pipeline.modalities.image.augmentation import augment, to_float
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.smote import smote_columns
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, Schema

BATCH_SAMPLES = 64
LEARNING_RATE = 3e-3
LABEL_SMOOTHING = 0.05
HEAD_C = 1.0
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
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    loss_of = RecipeLoss(recipe, training)
    network.train()
    for images, labels, stream in _draws(training, recipe, steps=steps, seed=seed):
        if recipe.mixup > 0:
            loss = _mixup_loss(network, loss_of, images, labels, recipe.mixup, stream)
        else:
            loss = loss_of(network(images), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    if not torch.isfinite(loss):
        raise TrainingError(
            f"The classifier's loss became {float(loss)} after {steps} steps by the recipe "
            f"“{recipe.words()}”. Lower `trial.classifier_steps` or look for extreme pixels."
        )
    _refresh_normalisation(network, training, recipe, seed)
    classifier = ImageClassifier(schema, network.eval())
    if recipe.smote:
        _refit_head(classifier, training, seed)
    return classifier


class RecipeLoss:
    """Cross-entropy with label smoothing, class weights and logit adjustment as a recipe asks."""

    def __init__(self, recipe: Recipe, training: TrainingSet):
        counts = torch.from_numpy(np.maximum(training.real_counts, 1)).float()
        prior = counts / counts.sum()
        drawn = prior ** (1 - recipe.sampling) / (prior ** (1 - recipe.sampling)).sum()
        weight = prior**-recipe.class_weight
        self._weight = weight / (drawn * weight).sum()
        self._adjustment = recipe.logit_tau * prior.log()

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch: logits float32 [n, classes], labels int64 [n]."""
        each = F.cross_entropy(
            logits + self._adjustment, labels, label_smoothing=LABEL_SMOOTHING, reduction="none"
        )
        return (each * self._weight[labels]).mean()


def _draws(
    training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Generator]]:
    images = to_float(
        np.concatenate([training.real.values, *(e.samples.values for e in training.extras)])
    )
    labels = torch.from_numpy(training.labels)
    probabilities = torch.from_numpy(training.draw_probabilities(recipe.sampling))
    stream = torch.Generator().manual_seed(derive_seed(seed, "batches"))
    for _ in itertools.repeat(None, steps):
        rows = torch.multinomial(probabilities, BATCH_SAMPLES, replacement=True, generator=stream)
        batch = images[rows]
        if recipe.augmentation > 0:
            batch = augment(batch, recipe.augmentation, stream)
        yield batch.contiguous(memory_format=torch.channels_last), labels[rows], stream


def _mixup_loss(
    network: ImageNetwork,
    loss_of: RecipeLoss,
    images: torch.Tensor,
    labels: torch.Tensor,
    alpha: float,
    stream: torch.Generator,
) -> torch.Tensor:
    draw = torch._standard_gamma(torch.full((2,), alpha), generator=stream)
    part = float(draw[0] / draw.sum().clamp_min(1e-12))
    other = torch.randperm(len(images), generator=stream)
    logits = network(part * images + (1 - part) * images[other])
    return part * loss_of(logits, labels) + (1 - part) * loss_of(logits, labels[other])


@torch.no_grad()
def _refit_head(classifier: ImageClassifier, training: TrainingSet, seed: int) -> None:
    """Fit the last layer anew on features that SMOTE filled up to the largest class.

    In pixels SMOTE shows the network double exposures; between features it does what it was made
    for. Source: the two-stage training of Kang et al. 2020, arXiv:1910.09217, section 4.
    """
    counts, labels = training.real_counts, training.real.labels
    features = classifier.features(training.real)
    made, made_labels = smote_columns(features, labels, counts.max() - counts, seed=seed)
    model = LogisticRegression(C=HEAD_C, max_iter=500)
    model.fit(np.concatenate([features, made]), np.concatenate([labels, made_labels]))
    weight, bias = model.coef_, model.intercept_
    if len(counts) == 2:  # scikit-learn keeps one row for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    classifier.network.head.weight.copy_(torch.from_numpy(weight))
    classifier.network.head.bias.copy_(torch.from_numpy(bias))


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

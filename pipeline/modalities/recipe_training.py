"""How a network is trained by a recipe, whatever it sees of rows."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn

from pipeline.errors import TrainingError
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.smote import smote_columns
from pipeline.randomness import derive_seed

BATCH_SAMPLES = 64
LABEL_SMOOTHING = 0.05
HEAD_C = 1.0
# A batch, and a stream of chance → the batch as the network is to see it.
Change = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


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


def train_by_recipe(
    network: nn.Module,
    inputs: torch.Tensor,
    training: TrainingSet,
    recipe: Recipe,
    *,
    steps: int,
    seed: int,
    learning_rate: float,
    change: Change,
    hint: str,
) -> None:
    """Train a network in place by a recipe, AdamW and one learning-rate cycle.

    Args:
        inputs: What it sees of the real rows, then of each extra's, float32 [rows, …].
        change: What is done to each batch, e.g. augmentation.
        hint: What may be to blame where the loss is no number, to end a sentence.

    Raises:
        TrainingError: the loss is no longer a finite number.
    """
    optimiser = torch.optim.AdamW(network.parameters(), learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
    loss_of = RecipeLoss(recipe, training)
    network.train()
    for batch, labels, stream in _draws(inputs, training, recipe, steps, seed):
        seen = change(batch, stream)
        if recipe.mixup > 0:
            loss = _mixup_loss(network, loss_of, seen, labels, recipe.mixup, stream)
        else:
            loss = loss_of(network(seen), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    if not torch.isfinite(loss):
        raise TrainingError(
            f"The classifier's loss became {float(loss)} after {steps} steps by the recipe "
            f"“{recipe.words()}”. Lower `trial.classifier_steps` or look for {hint}."
        )


@torch.no_grad()
def refit_head(head: nn.Linear, features: np.ndarray, training: TrainingSet, seed: int) -> None:
    """Fit a network's last layer anew on features that SMOTE filled up to the largest class.

    Between rows SMOTE may show what is none (of pictures, double exposures); between features it
    does what it was made for.

    Args:
        features: Of the real rows, float64 [n, d].

    Source: the two-stage training of Kang et al. 2020, arXiv:1910.09217, section 4.
    """
    counts, labels = training.real_counts, training.real.labels
    wanted = np.where(counts > 0, counts.max() - counts, 0)
    made, made_labels = smote_columns(features, labels, wanted, seed=seed)
    model = LogisticRegression(C=HEAD_C, max_iter=500)
    model.fit(np.concatenate([features, made]), np.concatenate([labels, made_labels]))
    weight, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    head.weight[model.classes_] = torch.from_numpy(weight).to(head.weight.dtype)
    head.bias[model.classes_] = torch.from_numpy(bias).to(head.bias.dtype)


def _draws(
    inputs: torch.Tensor, training: TrainingSet, recipe: Recipe, steps: int, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Generator]]:
    labels = torch.from_numpy(training.labels)
    probabilities = torch.from_numpy(training.draw_probabilities(recipe.sampling))
    stream = torch.Generator().manual_seed(derive_seed(seed, "batches"))
    for _ in itertools.repeat(None, steps):
        rows = torch.multinomial(probabilities, BATCH_SAMPLES, replacement=True, generator=stream)
        yield inputs[rows], labels[rows], stream


def _mixup_loss(
    network: nn.Module,
    loss_of: RecipeLoss,
    batch: torch.Tensor,
    labels: torch.Tensor,
    alpha: float,
    stream: torch.Generator,
) -> torch.Tensor:
    draw = torch._standard_gamma(torch.full((2,), alpha), generator=stream)
    part = float(draw[0] / draw.sum().clamp_min(1e-12))
    other = torch.randperm(len(batch), generator=stream)
    logits = network(part * batch + (1 - part) * batch[other])
    return part * loss_of(logits, labels) + (1 - part) * loss_of(logits, labels[other])

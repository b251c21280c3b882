from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.modalities.image.augmentation import augment, to_bytes, to_float
from pipeline.modalities.image.classifier import train_image_classifier
from pipeline.modalities.image.copies import augmented_copies, deformed_copies
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.recipe_training import RecipeLoss
from tests.trial.stand_ins import digits

REAL = digits([40, 40, 8])
TEST = digits([40, 40, 40], skip=60)


def train(recipe, seed=1, steps=60):
    return train_image_classifier(TrainingSet(REAL), recipe, steps=steps, seed=seed)


def test_the_same_seed_gives_the_same_classifier_whatever_ran_before():
    first = train(Recipe(augmentation=1.0)).probabilities(TEST)
    torch.rand(7)
    assert (train(Recipe(augmentation=1.0)).probabilities(TEST) == first).all()
    assert (train(Recipe(augmentation=1.0), seed=2).probabilities(TEST) != first).any()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(sampling=1.0, augmentation=1.0),
        Recipe(class_weight=1.0),
        Recipe(sampling=1.0, augmentation=1.0, mixup=0.2),
        Recipe(smote=True),
    ],
)
def test_every_recipe_learns_to_tell_digits(recipe):
    guess = train(recipe).probabilities(TEST).argmax(axis=1)
    assert (guess == TEST.labels).mean() > 0.85


def pull_from_equal_odds(recipe):
    """How far, and where, training would move a classifier that knows nothing and says so."""
    training = TrainingSet(REAL)
    loss_of = RecipeLoss(recipe, training)
    drawn = np.bincount(REAL.labels, weights=training.draw_probabilities(recipe.sampling))
    odds = torch.zeros(1, 3, requires_grad=True)
    losses = torch.stack([loss_of(odds, torch.tensor([label])) for label in range(3)])
    (losses * torch.from_numpy(drawn)).sum().backward()
    return -odds.grad.numpy()[0]


def test_plain_training_learns_how_seldom_the_scarce_class_is():
    assert pull_from_equal_odds(Recipe())[2] < -0.2


@pytest.mark.parametrize(
    "recipe", [Recipe(sampling=1.0), Recipe(class_weight=1.0), Recipe(logit_tau=1.0)]
)
def test_balancing_leaves_the_scarce_class_at_equal_odds(recipe):
    # Label smoothing alone moves the odds by up to 0.05 / 3.
    assert np.abs(pull_from_equal_odds(recipe)).max() < 0.05 / 3


def test_a_judge_knows_changed_copies_of_its_own_training_rows():
    """By the statistics of sharp pictures alone it mislabelled 3.4 % of these."""
    real = digits([80] * 5 + [10] * 5)
    parents = np.concatenate([np.resize(np.flatnonzero(real.labels == k), 100) for k in range(10)])
    deformed = deformed_copies(real, parents, seed=3)
    changed = augmented_copies(deformed, np.arange(len(deformed)), strength=1.0, seed=4)
    recipe = Recipe(sampling=1.0, augmentation=1.0, judges=True)
    judge = train_image_classifier(TrainingSet(real), recipe, steps=400, seed=5)
    guess = judge.probabilities(changed).argmax(axis=1)
    assert (guess != changed.labels).mean() < 0.025


def test_judging_changes_the_statistics_of_a_network_and_no_weight():
    consumed = Recipe(sampling=1.0, augmentation=1.0)
    nets = [train(r, steps=20).network for r in (consumed, replace(consumed, judges=True))]
    (_, weights), (_, others) = ([*zip(*n.named_parameters(), strict=True)] for n in nets)
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))
    means = [dict(n.named_buffers())["body.1.running_mean"] for n in nets]
    assert not torch.equal(*means)


def test_probabilities_sum_to_one_and_features_are_the_same_for_any_batch():
    classifier = train(Recipe())
    assert classifier.probabilities(TEST).sum(axis=1) == pytest.approx(np.ones(len(TEST)))
    alone = classifier.features(TEST.take([5]))
    assert classifier.features(TEST)[5] == pytest.approx(alone[0], abs=1e-4)


def test_no_strength_changes_nothing_and_more_changes_more():
    images = to_float(TEST.values)
    moved = [
        (augment(images, strength, torch.Generator().manual_seed(0)) - images).abs().mean()
        for strength in (0.0, 0.5, 1.0)
    ]
    assert moved[0] < 1e-6
    assert moved[0] < moved[1] < moved[2]


def test_bytes_survive_the_way_to_floats_and_back():
    assert (to_bytes(to_float(TEST.values)) == TEST.values).all()

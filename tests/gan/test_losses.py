import pytest
import torch

from pipeline.gan.losses import GAMES, accuracies

REAL = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
FAKE = torch.tensor([-0.7, 0.4, 1.1], dtype=torch.float64)


def test_the_relativistic_losses_equal_their_equations():
    game = GAMES["relativistic"]
    expected = -torch.log(torch.sigmoid(REAL - FAKE)).mean()
    assert game.discriminator(REAL, FAKE) == pytest.approx(float(expected))
    expected = -torch.log(torch.sigmoid(FAKE - REAL)).mean()
    assert game.generator(REAL, FAKE) == pytest.approx(float(expected))


def test_the_discriminators_loss_is_binary_cross_entropy():
    expected = -(torch.log(torch.sigmoid(REAL)).mean() + torch.log(1 - torch.sigmoid(FAKE)).mean())
    for name in ("nonsaturating", "minmax"):
        assert GAMES[name].discriminator(REAL, FAKE) == pytest.approx(float(expected))


def test_the_minmax_generator_minimises_what_the_discriminator_maximises():
    expected = torch.log(1 - torch.sigmoid(FAKE)).mean()
    assert GAMES["minmax"].generator(REAL, FAKE) == pytest.approx(float(expected))


@pytest.mark.parametrize("name", sorted(GAMES))
def test_every_generator_gains_when_its_fakes_score_higher(name):
    loss = GAMES[name].generator
    assert loss(REAL, FAKE + 1) < loss(REAL, FAKE)


def test_accuracy_is_one_half_when_the_two_are_alike_and_one_when_apart():
    logits = torch.linspace(-1, 1, 100)
    assert [float(share) for share in accuracies(logits, logits)] == [0.5, 0.5]
    assert [float(share) for share in accuracies(logits + 5, logits)] == [1.0, 1.0]

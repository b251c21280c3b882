import pytest
import torch

from pipeline.gan import averaging


def test_the_first_average_is_mostly_the_present():
    assert averaging.decay_at(0, decay=0.995) == pytest.approx(0.1)


def test_the_ramp_ends_at_the_decay():
    assert averaging.decay_at(10**6, decay=0.995) == 0.995


def test_an_update_moves_the_average_towards_the_present():
    average, current = [torch.tensor([1.0, 0.0])], [torch.tensor([3.0, 10.0])]
    averaging.update(average, current, decay=0.75)
    assert average[0].tolist() == [1.5, 2.5]

import pytest
import torch

from pipeline.gan.penalties import zero_centred


def test_the_penalty_of_a_linear_score_is_its_squared_slope():
    slope = torch.tensor([1.0, -2.0, 0.5])
    batch = torch.randn(7, 3, requires_grad=True)
    assert float(zero_centred(batch @ slope, batch)) == pytest.approx(5.25)


def test_the_penalty_can_be_differentiated_again():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    batch = torch.randn(4, 2, requires_grad=True)
    zero_centred(batch @ weight, batch).backward()
    assert weight.grad.tolist() == pytest.approx([2.0, 4.0])

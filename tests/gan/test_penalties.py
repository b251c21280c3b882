import pytest
import torch

from pipeline.gan.penalties import squared_gradient_norms


def test_the_penalty_of_a_linear_score_is_its_squared_slope():
    slope = torch.tensor([1.0, -2.0, 0.5])
    batch = torch.randn(7, 3, requires_grad=True)
    assert squared_gradient_norms(batch @ slope, batch).tolist() == pytest.approx([5.25] * 7)


def test_the_penalty_can_be_differentiated_again():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    batch = torch.randn(4, 2, requires_grad=True)
    squared_gradient_norms(batch @ weight, batch).mean().backward()
    assert weight.grad.tolist() == pytest.approx([2.0, 4.0])

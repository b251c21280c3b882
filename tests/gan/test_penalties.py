import pytest
import torch

from pipeline.gan.penalties import embedding_overlap, lecam, squared_gradient_norms


def test_the_penalty_of_a_linear_score_is_its_squared_slope():
    slope = torch.tensor([1.0, -2.0, 0.5])
    batch = torch.randn(7, 3, requires_grad=True)
    assert squared_gradient_norms(batch @ slope, batch).tolist() == pytest.approx([5.25] * 7)


def test_the_penalty_can_be_differentiated_again():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    batch = torch.randn(4, 2, requires_grad=True)
    squared_gradient_norms(batch @ weight, batch).mean().backward()
    assert weight.grad.tolist() == pytest.approx([2.0, 4.0])


def test_lecam_is_zero_where_each_side_sits_at_the_others_anchor():
    real, fake = torch.full((3,), 2.0), torch.full((3,), -1.0)
    anchors = {"real_anchor": torch.tensor(-1.0), "fake_anchor": torch.tensor(2.0)}
    assert float(lecam(real, fake, **anchors)) == 0.0
    assert float(lecam(real + 1, fake, **anchors)) == pytest.approx(1.0)


def test_orthogonal_embeddings_do_not_overlap_and_collapsed_ones_do_wholly():
    assert float(embedding_overlap(torch.eye(4) * 3)) == pytest.approx(0.0)
    assert float(embedding_overlap(torch.ones(4, 5))) == pytest.approx(1.0)

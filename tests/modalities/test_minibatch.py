import pytest
import torch

from pipeline.modalities.minibatch import class_deviation

LABELS = torch.tensor([0, 0, 0, 1, 1, 1])


def by_hand(features, groups):
    rows = []
    for row in range(len(features)):
        members = features[groups == groups[row]]
        rows.append(members.var(dim=0, unbiased=False).add(1e-6).sqrt().mean())
    return torch.stack(rows)


def test_each_sample_is_told_the_spread_of_its_own_class():
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    found = class_deviation(features, LABELS, n_classes=2, parts=1)
    assert torch.allclose(found, by_hand(features, LABELS), atol=1e-5)


def test_reals_and_fakes_of_one_forward_never_mix():
    features = torch.randn(12, 5, generator=torch.Generator().manual_seed(1))
    both = class_deviation(features, LABELS.repeat(2), n_classes=2, parts=2)
    halves = [class_deviation(half, LABELS, n_classes=2, parts=1) for half in features.chunk(2)]
    assert torch.allclose(both, torch.cat(halves), atol=1e-6)


def test_a_class_collapsed_to_one_point_shows_although_the_others_are_spread():
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    features[LABELS == 1] = 3.0
    found = class_deviation(features, LABELS, n_classes=2, parts=1)
    assert found[LABELS == 1].max() < 0.01 < found[LABELS == 0].min()


def test_a_small_spread_is_told_exactly_under_autocast():
    features = 3 + 0.05 * torch.randn(6, 200, generator=torch.Generator().manual_seed(1))
    features[LABELS == 1] = 3.0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = class_deviation(features, LABELS, n_classes=2, parts=1)
    assert torch.allclose(found, by_hand(features.double(), LABELS).float(), rtol=1e-4)


def test_the_spread_can_be_differentiated_twice():
    features = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(
        lambda values: class_deviation(values, LABELS, n_classes=2, parts=1), features
    )


def test_a_sample_alone_in_its_class_has_next_to_no_spread():
    found = class_deviation(torch.ones(1, 3) * 7, torch.tensor([1]), n_classes=2, parts=1)
    assert float(found) == pytest.approx(0.001, abs=1e-4)

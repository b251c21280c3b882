import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.modalities.image.affine import ROTATION_DEGREES, grid_of, small_affine, small_changes

CENTRE = torch.full((3, 4), 0.5)


def pictures(n=3):
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(2)) * 2 - 1


def test_pixels_are_sampled_where_torchs_own_grid_says():
    images = torch.zeros(3, 1, 5, 8)
    changes = small_changes(
        torch.rand(3, 4, generator=torch.Generator().manual_seed(1)), images.shape
    )
    expected = F.affine_grid(changes, list(images.shape), align_corners=False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.allclose(grid_of(changes, images), expected, atol=1e-6)


def test_strength_zero_changes_nothing():
    images = pictures()
    assert small_affine(images, torch.rand(3, 4), strength=0.0) is images


def test_the_middle_of_every_range_changes_nothing():
    assert torch.allclose(small_affine(pictures(), CENTRE, strength=1.0), pictures(), atol=1e-5)


def test_each_picture_has_a_strength_of_its_own():
    images, uniform = pictures(), torch.rand(3, 4, generator=torch.Generator().manual_seed(3))
    mixed = small_affine(images, uniform, strength=torch.tensor([0.0, 1.0, 2.0]))
    assert torch.allclose(mixed[0], images[0], atol=1e-5)
    assert torch.allclose(mixed[1], small_affine(images, uniform, strength=1.0)[1], atol=1e-5)
    assert torch.allclose(mixed[2], small_affine(images, uniform, strength=2.0)[2], atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (9, 31), (31, 9)])
def test_a_turn_keeps_right_angles_whatever_the_sides(height, width):
    """Where the pixels one to the right and one below are sampled from, in pixels."""
    shape = torch.Size((1, 1, height, width))
    turned = torch.tensor([[1.0, 0.5, 0.5, 0.5]])
    matrix = small_changes(turned, shape)[0, :, :2].double()
    sides = torch.tensor([width, height], dtype=torch.float64)
    right, below = (matrix * sides[:, None] / sides[None, :]).T
    angle = math.radians(ROTATION_DEGREES)
    assert torch.allclose(right, torch.tensor([math.cos(angle), math.sin(angle)]).double())
    assert torch.allclose(below, torch.tensor([-math.sin(angle), math.cos(angle)]).double())


def test_a_shift_moves_the_picture_by_its_share_of_the_width():
    images = torch.full((1, 1, 20, 20), -1.0)
    images[0, 0, 10, 10] = 1.0
    # The end of the range: a shift of 5 % of 20 px is one pixel.
    shifted = small_affine(images, torch.tensor([[0.5, 0.5, 1.0, 0.5]]), strength=1.0)
    assert int(shifted[0, 0, 10].argmax()) == 9


def test_the_gradient_flows_back_to_the_picture():
    images = pictures().requires_grad_()
    small_affine(images, torch.rand(3, 4), strength=1.0).sum().backward()
    assert float(images.grad.abs().sum()) > 0

import pytest
import torch
import torch.nn.functional as F

from pipeline.modalities.image.morph import GRID_CELLS, deform, find_deformations


def bars(*centres_px, side_px=20):
    """White upright bars on black, soft at their edges."""
    columns = torch.arange(side_px).float()
    rows = [torch.exp(-((columns - centre) ** 2) / 4) * 2 - 1 for centre in centres_px]
    return torch.stack(rows)[:, None, None, :].repeat(1, 1, side_px, 1)


def centre_of(image):
    light = (image + 1).mean(dim=(0, 1))
    return float((light * torch.arange(len(light))).sum() / light.sum())


def spread_of(image):
    light = (image + 1).mean(dim=(0, 1))
    distance = torch.arange(len(light)) - centre_of(image)
    return float((light * distance**2).sum() / light.sum())


def test_no_displacement_gives_the_picture_itself():
    still = torch.zeros(2, 2, GRID_CELLS, GRID_CELLS)
    assert torch.allclose(deform(bars(5, 9), still), bars(5, 9), atol=1e-5)


def test_displacements_between_the_cells_are_torchs_bicubic_ones():
    images = torch.rand(2, 1, 9, 12, generator=torch.Generator().manual_seed(1))
    coarse = torch.rand(2, 2, GRID_CELLS, GRID_CELLS, generator=torch.Generator().manual_seed(2))
    fine = F.interpolate(coarse / 5, (9, 12), mode="bicubic", align_corners=True)
    grid = F.affine_grid(torch.eye(2, 3).expand(2, 2, 3), [2, 1, 9, 12], align_corners=False)
    expected = F.grid_sample(
        images, grid + fine.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )
    assert torch.allclose(deform(images, coarse / 5), expected, atol=1e-5)


def test_a_deformation_carries_a_picture_into_the_other():
    displacements, left = find_deformations(bars(7), bars(11))
    assert float(left) < 0.1
    assert centre_of(deform(bars(7), displacements)[0]) == pytest.approx(11, abs=0.5)


def test_equal_pictures_need_no_displacement():
    displacements, _ = find_deformations(bars(9), bars(9))
    assert float(displacements.abs().max()) < 1e-3


def test_where_there_is_nothing_to_move_the_whole_difference_is_left():
    _, left = find_deformations(-torch.ones(1, 1, 20, 20), bars(9))
    assert float(left) == pytest.approx(1.0)


def test_half_way_is_one_bar_in_the_middle_where_a_blend_is_wider():
    first, second = bars(8), bars(12)
    forth, back = find_deformations(first, second)[0], find_deformations(second, first)[0]
    met = ((deform(first, forth / 2) + deform(second, back / 2)) / 2)[0]
    assert 8.5 < centre_of(met) < 11.5
    assert spread_of(met) < spread_of(((first + second) / 2)[0])


def test_a_change_beside_a_deformation_moves_the_picture_once_more():
    still, shift = torch.zeros(1, 2, GRID_CELLS, GRID_CELLS), torch.eye(2, 3)[None].clone()
    shift[0, 0, 2] = -0.2  # of half a side: the picture goes 2 pixels to the right
    assert centre_of(deform(bars(9), still, changes=shift)[0]) == pytest.approx(11, abs=0.1)


def test_bicubic_sampling_keeps_a_picture_sharper_than_bilinear():
    still, shift = torch.zeros(1, 2, GRID_CELLS, GRID_CELLS), torch.eye(2, 3)[None].clone()
    shift[0, 0, 2] = -0.05
    soft, sharp = (deform(bars(9), still, changes=shift, mode=m) for m in ("bilinear", "bicubic"))
    assert spread_of(sharp[0]) < spread_of(soft[0])


def test_no_pairs_give_no_deformations():
    displacements, left = find_deformations(torch.zeros(0, 1, 20, 20), torch.zeros(0, 1, 20, 20))
    assert displacements.shape == (0, 2, GRID_CELLS, GRID_CELLS)
    assert left.shape == (0,)

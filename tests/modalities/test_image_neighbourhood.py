import pytest
import torch

from pipeline.modalities.image import neighbourhood as own
from pipeline.modalities.image.neighbourhood import PictureNeighbourhood


def pictures(side_px, *, n=24):
    """Soft spots at random places: uint8 pictures, the first 18 common, the others rare."""
    stream = torch.Generator().manual_seed(1)
    middle = side_px * (0.35 + 0.3 * torch.rand(n, 2, 1, generator=stream))
    axis = torch.arange(side_px).float()
    light = torch.exp(-((axis - middle) ** 2) / side_px)
    images = (light[:, 0, :, None] * light[:, 1, None, :] * 255).to(torch.uint8)
    return images[:, None], torch.tensor([0] * 18 + [1] * (n - 18))


def neighbourhood(side_px, *, images=None, **change):
    found, labels = pictures(side_px)
    told = {"rarity": torch.tensor([0.0, 0.8]), "strength": 0.0, "towards": 0.0, "lending": 0.0}
    return PictureNeighbourhood(found if images is None else images, labels, **(told | change))


def enriched(part, rows, *, seed=3):
    _, labels = pictures(8)
    rows = torch.tensor(rows)
    return part.enrich(rows, labels[rows], torch.Generator().manual_seed(seed))


def plain(side_px, rows):
    return pictures(side_px)[0][torch.tensor(rows)].float() / 127.5 - 1


EVERY_PART = [{"strength": 0.8}, {"towards": 0.5}, {"lending": 0.7}]


@pytest.mark.parametrize("side_px", [8, 20])
def test_a_common_class_is_left_as_it_is(side_px):
    part = neighbourhood(side_px, strength=0.8, towards=0.5, lending=0.7)
    assert torch.allclose(enriched(part, [0, 5]), plain(side_px, [0, 5]))


@pytest.mark.parametrize("change", EVERY_PART, ids=lambda change: next(iter(change)))
def test_each_part_changes_a_rare_picture_and_keeps_its_range(change):
    moved = enriched(neighbourhood(20, **change), [19, 22])
    assert not torch.allclose(moved, plain(20, [19, 22]), atol=1e-2)
    assert float(moved.abs().max()) <= 1.0


def test_with_every_part_switched_off_a_rare_picture_stays_itself():
    assert torch.allclose(enriched(neighbourhood(20), [19]), plain(20, [19]), atol=1e-5)


def test_small_pictures_lie_on_the_line_to_a_neighbour_of_their_class():
    images, _ = pictures(8)
    moved = enriched(neighbourhood(8, towards=0.5), [20])[0].flatten()
    start = plain(8, [20])[0].flatten()
    others = images[18:].float().flatten(1) / 127.5 - 1
    towards = others - start
    along = (towards @ (moved - start)) / towards.square().sum(dim=1).clamp_min(1e-9)
    away = (start + along[:, None] * towards - moved).norm(dim=1)
    assert float(away.min()) < 1e-4


def test_a_class_of_one_picture_has_no_neighbour_to_go_to():
    images, labels = pictures(8)
    alone = torch.tensor([*range(18), 18])
    part = PictureNeighbourhood(
        images[alone],
        labels[alone],
        rarity=torch.tensor([0.0, 0.8]),
        strength=0.0,
        towards=0.5,
        lending=0.0,
    )
    assert torch.allclose(
        part.enrich(torch.tensor([18]), torch.tensor([1]), torch.Generator().manual_seed(0)),
        plain(8, [18]),
    )


def test_no_common_class_lends_nothing():
    part = neighbourhood(20, rarity=torch.tensor([0.5, 0.5]), lending=0.7)
    assert torch.allclose(enriched(part, [19]), plain(20, [19]), atol=1e-5)


def test_the_same_stream_gives_the_same_pictures():
    first, second = (neighbourhood(20, towards=0.5, lending=0.7) for _ in range(2))
    assert torch.equal(enriched(first, [19, 23]), enriched(second, [19, 23]))


def test_no_light_of_another_class_comes_over():
    # A rare class of black pictures beside a common one of spots.
    images, _ = pictures(20)
    images = images.clone()
    images[18:] = 0
    part = neighbourhood(20, images=images, strength=0.8, towards=0.5, lending=0.7)
    assert float(enriched(part, [19, 20, 21]).max()) == pytest.approx(-1.0, abs=1e-4)


def test_however_many_rows_no_more_ways_are_sought_than_the_bound(monkeypatch):
    asked = []

    def noting(sources, _targets):
        asked.append(len(sources))
        return torch.zeros(len(sources), 2, 6, 6), torch.zeros(len(sources))

    monkeypatch.setattr(own, "find_deformations", noting)
    images = torch.zeros(2000, 1, 16, 16, dtype=torch.uint8)
    labels = torch.tensor([0, 1]).repeat(1000)
    PictureNeighbourhood(
        images, labels, rarity=torch.ones(2), strength=0.0, towards=0.5, lending=0.0
    )
    assert asked
    assert max(asked) <= own.MOST_PAIRS


def test_a_class_may_be_enriched_and_lend_at_once():
    everyone = torch.tensor([True, True])
    part = neighbourhood(20, rarity=torch.tensor([0.5, 0.5]), lending=0.7, lenders=everyone)
    assert not torch.allclose(enriched(part, [19]), plain(20, [19]), atol=1e-3)

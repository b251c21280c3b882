import pytest
import torch

from pipeline.modalities.image.convolutional import (
    ConvolutionalDiscriminator,
    ConvolutionalGenerator,
    levels_of,
)
from pipeline.modalities.image.design import ImageDesign


def design_of(side_px):
    return ImageDesign(
        kind="convolutional",
        shape=(side_px, side_px, 3),
        n_classes=2,
        width=16,
        latent_dim=8,
        embedding_dim=4,
    )


def generator_of(side_px):
    torch.manual_seed(0)
    return ConvolutionalGenerator(design_of(side_px))


@pytest.mark.parametrize("side_px", [13, 28, 32, 64, 128])
def test_the_smallest_grid_is_between_4_and_8_pixels(side_px):
    assert 4 <= -(-side_px // 2 ** levels_of(side_px, side_px)) <= 8


@pytest.mark.parametrize("side_px", [13, 64, 128])
def test_sizes_from_13_to_128_pixels_go_through_both_networks(side_px):
    labels = torch.tensor([0, 1])
    with torch.no_grad():
        images = generator_of(side_px)(torch.randn(2, 8), labels)
        discriminator = ConvolutionalDiscriminator(design_of(side_px))
        assert images.shape == (2, 3, side_px, side_px)
        assert discriminator(images, labels).shape == (2,)


def test_an_untrained_generator_draws_no_checkerboard():
    """Energy at the pixel frequency, relative to a smooth picture's, stays small."""
    with torch.no_grad():
        images = generator_of(32)(torch.randn(64, 8), torch.zeros(64, dtype=torch.long))
    sign = torch.tensor([1.0, -1.0]).repeat(16)
    checker = (images * sign[:, None] * sign[None, :]).mean(dim=(2, 3)).abs().mean()
    assert checker < 0.02 * images.std(dim=(2, 3)).mean()

import pytest
import torch
import torch.nn.functional as F

from pipeline.modalities.image_convolutional import (
    LEAST_SLOPE,
    Bounded,
    ConvolutionalDiscriminator,
    ConvolutionalGenerator,
    GrowingConvolution,
    levels_of,
)
from pipeline.modalities.image_design import ImageDesign


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


def test_a_growing_convolution_is_a_convolution_of_repeated_pixels():
    torch.manual_seed(0)
    layer, small = GrowingConvolution(3, 5), torch.randn(2, 3, 7, 6)
    repeated = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    expected = F.conv2d(repeated, layer.weight, layer.bias, padding=1)
    assert torch.allclose(layer(small), expected, atol=1e-6)


def test_an_untrained_generator_draws_no_checkerboard():
    """Energy at the pixel frequency, relative to a smooth picture's, stays small."""
    with torch.no_grad():
        images = generator_of(32)(torch.randn(64, 8), torch.zeros(64, dtype=torch.long))
    sign = torch.tensor([1.0, -1.0]).repeat(16)
    checker = (images * sign[:, None] * sign[None, :]).mean(dim=(2, 3)).abs().mean()
    assert checker < 0.02 * images.std(dim=(2, 3)).mean()


def test_without_conditioning_the_class_does_not_matter():
    generator = generator_of(32)
    generator.conditioning = 0.0
    latent = torch.randn(1, 8)
    with torch.no_grad():
        pictures = [generator(latent, torch.tensor([label])) for label in (0, 1)]
    assert torch.equal(*pictures)


def test_bounded_values_are_those_of_tanh():
    values = torch.linspace(-30, 30, 61)
    assert torch.equal(Bounded.apply(values), torch.tanh(values))


def test_a_pixel_at_the_end_of_its_range_can_be_told_to_come_back_and_not_to_go_further():
    values = torch.tensor([-30.0, -30.0, 0.0, 0.0, 30.0, 30.0], requires_grad=True)
    # A descent along a gradient below 0 makes the value larger.
    Bounded.apply(values).backward(torch.tensor([-1.0, 1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad.tolist() == pytest.approx([-LEAST_SLOPE, 0, -1, 1, LEAST_SLOPE, 0])

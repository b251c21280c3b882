import pytest
import torch
import torch.nn.functional as F

from pipeline.modalities.image.layers import (
    LEAST_SLOPE,
    Bounded,
    GrowingConvolution,
    ThinConvolution,
)


def grown(layer, small):
    """What a growing convolution is, as it is usually written."""
    repeated = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return F.conv2d(repeated, layer.weight, layer.bias, padding=1)


def thin(layer, wide):
    return F.conv2d(wide, layer.weight, layer.bias, padding=1)


# A layer, what it is as it is usually written, and a batch.
LAYERS = {
    "growing": (GrowingConvolution, 5, grown),
    "thin, grey": (ThinConvolution, 1, thin),
    "thin, colour": (ThinConvolution, 3, thin),
}


@pytest.mark.parametrize("last", [False, True], ids=["planes first", "planes last"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_gradients_are_those_of_a_plain_convolution(name, last):
    kind, after, plain = LAYERS[name]
    torch.manual_seed(0)
    layer = kind(4, after)
    batch = torch.randn(2, 4, 7, 6, requires_grad=True)
    found = layer(batch.contiguous(memory_format=torch.channels_last) if last else batch)
    expected = plain(layer, batch)
    assert torch.allclose(found, expected, atol=1e-6)
    weights = torch.randn_like(found)
    inputs = (batch, *layer.parameters())
    gradients = torch.autograd.grad(found, inputs, weights)
    references = torch.autograd.grad(expected, inputs, weights)
    for gradient, reference in zip(gradients, references, strict=True):
        assert torch.allclose(gradient, reference, atol=1e-4)


def test_a_thin_convolution_in_bf16_is_as_near_as_torchs_own():
    torch.manual_seed(0)
    layer, wide = ThinConvolution(16, 1), torch.randn(8, 16, 28, 28)
    exact = thin(layer, wide)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        own, torchs = layer(wide.bfloat16()), thin(layer, wide).float()
    assert own.dtype == torch.float32
    assert (own - exact).abs().mean() < 1.1 * (torchs - exact).abs().mean()


def test_bounded_values_are_those_of_tanh():
    values = torch.linspace(-30, 30, 61)
    assert torch.equal(Bounded.apply(values), torch.tanh(values))


def test_a_pixel_at_the_end_of_its_range_can_be_told_to_come_back_and_not_to_go_further():
    values = torch.tensor([-30.0, -30.0, 0.0, 0.0, 30.0, 30.0], requires_grad=True)
    # A descent along a gradient below 0 makes the value larger.
    Bounded.apply(values).backward(torch.tensor([-1.0, 1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad.tolist() == pytest.approx([-LEAST_SLOPE, 0, -1, 1, LEAST_SLOPE, 0])

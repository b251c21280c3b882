"""Layers of the convolutional networks that torch has not, or has only slowly on a CPU."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# That of tanh half a grey level from the end of its range: what it bends is not to be seen.
LEAST_SLOPE = 0.008


class Bounded(torch.autograd.Function):
    """tanh, whose slope is nowhere less than `LEAST_SLOPE` on the way back to 0.

    A generator that once has every pixel at the very end of its range, black for instance, is told
    by tanh's own slope of 0 to stay there. Outwards nothing is changed: a slope that never ends
    would drive values out for ever.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        bounded = torch.tanh(values)
        ctx.save_for_backward(bounded)
        return bounded

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (bounded,) = ctx.saved_tensors
        slope = 1 - bounded.square()
        inwards = gradient * bounded > 0
        return gradient * torch.where(inwards, slope.clamp_min(LEAST_SLOPE), slope)


class Biased(torch.autograd.Function):
    """Values to which a bias has been added already, told so for the sake of its gradient.

    A transposed convolution adds its bias for nothing, but on a CPU torch 2.13 takes longer over
    the bias's gradient than over the two others together.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, bias: Tensor) -> Tensor:
        ctx.kind = bias.dtype
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        return gradient, gradient.sum(dim=(0, 2, 3), dtype=ctx.kind)


class GrowingConvolution(nn.Conv2d):
    """A 3×3 convolution of a picture whose pixels were repeated into 2×2, at 4/9 of the work.

    The repeated pixels need never be there: the two steps together are one transposed convolution
    whose 4×4 kernel is the sum of the 3×3 kernel's four shifts by one pixel. No other transposed
    convolution can come of it, so that there is no checkerboard either.
    """

    shifts: Tensor

    def __init__(self, before: int, after: int):
        super().__init__(before, after, 3, 1, 1)
        # Along one side, cell k of the 4 is the sum of cells 3 − k and 2 − k of the 3.
        side = torch.tensor([[0.0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]])
        self.register_buffer("shifts", torch.kron(side, side), persistent=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """[n, before, height, width] → [n, after, 2 · height, 2 · width]."""
        kernel = (self.weight.flatten(2) @ self.shifts).view(*self.weight.shape[:2], 4, 4)
        kernel = kernel.transpose(0, 1)
        assert self.bias is not None
        grown = F.conv_transpose2d(hidden, kernel, self.bias.detach(), stride=2, padding=1)
        biased: Tensor = Biased.apply(grown, self.bias)  # type: ignore[no-untyped-call]
        return biased


class ThinConvolution(nn.Conv2d):
    """A 3×3 convolution to as few planes as a picture has, at half the time on a CPU.

    There a convolution works on 16 planes at a time, however few it is asked for.
    """

    def __init__(self, before: int, after: int):
        super().__init__(before, after, 3, 1, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """[n, before, height, width] → float32 [n, after, height, width]."""
        assert self.bias is not None
        if hidden.device.type != "cpu":
            return super().forward(hidden).float()
        weight = self.weight.to(hidden.dtype)
        thin: Tensor = ByTaps.apply(hidden, weight)  # type: ignore[no-untyped-call]
        return thin + self.bias[:, None, None]


class ByTaps(torch.autograd.Function):
    """A 3×3 convolution as one matrix product for all nine taps, whose planes are then summed.

    Takes [n, before, height, width] and [after, before, 3, 3] of one dtype; the sums are float32.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(hidden, weight)
        n, before, height, width = hidden.shape
        rows = hidden.permute(0, 2, 3, 1).reshape(-1, before)
        taps = weight.permute(2, 3, 0, 1).reshape(-1, before)
        products = (taps @ rows.T).view(3, 3, -1, n, height, width)
        total = products.new_zeros(products.shape[2], n, height + 2, width + 2, dtype=torch.float32)
        for down in range(3):
            for right in range(3):
                window = _window(total, 2 - down, 2 - right)
                window += products[down, right]
        return _window(total, 1, 1).transpose(0, 1).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        hidden, weight = ctx.saved_tensors
        n, before, height, width = hidden.shape
        padded = F.pad(gradient.to(hidden.dtype).transpose(0, 1), (1, 1, 1, 1))
        windows = [_window(padded, 2 - down, 2 - right) for down in range(3) for right in range(3)]
        products = torch.stack(windows).flatten(2).flatten(0, 1)
        taps = weight.permute(2, 3, 0, 1).reshape(-1, before)
        of_rows = (products.T @ taps).view(n, height, width, before)
        of_taps = products @ hidden.permute(0, 2, 3, 1).reshape(-1, before)
        return of_rows.permute(0, 3, 1, 2), of_taps.view(3, 3, -1, before).permute(2, 3, 0, 1)


def _window(padded: Tensor, down: int, right: int) -> Tensor:
    """All but two rows and two columns of the last two sides, beginning at `down` and `right`."""
    height, width = padded.shape[-2] - 2, padded.shape[-1] - 2
    return padded[..., down : down + height, right : right + width]

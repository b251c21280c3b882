"""The Inception network of published FID values, from a weights file that the user brings.

The file is torch-fidelity's weights-inception-2015-12-05-6726825d.pth. That package itself
unpickles it, which could run code, and needs torchvision, which cannot be had beside every torch;
so the network is built here, by the same names, and the file is read by torch's restricted reader,
which builds tensors and nothing else. With random weights both give the same features.

Source: Szegedy et al. 2016, arXiv:1512.00567; for FID, Heusel et al. 2017, arXiv:1706.08500.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.errors import ParamsError

SIDE_PX = 299
BATCH_IMAGES = 16
EPSILON = 1e-3
NORMALISATION = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Unit:
    """A convolution with batch normalisation; `size` is its kernel, "3x3" or with a stride "3x3/2".

    A stride of two, and a "!", leave the borders out; otherwise the picture keeps its size.
    """

    name: str
    width: int
    size: str

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the kernel, in pixels."""
        high, wide = self.size.rstrip("!").split("/")[0].split("x")
        return int(high), int(wide)

    @property
    def stride(self) -> int:
        """In pixels."""
        return 2 if self.size.endswith("/2") else 1

    @property
    def padding(self) -> tuple[int, int]:
        """In pixels; none with a stride or a "!"."""
        high, wide = self.kernel
        is_bare = self.stride == 2 or self.size.endswith("!")
        return (0, 0) if is_bare else (high // 2, wide // 2)


# A branch is a chain of units; a tuple inside it stands for units side by side.
Branch = tuple[Unit | tuple[Unit, ...], ...]


@dataclass(frozen=True)
class Block:
    """Branches side by side, and one that pools: by mean, by maximum, or to half size."""

    name: str
    branches: tuple[Branch, ...]
    pool: str
    pool_width: int = 0


STEM = (
    Unit("Conv2d_1a_3x3", 32, "3x3/2"),
    Unit("Conv2d_2a_3x3", 32, "3x3!"),
    Unit("Conv2d_2b_3x3", 64, "3x3"),
    None,
    Unit("Conv2d_3b_1x1", 80, "1x1"),
    Unit("Conv2d_4a_3x3", 192, "3x3!"),
    None,
)


def _chain(name: str, *steps: tuple[int, str]) -> Branch:
    return tuple(Unit(f"{name}_{n}", *step) for n, step in enumerate(steps, start=1))


def _at_35_px(name: str, pool_width: int) -> Block:
    branches = (
        (Unit("branch1x1", 64, "1x1"),),
        _chain("branch5x5", (48, "1x1"), (64, "5x5")),
        _chain("branch3x3dbl", (64, "1x1"), (96, "3x3"), (96, "3x3")),
    )
    return Block(name, branches, "mean", pool_width)


def _at_17_px(name: str, inner: int) -> Block:
    wide, high = (inner, "1x7"), (inner, "7x1")
    branches = (
        (Unit("branch1x1", 192, "1x1"),),
        _chain("branch7x7", (inner, "1x1"), wide, (192, "7x1")),
        _chain("branch7x7dbl", (inner, "1x1"), high, wide, high, (192, "1x7")),
    )
    return Block(name, branches, "mean", 192)


def _at_8_px(name: str, pool: str) -> Block:
    def fork(stem: str) -> tuple[Unit, ...]:
        return Unit(f"{stem}a", 384, "1x3"), Unit(f"{stem}b", 384, "3x1")

    branches = (
        (Unit("branch1x1", 320, "1x1"),),
        (Unit("branch3x3_1", 384, "1x1"), fork("branch3x3_2")),
        (*_chain("branch3x3dbl", (448, "1x1"), (384, "3x3")), fork("branch3x3dbl_3")),
    )
    return Block(name, branches, pool, 192)


BLOCKS = (
    _at_35_px("Mixed_5b", 32),
    _at_35_px("Mixed_5c", 64),
    _at_35_px("Mixed_5d", 64),
    Block(
        "Mixed_6a",
        (
            (Unit("branch3x3", 384, "3x3/2"),),
            _chain("branch3x3dbl", (64, "1x1"), (96, "3x3"), (96, "3x3/2")),
        ),
        "half",
    ),
    _at_17_px("Mixed_6b", 128),
    _at_17_px("Mixed_6c", 160),
    _at_17_px("Mixed_6d", 160),
    _at_17_px("Mixed_6e", 192),
    Block(
        "Mixed_7a",
        (
            _chain("branch3x3", (192, "1x1"), (320, "3x3/2")),
            _chain("branch7x7x3", (192, "1x1"), (192, "1x7"), (192, "7x1"), (192, "3x3/2")),
        ),
        "half",
    ),
    _at_8_px("Mixed_7b", "mean"),
    # The published network takes the maximum here, against its paper; so do all published values.
    _at_8_px("Mixed_7c", "max"),
)


class InceptionFeatures:
    """The 2,048 features before the last layer, of weights by their names in the file."""

    def __init__(self, weights: Mapping[str, Tensor]):
        self._weights = weights

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features float64 [n, 2048] of images uint8 [n, height, width, 1 or 3]; grey is tripled.

        Pictures are scaled to 299 px as torchmetrics does (bilinear, with antialiasing).
        """
        parts = [
            self._features(images[start : start + BATCH_IMAGES])
            for start in range(0, len(images), BATCH_IMAGES)
        ]
        return np.concatenate(parts).astype(np.float64)

    @torch.no_grad()
    def _features(self, images: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float()
        # Laid out alike whatever it came from: another layout is another order of additions.
        x = x.expand(-1, 3, -1, -1).contiguous()
        x = functional.interpolate(x, size=(SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)
        x = (x - 128) / 128
        for unit in STEM:
            x = functional.max_pool2d(x, 3, 2) if unit is None else self._convolve(x, "", unit)
        for block in BLOCKS:
            x = self._block(x, block)
        return np.asarray(x.mean(dim=(2, 3)))

    def _block(self, x: Tensor, block: Block) -> Tensor:
        return torch.cat(
            [
                *(self._branch(x, f"{block.name}.", branch) for branch in block.branches),
                self._pool(x, block),
            ],
            dim=1,
        )

    def _branch(self, x: Tensor, prefix: str, branch: Branch) -> Tensor:
        for step in branch:
            side_by_side = step if isinstance(step, tuple) else (step,)
            x = torch.cat([self._convolve(x, prefix, unit) for unit in side_by_side], dim=1)
        return x

    def _pool(self, x: Tensor, block: Block) -> Tensor:
        if block.pool == "half":
            return functional.max_pool2d(x, 3, 2)
        if block.pool == "max":
            pooled = functional.max_pool2d(x, 3, 1, padding=1)
        else:
            pooled = functional.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False)
        unit = Unit("branch_pool", block.pool_width, "1x1")
        return self._convolve(pooled, f"{block.name}.", unit)

    def _convolve(self, x: Tensor, prefix: str, unit: Unit) -> Tensor:
        name, weights = f"{prefix}{unit.name}", self._weights
        x = functional.conv2d(
            x, weights[f"{name}.conv.weight"], stride=unit.stride, padding=unit.padding
        )
        scale, shift, mean, variance = (weights[f"{name}.bn.{part}"] for part in NORMALISATION)
        x = functional.batch_norm(x, mean, variance, scale, shift, eps=EPSILON)
        return functional.relu(x)


def load_inception(path: Path) -> tuple[InceptionFeatures, str]:
    """The network with the weights of a file, and the file's SHA-256.

    Raises:
        ParamsError: there is no such file, or it holds other things than these weights.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParamsError(
            f"The Inception weights {path} cannot be read ({error.strerror}). Correct "
            "`trial.inception_weights`, or remove it to use the domain network."
        ) from None
    weights = _read(path)
    wrong = [
        name
        for name, shape in expected_shapes()
        if getattr(weights.get(name), "shape", None) != torch.Size(shape)
    ]
    if wrong:
        raise ParamsError(
            f"{path} holds no weights of the Inception network of FID: {wrong[0]!r} is missing or "
            f"of another shape, and so are {len(wrong) - 1} more. Expected is torch-fidelity's "
            "weights-inception-2015-12-05-6726825d.pth; correct `trial.inception_weights`, or "
            "remove it to use the domain network."
        )
    return InceptionFeatures(weights), hashlib.sha256(content).hexdigest()


def expected_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor that the features need, in the order of their use."""
    width = 3
    for unit in STEM:
        if unit is not None:
            yield from _shapes(unit.name, width, unit)
            width = unit.width
    for block in BLOCKS:
        widths = []
        for branch in block.branches:
            inner = width
            for step in branch:
                side_by_side = step if isinstance(step, tuple) else (step,)
                for unit in side_by_side:
                    yield from _shapes(f"{block.name}.{unit.name}", inner, unit)
                inner = sum(unit.width for unit in side_by_side)
            widths.append(inner)
        if block.pool_width:
            pool = Unit("branch_pool", block.pool_width, "1x1")
            yield from _shapes(f"{block.name}.branch_pool", width, pool)
        width = sum(widths) + (block.pool_width or width)


def _shapes(name: str, width: int, unit: Unit) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.conv.weight", (unit.width, width, *unit.kernel)
    for part in NORMALISATION:
        yield f"{name}.bn.{part}", (unit.width,)


def _read(path: Path) -> dict[str, Any]:
    try:
        # Tensors and nothing else: whatever else the file names is refused, not run.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ParamsError(
            f"{path} is no file of weights ({type(error).__name__}). Expected is torch-fidelity's "
            "weights-inception-2015-12-05-6726825d.pth; correct `trial.inception_weights`, or "
            "remove it to use the domain network."
        ) from None
    return content if isinstance(content, dict) else {}

"""What fixes the shapes of a pair of picture networks."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.errors import ParamsError
from pipeline.outside import read_outside_json

Kind = Literal["mlp", "convolutional", "vanilla", "dcgan", "cvae"]

# A generator that somebody else trained may name any sizes; larger ones are no networks of ours.
Size = Annotated[int, Field(ge=1, le=2**16)]

# On 8×8 an MLP beat convolutions at six times the speed; they need room to slide.
LARGEST_MLP_PX = 12


@dataclass(frozen=True)
class ImageDesign:
    """Everything that fixes the two networks' shapes; stored beside the weights.

    Attributes:
        shape: (height, width, channels) in pixels.
        width: Units of a hidden layer, or planes at the finest resolution.
        deviation: Whether the discriminator sees the spread within a class.
    """

    kind: Kind
    shape: tuple[Size, Size, Size]
    n_classes: Size
    width: Size
    latent_dim: Size
    embedding_dim: Size
    deviation: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Any) -> "ImageDesign":
        """The design that `to_json` told.

        Raises:
            ArtifactError: the content is of another format.
        """
        return read_outside_json(
            json.dumps(content),
            cls,
            where="the generator's design",
            way_out="Train the generator again.",
        )


@dataclass(frozen=True)
class _Sizes:
    width: int
    latent_dim: int
    embedding_dim: int


# kind → sizes. Those of the references are the published ones, or the tutorials' where the paper
# gives none.
_SIZES: dict[Kind, _Sizes] = {
    "mlp": _Sizes(width=256, latent_dim=32, embedding_dim=16),
    "convolutional": _Sizes(width=32, latent_dim=64, embedding_dim=32),
    "vanilla": _Sizes(width=512, latent_dim=100, embedding_dim=10),
    "dcgan": _Sizes(width=64, latent_dim=100, embedding_dim=50),
    "cvae": _Sizes(width=512, latent_dim=20, embedding_dim=10),
}

_KINDS: dict[str, Kind] = {kind: kind for kind in _SIZES}


def natural_kind(shape: tuple[int, int, int]) -> Kind:
    """The kind of our own networks for pictures of this size."""
    return "mlp" if max(shape[:2]) <= LARGEST_MLP_PX else "convolutional"


def choose_design(
    shape: tuple[int, int, int],
    *,
    n_classes: int,
    networks: str = "auto",
    width: int | None = None,
    deviation: bool = True,
) -> ImageDesign:
    """The networks for pictures of this size, unless a kind is named.

    Raises:
        ParamsError: there is no such kind.
    """
    kind = natural_kind(shape) if networks == "auto" else _KINDS.get(networks)
    if kind is None:
        raise ParamsError(f"There are no {networks} networks for images; take {', '.join(_KINDS)}.")
    sizes = _SIZES[kind]
    return ImageDesign(
        kind=kind,
        shape=shape,
        n_classes=n_classes,
        width=width or sizes.width,
        latent_dim=sizes.latent_dim,
        embedding_dim=sizes.embedding_dim,
        deviation=deviation,
    )

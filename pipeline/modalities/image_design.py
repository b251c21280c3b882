"""What fixes the shapes of a pair of picture networks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.errors import ArtifactError

Kind = Literal["mlp", "convolutional", "vanilla", "dcgan", "cvae"]

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
    shape: tuple[int, int, int]
    n_classes: int
    width: int
    latent_dim: int
    embedding_dim: int
    deviation: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "ImageDesign":
        """The design that `to_json` told.

        Raises:
            ArtifactError: the content is of another format.
        """
        try:
            height, width, channels = content["shape"]
            return cls(**{**content, "shape": (height, width, channels)})
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"The generator's design cannot be read ({error}). Train the generator again."
            ) from None


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


def natural_kind(shape: tuple[int, int, int]) -> Kind:
    """The kind of our own networks for pictures of this size."""
    return "mlp" if max(shape[:2]) <= LARGEST_MLP_PX else "convolutional"


def choose_design(
    shape: tuple[int, int, int],
    *,
    n_classes: int,
    networks: Kind | Literal["auto"] = "auto",
    width: int | None = None,
    deviation: bool = True,
) -> ImageDesign:
    """The networks for pictures of this size, unless a kind is named."""
    kind = natural_kind(shape) if networks == "auto" else networks
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

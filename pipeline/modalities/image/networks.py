"""The pairs of picture networks by kind, built from a design."""

from torch import nn

from pipeline.modalities.image.convolutional import (
    ConvolutionalDiscriminator,
    ConvolutionalGenerator,
)
from pipeline.modalities.image.cvae import CvaeDecoder, CvaeEncoder
from pipeline.modalities.image.dcgan import DcganDiscriminator, DcganGenerator
from pipeline.modalities.image.design import ImageDesign, Kind
from pipeline.modalities.image.mlp import MlpDiscriminator, MlpGenerator
from pipeline.modalities.image.vanilla import VanillaDiscriminator, VanillaGenerator

# kind → generator, and its companion: a discriminator, or the encoder of an autoencoder.
PAIRS: dict[Kind, tuple[type[nn.Module], type[nn.Module]]] = {
    "mlp": (MlpGenerator, MlpDiscriminator),
    "convolutional": (ConvolutionalGenerator, ConvolutionalDiscriminator),
    "vanilla": (VanillaGenerator, VanillaDiscriminator),
    "dcgan": (DcganGenerator, DcganDiscriminator),
    "cvae": (CvaeDecoder, CvaeEncoder),
}


def build_networks(design: ImageDesign) -> tuple[nn.Module, nn.Module]:
    """A fresh generator and companion, from torch's current random state."""
    generator, companion = PAIRS[design.kind]
    return generator(design), companion(design)

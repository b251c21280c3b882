"""Images as a kind of data: what the pipeline asks of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.modalities.contract import SHEET_COLUMNS, Encoder, Fitted, Mix, RowMaker
from pipeline.modalities.effort import Effort
from pipeline.modalities.image import rows
from pipeline.modalities.image.columns import Pixels, mirrored, shifted
from pipeline.modalities.image.design import ImageDesign, choose_design, natural_kind
from pipeline.modalities.image.effort import effort_of
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import ClassifierName, GeneratorName, TrialPreset
from pipeline.results import Origin, RareValue
from pipeline.samples import Samples, Schema

if TYPE_CHECKING:
    from pipeline.modalities.image.domain import ImageDomain

# Some members of a teacher see all classes equally often, one corrects for the prior in the loss,
# so that their errors differ; all see affine copies. Three cost about 7 s of one core on digits.
_BALANCED = Recipe(sampling=1.0, augmentation=1.0, judges=True)
_ADJUSTED = Recipe(logit_tau=1.0, augmentation=1.0, judges=True)
SHIFTS = tuple(shift for shift in itertools.product((-1, 0, 1), repeat=2) if shift != (0, 0))


class ImageModality:
    """See `pipeline.modalities.contract.Modality`."""

    noun, nouns, unit = "image", "images", "pixels"

    parting_duplicates = (
        "set `source.near_duplicates: warn`, which parts pictures that only look nearly the same"
    )

    rivals: tuple[GeneratorName, ...] = ("cvae",)
    consumers: tuple[ClassifierName, ...] = (
        "svm", "logistic", "knn", "forest", "boosting", "cnn",
    )  # fmt: skip
    advise: tuple[ClassifierName, ...] = ("cnn",)
    classifiers = consumers
    network: ClassifierName = "cnn"
    judge = _BALANCED
    quick: tuple[ClassifierName, ...] = ("svm", "logistic", "knn", "forest")
    # It costs fits, and hardly anybody tunes thresholds for images of many classes.
    tunes_threshold = False

    cheap: Mapping[TrialPreset, Mix] = {
        "light": ("classical", "deformed"),
        "full": ("classical", "deformed", "smote", "taught"),
    }
    makers: Mapping[Origin, RowMaker] = {
        "classical": rows.classical_rows,
        "smote": rows.smote_rows,
        "deformed": rows.deformed_rows,
    }
    mixes: Mapping[TrialPreset, tuple[Mix, ...]] = {
        "light": (("classical",), ("deformed",), ("classical", "deformed")),
        "full": (
            ("classical",),
            ("deformed",),
            ("smote",),
            ("taught",),
            ("classical", "deformed"),
            ("deformed", "taught"),
        ),
    }
    mixes_with_gan: Mapping[TrialPreset, tuple[Mix, ...]] = {
        "light": (("gan",), ("gan", "classical"), ("gan", "deformed")),
        "full": (
            ("gan",),
            ("gan", "classical"),
            ("gan", "deformed"),
            ("gan", "smote"),
            ("gan", "taught"),
            ("gan", "classical", "deformed"),
        ),
    }
    # Of three sources it served plain fits best.
    proposes: Origin = "deformed"
    teachers: tuple[tuple[ClassifierName, Recipe], ...] = (
        ("cnn", _BALANCED),
        ("cnn", _ADJUSTED),
        ("cnn", _BALANCED),
    )
    # Their labels were smoothed, which makes them modest: even of their training rows they give a
    # tenth to other classes. Of four powers this one made unseen digits likeliest.
    sharpening: float = 2.0

    repeats = False
    doubted: float | None = None

    def networks(self, schema: Schema) -> str:
        """Fully connected ones up to 12 px, convolutions above."""
        assert schema.image_shape is not None
        return natural_kind(schema.image_shape)

    def shares_threads(self, kind: str) -> bool:
        """Fully connected networks make products too small to be shared by threads."""
        return kind == "convolutional"

    def design(
        self, samples: Samples, *, networks: str, width: int | None, deviation: bool
    ) -> dict[str, Any]:
        """Shapes alone: nothing is fitted."""
        assert samples.schema.image_shape is not None
        return choose_design(
            samples.schema.image_shape,
            n_classes=len(samples.schema.classes),
            networks=networks,
            width=width,
            deviation=deviation,
        ).to_json()

    def domain(self, design: Any) -> ImageDomain:
        """Images as tensors."""
        from pipeline.modalities.image.domain import ImageDomain

        return ImageDomain(ImageDesign.from_json(design))

    def noise(self, schema: Schema, counts: Sequence[int]) -> Samples:
        """Pixels of noise."""
        assert schema.image_shape is not None
        labels = np.repeat(np.arange(len(counts)), counts)
        shape = (len(labels), *schema.image_shape)
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        names = pd.DataFrame({"id": [str(number) for number in range(len(labels))]})
        return Samples(schema, pixels, labels, names)

    def effort(self, schema: Schema) -> Effort:
        """By pixels."""
        return effort_of(schema, self.consumers)

    def empty(self, schema: Schema) -> np.ndarray:
        """uint8 [0, height, width, channels]."""
        assert schema.image_shape is not None
        return np.empty((0, *schema.image_shape), np.uint8)

    def sheets(self, classes: tuple[str, ...], parts: Mapping[str, Samples]) -> dict[str, bytes]:
        """A PNG for each part, one row a class."""
        from pipeline.modalities.image.sheet import png_bytes, sheet

        return {
            f"{name}.png": png_bytes(
                sheet(
                    [part.values[part.labels == label] for label in range(len(classes))],
                    columns=SHEET_COLUMNS,
                )
            )
            for name, part in parts.items()
        }

    def encoder(self, classifier: ClassifierName, training: Samples) -> Encoder:
        """Pixels, whatever the classifier."""
        return Pixels()

    def fit_network(
        self, training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
    ) -> Fitted:
        """A small convolutional network."""
        from pipeline.modalities.image.classifier import train_image_classifier

        return train_image_classifier(training, recipe, steps=steps, seed=seed)

    def applies(self, classifier: ClassifierName, recipe: Recipe) -> bool:
        """Mixup is a way to train networks, and k-NN takes no weights."""
        if classifier == "knn":
            return recipe.sampling == recipe.class_weight == recipe.mixup == 0
        return classifier == "cnn" or recipe.mixup == 0

    network_name = "a small CNN"
    transfer: ClassifierName = "cnn"
    transfer_name = "small CNN, balanced, affine augmentation"
    has_inception = True

    def codes(self, parts: Sequence[Samples]) -> None:
        """None: a pixel by itself means nothing."""

    def space(self, real: Samples) -> Pixels:
        """Pixels."""
        return Pixels()

    compared_in = "in pixels, after shifts by one pixel and mirroring, and in features"
    told_by = "in pixels"

    def rare(self, training: Samples, synthetic: Samples) -> tuple[RareValue, ...]:
        """None: a pixel by itself names nobody."""
        return ()

    def views(self, schema: Schema) -> tuple[Callable[[np.ndarray], np.ndarray], ...]:
        """Mirrored, and shifted by a pixel."""
        assert schema.image_shape is not None
        shape = schema.image_shape
        return (
            partial(mirrored, shape=shape),
            *(partial(shifted, shape=shape, down=down, right=right) for down, right in SHIFTS),
        )

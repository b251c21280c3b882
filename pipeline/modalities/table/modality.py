"""Tables as a kind of data: what the pipeline asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.modalities.column_codes import ColumnCodes, code_columns
from pipeline.modalities.contract import SHEET_COLUMNS, Encoder, Fitted, Mix, RowMaker, View
from pipeline.modalities.effort import Effort
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.table import noise, rows
from pipeline.modalities.table.copula import copula_rows
from pipeline.modalities.table.effort import effort_of
from pipeline.modalities.table.encoders import encoder_for
from pipeline.modalities.table.rare import rare_values
from pipeline.modalities.table.sheet import sheet
from pipeline.modalities.table.space import TableSpace
from pipeline.params import ClassifierName, GeneratorName, TrialPreset
from pipeline.results import Origin, RareValue
from pipeline.samples import Samples, Schema

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.modalities.table.domain import TableDomain


class TableModality:
    """See `pipeline.modalities.contract.Modality`."""

    noun, nouns, unit = "row", "tables", "columns"

    parting_duplicates = ""

    # CTGAN and a table VAE did worse than the copula, which every trial has, and take far longer.
    rivals: tuple[GeneratorName, ...] = ()
    consumers: tuple[ClassifierName, ...] = (
        "boosting", "forest", "logistic", "knn", "svm", "tree", "mlp",
    )  # fmt: skip
    advise: tuple[ClassifierName, ...] = ("boosting",)
    classifiers = consumers
    network: ClassifierName = "mlp"
    judge = Recipe(sampling=1.0, judges=True)
    quick: tuple[ClassifierName, ...] = ("forest", "logistic", "knn", "svm", "tree")
    # Of two classes most of what balancing gains at a threshold of .5 is that threshold.
    tunes_threshold = True

    cheap: Mapping[TrialPreset, Mix] = {
        "light": ("copula", "munge"),
        "full": ("copula", "munge", "smote", "taught"),
    }
    makers: Mapping[Origin, RowMaker] = {
        "copula": copula_rows,
        "munge": rows.munge_rows,
        "smote": rows.smote_rows,
    }
    mixes: Mapping[TrialPreset, tuple[Mix, ...]] = {
        "light": (("copula",), ("munge",), ("copula", "munge")),
        "full": (
            ("copula",),
            ("munge",),
            ("smote",),
            ("taught",),
            ("copula", "munge"),
            ("munge", "taught"),
        ),
    }
    mixes_with_gan: Mapping[TrialPreset, tuple[Mix, ...]] = {
        "light": (("gan",), ("gan", "copula"), ("gan", "munge")),
        "full": (
            ("gan",),
            ("gan", "copula"),
            ("gan", "munge"),
            ("gan", "smote"),
            ("gan", "taught"),
            ("gan", "copula", "munge"),
        ),
    }
    # Of MUNGE, the copula and SMOTE the first served trees and k-NN best.
    proposes: Origin = "munge"
    teachers: tuple[tuple[ClassifierName, Recipe], ...] = (
        ("boosting", Recipe()),
        ("forest", Recipe()),
        ("logistic", Recipe()),
    )
    sharpening: float = 1.0

    repeats = True
    doubted: float | None = 0.05

    def networks(self, schema: Schema) -> str:
        """Fully connected ones on encoded columns."""
        return "table"

    def shares_threads(self, kind: str) -> bool:
        """Products of such networks are too small to be shared by threads."""
        return False

    def design(
        self, samples: Samples, *, networks: str, width: int | None, deviation: bool
    ) -> dict[str, Any]:
        """The encoding and the copula fitted on the rows, and the shapes that follow."""
        from pipeline.modalities.table.design import choose_design

        return choose_design(samples, networks=networks, width=width, deviation=deviation).to_json()

    def domain(self, design: Any) -> TableDomain:
        """Rows as tensors."""
        from pipeline.modalities.table.design import TableDesign
        from pipeline.modalities.table.domain import TableDomain

        return TableDomain(TableDesign.from_json(design))

    def noise(self, schema: Schema, counts: Sequence[int]) -> Samples:
        """Rows of noise in the schema's columns."""
        return noise.noise(schema, counts)

    def effort(self, schema: Schema) -> Effort:
        """By columns and rows."""
        return effort_of(schema)

    def empty(self, schema: Schema) -> pd.DataFrame:
        """A frame of no rows with the schema's columns in their types."""
        return noise.empty(schema)

    def sheets(self, classes: tuple[str, ...], parts: Mapping[str, Samples]) -> dict[str, bytes]:
        """A CSV for each part, a few rows of each class."""
        return {f"{name}.csv": sheet(part, rows=SHEET_COLUMNS) for name, part in parts.items()}

    def encoder(self, classifier: ClassifierName, training: Samples) -> Encoder:
        """Numbers scaled, categories one-hot; for trees as they are, gaps and categories kept."""
        return encoder_for(classifier, training)

    def fit_network(
        self, training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
    ) -> Fitted:
        """A small fully connected network on encoded columns."""
        from pipeline.modalities.table.classifier import train_table_classifier

        return train_table_classifier(training, recipe, steps=steps, seed=seed)

    def applies(self, classifier: ClassifierName, recipe: Recipe) -> bool:
        """There is no augmentation of rows that is sure to keep their label."""
        if recipe.augmentation > 0:
            return False
        if classifier == "knn":
            return recipe.sampling == recipe.class_weight == recipe.mixup == 0
        return classifier == "mlp" or recipe.mixup == 0

    network_name = "a small fully connected network"
    transfer: ClassifierName = "forest"
    transfer_name = "random forest, balanced"
    has_inception = False

    def codes(self, parts: Sequence[Samples]) -> ColumnCodes:
        """Numbers and moments as numbers, categories by their frequency in the first part."""
        return code_columns(parts)

    def space(self, real: Samples) -> TableSpace:
        """Ranks of numbers and indicators of categories and gaps, fitted on `real`."""
        return TableSpace.fit(real)

    compared_in = "in all columns together, and in features"
    told_by = "by its columns"

    def rare(self, training: Samples, synthetic: Samples) -> tuple[RareValue, ...]:
        """Categories that fewer than five training rows hold."""
        return rare_values(training, synthetic)

    def views(self, schema: Schema) -> tuple[View, ...]:
        """None: a changed row is another row."""
        return ()

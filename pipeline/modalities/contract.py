"""What the pipeline asks of a kind of data: one object for each, found by the schema's modality.

Whatever differs between images and tables is asked here, so that no other file asks which of the
two it has. Nothing here imports torch: methods that need it import it when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pipeline.params import ClassifierName, GeneratorName, TrialPreset
from pipeline.results import Origin, RareValue
from pipeline.samples import Samples, Schema

if TYPE_CHECKING:
    from pipeline.modalities.column_codes import ColumnCodes
    from pipeline.modalities.domain import Domain
    from pipeline.modalities.effort import Effort
    from pipeline.modalities.recipe import Recipe, TrainingSet

# Columns of a space, float64 [n, d], → the same rows seen otherwise, e.g. mirrored.
View = Callable[[np.ndarray], np.ndarray]
# New rows from real ones: (real rows, how many of each class, seed) → rows with `id` and `origin`.
RowMaker = Callable[..., Samples]
# Samples of a class that a sheet shows.
SHEET_COLUMNS = 16
# Sources of the added rows of a set; each gives an equal part.
Mix = tuple[Origin, ...]


class Space(Protocol):
    """Numbers in which the distance between two rows means likeness, fitted on real rows."""

    def columns(self, samples: Samples) -> np.ndarray:
        """float64 [n, d]."""


class Encoder(Protocol):
    """What one classifier of scikit-learn sees of rows, fitted on the rows that it trains on.

    Attributes:
        categorical: Which columns are codes of categories, bool [d]; None where none are.
    """

    @property
    def categorical(self) -> np.ndarray | None: ...

    def columns(self, samples: Samples) -> np.ndarray:
        """float64 [n, d]; NaN is a gap, for classifiers that take gaps."""


class Fitted(Protocol):
    """A trained classifier."""

    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes], rows sum to 1."""
        ...

    def features(self, samples: Samples) -> np.ndarray:
        """What distances between samples are told by, float64 [n, d]."""
        ...


class Modality(Protocol):
    """A kind of data."""

    # --- words

    # What one sample and several are called, and in what distances are measured ("pixels").
    noun: str
    nouns: str
    unit: str

    # What in params.yaml lets near duplicates part, inside a sentence; "" where nothing does.
    parting_duplicates: str

    # --- the generator

    def networks(self, schema: Schema) -> str:
        """The kind of networks that suits samples of this schema: a key of the GAN's recipes."""

    def shares_threads(self, kind: str) -> bool:
        """Whether a training of networks of that kind gains by more threads than one."""

    def design(
        self, samples: Samples, *, networks: str, width: int | None, deviation: bool
    ) -> dict[str, Any]:
        """All that a generator of these samples is built from, as JSON: shapes, and what is fitted.

        Args:
            samples: The rows that it trains on; nothing else may be known of the data.
            networks: A kind of networks; "auto" chooses.
            width: Of hidden layers; None is the kind's own.
            deviation: Whether the discriminator sees the spread within a class.

        Raises:
            ParamsError: there are no networks of that kind for such samples.
        """

    def domain(self, design: Any) -> Domain:
        """The domain of a design, which may come from a file that somebody else wrote.

        Raises:
            ArtifactError: the content is of another format.
        """

    def noise(self, schema: Schema, counts: Sequence[int]) -> Samples:
        """Rows of noise, so many of each class, to time a training by."""

    def effort(self, schema: Schema) -> Effort:
        """What a run on such samples costs."""

    def empty(self, schema: Schema) -> Any:
        """Values of no samples."""

    def sheets(self, classes: tuple[str, ...], parts: Mapping[str, Samples]) -> dict[str, bytes]:
        """File name → content: samples to be looked at side by side, from parts by name."""

    # --- the trial

    # Other kinds of generator that a full trial is held with, each a preset of `gan`.
    rivals: tuple[GeneratorName, ...]
    # Whom a trial asks by default, in order; for whom it looks for advice; all that there are.
    consumers: tuple[ClassifierName, ...]
    advise: tuple[ClassifierName, ...]
    classifiers: tuple[ClassifierName, ...]
    # The network among them: it confirms labels, and its features tell distances.
    network: ClassifierName
    # How it is trained where it judges rows.
    judge: Recipe
    # Those of them whose fit takes a moment.
    quick: tuple[ClassifierName, ...]
    # Whether the first question is also asked for whoever tunes a decision threshold.
    tunes_threshold: bool

    def encoder(self, classifier: ClassifierName, training: Samples) -> Encoder:
        """What a classifier that is no network sees of rows, fitted on those that it trains on."""

    def fit_network(
        self, training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
    ) -> Fitted:
        """Train the network; the same arguments give the same classifier."""

    def applies(self, classifier: ClassifierName, recipe: Recipe) -> bool:
        """Whether the recipe means anything to the classifier."""

    # Sources of rows that cost no generator, by preset, and how each makes them.
    cheap: Mapping[TrialPreset, Mix]
    makers: Mapping[Origin, RowMaker]
    # Sources of the sets that a trial looks among, without GAN rows and with them.
    mixes: Mapping[TrialPreset, tuple[Mix, ...]]
    mixes_with_gan: Mapping[TrialPreset, tuple[Mix, ...]]
    # Which source proposes the rows that a teacher labels, and who teaches.
    proposes: Origin
    teachers: tuple[tuple[ClassifierName, Recipe], ...]
    # The power to which the mean of their probabilities is raised.
    sharpening: float

    # --- judging

    # What the network is called, and who is trained on synthetic samples alone, and its name.
    network_name: str
    transfer: ClassifierName
    transfer_name: str
    # Whether the network of published FID values can look at such samples.
    has_inception: bool

    def codes(self, parts: Sequence[Samples]) -> ColumnCodes | None:
        """Columns that are compared one by one; None where values have no such columns.

        Args:
            parts: Sets of rows of one schema, at least one; categories are ordered by the first.
        """

    # Whether two samples that know nothing of each other may well be equal.
    repeats: bool
    # Of unseen real samples of a class, the share whose label may be doubted; None: a label is
    # confirmed where judges find it the likeliest, since classes hardly overlap.
    doubted: float | None

    def space(self, real: Samples) -> Space:
        """Where distances between rows mean likeness, fitted on `real`."""

    # How copies are looked for, and by what a distance is told, in words.
    compared_in: str
    told_by: str

    def rare(self, training: Samples, synthetic: Samples) -> tuple[RareValue, ...]:
        """Values of few training rows that synthetic rows show, and that may name somebody."""

    def views(self, schema: Schema) -> tuple[View, ...]:
        """Other looks at columns of that space under which a copy is a copy still."""

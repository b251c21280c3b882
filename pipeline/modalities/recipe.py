"""How a classifier is trained: the one record that every arm of a trial reduces to."""

import inspect
import re
from dataclasses import dataclass

import numpy as np

from pipeline.randomness import derive_seed
from pipeline.samples import Samples


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained, whatever kind it is.

    Attributes:
        sampling: 0 draws classes as often as they come, 1 equally often; between them the
            probability of class k is proportional to n_k^(1 - sampling).
        undersampling: 0 keeps every real row, 1 as many of each class as the smallest has; between
            them class k keeps n_k^(1 - undersampling) · n_min^undersampling rows, drawn once.
        class_weight: Exponent of the inverse class frequency that weighs the loss; 0 none, 1 full.
        logit_tau: Strength of the logit adjustment (Menon et al. 2021, arXiv:2007.07314, eq. 10).
        augmentation: Strength of the label-safe classical augmentation; 0 none, 1 mild.
        mixup: Parameter of the Beta distribution of mixup (arXiv:1710.09412); 0 none.
        smote: Whether scarce classes are filled by SMOTE (arXiv:1106.1813), between a network's
            features or a static learner's columns.
        regularisation: Which of the classifier's own strengths of regularisation; 0 is its usual
            one, and 1 and 2 are the others that tuning tries.
        judges: Whether the classifier will judge changed and synthetic rows besides real ones. A
            network's batch-norm statistics are then taken from both kinds; nothing else differs.
    """

    sampling: float = 0.0
    undersampling: float = 0.0
    class_weight: float = 0.0
    logit_tau: float = 0.0
    augmentation: float = 0.0
    mixup: float = 0.0
    smote: bool = False
    regularisation: int = 0
    judges: bool = False

    def words(self) -> str:
        """The recipe in words for a reader, e.g. "classes sampled equally often, affine copies"."""
        parts = [
            (self.sampling == 1, "classes sampled equally often"),
            (0 < self.sampling < 1, f"class sampling balanced to {self.sampling:g}"),
            (self.undersampling == 1, "larger classes cut to the smallest"),
            (0 < self.undersampling < 1, f"undersampling of strength {self.undersampling:g}"),
            (self.class_weight > 0, f"class weights to the power {self.class_weight:g}"),
            (self.logit_tau > 0, f"logit adjustment of strength {self.logit_tau:g}"),
            (self.augmentation > 0, f"classical augmentation of strength {self.augmentation:g}"),
            (self.mixup > 0, f"mixup {self.mixup:g}"),
            (self.smote, "SMOTE"),
            (self.regularisation > 0, f"regularisation number {self.regularisation}"),
        ]
        return ", ".join(text for holds, text in parts if holds) or "plain training"


def meanings() -> dict[str, str]:
    """Setting → what its values mean, as the attributes of `Recipe` are told."""
    _, _, told = (inspect.getdoc(Recipe) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", told, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


@dataclass(frozen=True)
class Extra:
    """Rows of one origin beside the real ones, and how much of each class's training they make up.

    Attributes:
        origin: Where the rows come from, e.g. "gan".
        samples: The rows; a class without rows gives its share back to the real ones.
        share: Share in [0, 1) of each class's draws, float64 [classes].
    """

    origin: str
    samples: Samples
    share: np.ndarray


@dataclass(frozen=True)
class TrainingSet:
    """Real rows and any extra ones, as one fit of a classifier sees them."""

    real: Samples
    extras: tuple[Extra, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """Labels of the real rows, then of each extra's, int64 [rows]."""
        return np.concatenate([self.real.labels, *(e.samples.labels for e in self.extras)])

    @property
    def real_counts(self) -> np.ndarray:
        """Real rows of each class, int64 [classes]."""
        return np.bincount(self.real.labels, minlength=len(self.real.schema.classes))

    def undersampled(self, level: float, *, seed: int) -> "TrainingSet":
        """With so many real rows of each class as a recipe's `undersampling` keeps, drawn once."""
        counts = self.real_counts
        smallest = counts[counts > 0].min()
        kept = np.round(counts ** (1 - level) * float(smallest) ** level)
        stream = np.random.default_rng(derive_seed(seed, "undersampling"))
        rows = [
            np.sort(stream.permutation(np.flatnonzero(self.real.labels == k))[: int(n)])
            for k, n in enumerate(kept)
        ]
        return TrainingSet(self.real.take(np.sort(np.concatenate(rows))), self.extras)

    def draw_probabilities(self, sampling: float) -> np.ndarray:
        """Probability of drawing each row (real, then each extra's), float64 [rows], sum 1.

        A class is drawn by its real count and `sampling`; inside the class each extra gets its
        share, divided equally over its rows, and the real rows the rest.
        """
        counts = self.real_counts
        of_class = np.where(counts > 0, counts, 0) ** (1.0 - sampling) * (counts > 0)
        of_class = of_class / of_class.sum()
        extra_counts = [
            np.bincount(extra.samples.labels, minlength=len(counts)) for extra in self.extras
        ]
        shares = [
            np.where(rows > 0, extra.share, 0.0)
            for extra, rows in zip(self.extras, extra_counts, strict=True)
        ]
        rest = 1.0 - np.sum(shares, axis=0) if shares else np.ones(len(counts))
        assert (rest > 0).all()
        parts = [(of_class * rest / np.maximum(counts, 1))[self.real.labels]]
        for extra, rows, share in zip(self.extras, extra_counts, shares, strict=True):
            parts.append((of_class * share / np.maximum(rows, 1))[extra.samples.labels])
        probabilities = np.concatenate(parts)
        return np.asarray(probabilities / probabilities.sum())

"""What a generator's samples are worth, by reals that it has never seen."""

import numpy as np

from benchmarks.gan_data import Task
from pipeline.fidelity.frechet import frechet_distance
from pipeline.fidelity.kernel import kernel_distance
from pipeline.manifold import coverage, manifold_scores
from pipeline.modalities.image.classifier import ImageClassifier, train_image_classifier
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.nearest import nearest
from pipeline.samples import Samples, concatenate

NEIGHBOURS = 3
CLASSIFIER_STEPS = 300
# Of the classifier that learns from the training rows as well, of which there are more.
SORTER_STEPS = 1200


class Judge:
    """A classifier on one half of the unseen reals; the other half is compared with.

    Where the unseen reals are fewer than the training rows, too few to know the classes by, a
    second classifier says what class a sample is of: it has learnt from both.
    """

    def __init__(self, task: Task, *, seed: int):
        order = np.random.default_rng(seed).permutation(len(task.unseen))
        half = len(order) // 2
        self._task = task
        self._reals = task.unseen.take(np.sort(order[half:]))
        self._taught = task.unseen.take(np.sort(order[:half]))
        training = TrainingSet(self._taught)
        recipe = Recipe(sampling=1.0, augmentation=1.0, judges=True)
        self._classifier: ImageClassifier = train_image_classifier(
            training, recipe, steps=CLASSIFIER_STEPS, seed=seed
        )
        self._sorter = self._classifier
        if len(self._taught) < len(task.train):
            both = TrainingSet(concatenate([task.train, self._taught]))
            recipe = Recipe(sampling=0.5, logit_tau=0.5, augmentation=1.0, judges=True)
            self._sorter = train_image_classifier(both, recipe, steps=SORTER_STEPS, seed=seed)

    def score(self, fakes: Samples) -> dict[str, float]:
        """Means over classes; `rare` over the rare ones. Coverage is in pixels, k = 3."""
        rare = np.array(self._task.rare)
        pairs = [self._pixel_scores(label, fakes) for label in range(len(fakes.schema.classes))]
        covered, precision = np.array(pairs).T
        reals, others = (self._classifier.features(part) for part in (self._reals, self._taught))
        drawn = self._classifier.features(_first_of_each_class(fakes, like=self._reals))
        return {
            "coverage": covered.mean(),
            "rare_coverage": covered[rare].mean(),
            "rare_coverage_all_unseen": self._coverage_of_all(fakes)[rare].mean(),
            "precision": precision.mean(),
            **self._agreement(fakes),
            "domain_fid": frechet_distance(reals, drawn),
            "domain_fid_floor": frechet_distance(reals, others),
            "domain_kid": kernel_distance(reals, drawn),
            "domain_kid_floor": kernel_distance(reals, others),
            "copies": self._copies(fakes),
        }

    def floor(self) -> dict[str, float]:
        """The same of real samples that nobody generated, and no classifier has learnt from."""
        return self.score(self._taught) | self._agreement(self._reals)

    def _agreement(self, samples: Samples) -> dict[str, float]:
        agrees = self._sorter.probabilities(samples).argmax(1) == samples.labels
        agreement = self._per_class(agrees, samples.labels)
        return {
            "agreement": agreement.mean(),
            "rare_agreement": agreement[np.array(self._task.rare)].mean(),
            "worst_agreement": agreement.min(),
        }

    def _pixel_scores(self, label: int, fakes: Samples) -> tuple[float, float]:
        real = _pixels(self._reals)[self._reals.labels == label]
        fake = _pixels(fakes)[fakes.labels == label][: len(real)]
        scores = manifold_scores(real[: len(fake)], fake, neighbours=NEIGHBOURS)
        return scores.coverage, scores.precision

    def _coverage_of_all(self, fakes: Samples) -> np.ndarray:
        """Coverage of both halves of the unseen reals, with as many fakes, each class."""
        unseen = self._task.unseen
        return np.array(
            [
                coverage(
                    _pixels(unseen)[unseen.labels == label],
                    _pixels(fakes)[fakes.labels == label][: (unseen.labels == label).sum()],
                    neighbours=NEIGHBOURS,
                )
                for label in range(len(unseen.schema.classes))
            ]
        )

    def _copies(self, fakes: Samples) -> float:
        """Share of fakes suspiciously near to one training sample; about .01 by chance."""
        train = _pixels(self._task.train)
        threshold = np.quantile(nearest(_pixels(self._reals), train).ratio, 0.01)
        return float((nearest(_pixels(fakes), train).ratio < threshold).mean())

    @staticmethod
    def _per_class(hits: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.array([hits[labels == label].mean() for label in np.unique(labels)])


def _first_of_each_class(samples: Samples, *, like: Samples) -> Samples:
    """As many of each class as `like` has, so that both sides hold the classes alike."""
    wanted = np.bincount(like.labels)
    rows = [np.flatnonzero(samples.labels == label)[:n] for label, n in enumerate(wanted)]
    return samples.take(np.concatenate(rows))


def _pixels(samples: Samples) -> np.ndarray:
    return samples.values.reshape(len(samples), -1).astype(np.float64) / 255.0

"""How a training is doing, judged by its own samples against reals it has not trained on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pipeline import manifold
from pipeline.gan.alarm import LEAST_DIVERSITY
from pipeline.gan.batches import torch_stream
from pipeline.gan.held_out import FEWEST_HELD_OUT
from pipeline.gan.history import HistoryRow
from pipeline.gan.losses import accuracies
from pipeline.gan.material import LabelledTensors
from pipeline.modalities.domain import Domain

NEIGHBOURS = 3
SAMPLES_PER_CLASS = 64
KERNEL_SAMPLES = 500
FEATURE_CHUNK = 512
# The nearest real of a sample is looked for among no more than about these.
TRAIN_SAMPLES = 30_000
# Of features: that of one sample and rounding.
LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class ClassScores:
    """One class: what its fakes are to its reals.

    Attributes:
        coverage: See `pipeline.manifold`, with k = 3 and as many fakes as reals.
        precision: The same.
        diversity: Mean distance between two fakes over that between two reals; None where the reals
            are all the same, so that nothing can be said.
        agreement: Share of fakes whose nearest real training sample is of the class asked for.
    """

    coverage: float
    precision: float
    diversity: float | None
    agreement: float


class Watch:
    """Compares an averaged generator with real samples, the held-out ones where a class has any.

    Nothing here draws from a stream that the training uses, so that watching changes no weight.
    Both networks are called on the device that they are on; all else is on the CPU.
    """

    def __init__(
        self,
        train: LabelledTensors,
        held_out: LabelledTensors | None,
        domain: Domain,
        *,
        seed: int,
    ):
        train = _at_most(train, domain.n_classes)
        self._train, self._held_out, self._domain, self._seed = train, held_out, domain, seed
        self._train_features = np.concatenate(
            [
                self._features_of(domain.load(part))
                for part in torch.split(train.stored, FEATURE_CHUNK)
            ]
        )
        self._references = [self._reference(label) for label in range(domain.n_classes)]
        self._pooled = self._pool_of_reals()

    @property
    def judged_on_held_out(self) -> list[int]:
        """Labels of the classes whose scores come from held-out samples."""
        held = self._held_out_counts()
        return [label for label, n in enumerate(held) if n >= FEWEST_HELD_OUT]

    def look(
        self, generator: nn.Module, discriminator: nn.Module | None, *, step: int
    ) -> HistoryRow:
        """One row of scores: per class as lists in label order, and over all classes.

        Args:
            generator: The averaged generator; its mode is left as it was found.
            discriminator: The current one, or None where there is none.
        """
        drawn = [self._draw(generator, label, step) for label in range(self._domain.n_classes)]
        features = [self._features_of(batch) for batch in drawn]
        scores = [self._score(label, fakes) for label, fakes in enumerate(features)]
        row: HistoryRow = {
            name: [_short(getattr(score, name)) for score in scores]
            for name in ("coverage", "precision", "diversity", "agreement")
        }
        pooled = np.concatenate(
            [fakes[: len(self._pool_rows(label))] for label, fakes in enumerate(features)]
        )
        if len(pooled) > 1:
            kid = kernel_distance(self._pooled[0], pooled)
            row["kid"] = _short(kid)
            row["leak"] = _short(kid - kernel_distance(self._pooled[1], pooled))
        row["score"] = _short(overall_score(scores))
        if discriminator is not None:
            row.update(self._overfitting(discriminator, drawn))
        return row

    def _score(self, label: int, fakes: np.ndarray) -> ClassScores:
        reals = self._references[label]
        fakes = fakes[: max(len(reals), 2)]
        neighbours = min(NEIGHBOURS, len(reals) - 1)
        spread = manifold.mean_distance(reals)
        nearest = np.array(
            [
                manifold.nearest_distances(fakes, self._train_features[self._rows(other)])
                for other in range(self._domain.n_classes)
            ]
        ).argmin(axis=0)
        return ClassScores(
            coverage=manifold.coverage(reals, fakes, neighbours=neighbours) if neighbours else 0.0,
            precision=manifold.precision(reals, fakes, neighbours=neighbours)
            if neighbours
            else 0.0,
            diversity=manifold.mean_distance(fakes) / spread if spread > LEAST_SPREAD else None,
            agreement=float((nearest == label).mean()),
        )

    def _overfitting(self, discriminator: nn.Module, drawn: list[Tensor]) -> HistoryRow:
        """Accuracy on reals it trained on, on fakes, and on reals it has never seen."""
        held_out = self._held_out
        if held_out is None or not self.judged_on_held_out:
            return {}
        parts: list[list[Tensor]] = [[], [], []]
        labels = []
        for label in self.judged_on_held_out:
            rows = torch.nonzero(held_out.labels == label)[:, 0]
            n = min(len(rows), len(self._rows(label)), SAMPLES_PER_CLASS)
            parts[0].append(self._domain.load(self._train.stored[self._rows(label)[:n]]))
            parts[1].append(drawn[label][:n])
            parts[2].append(self._domain.load(held_out.stored[rows[:n]]))
            labels.append(torch.full((n,), label))
        batch = torch.cat([piece for part in parts for piece in part])
        device = _device_of(discriminator)
        told = torch.cat(labels).repeat(3).to(device)
        with torch.no_grad():
            logits = discriminator(batch.to(device), told, 3).float().cpu()
        trained, fake, unseen = logits.chunk(3)
        accuracy_trained, accuracy_fake = accuracies(trained, fake)
        midpoint = (trained.mean() + fake.mean()) / 2
        return {
            "watched_accuracy_trained": _short(float(accuracy_trained)),
            "watched_accuracy_fake": _short(float(accuracy_fake)),
            "accuracy_held_out": _short(float((unseen > midpoint).float().mean())),
        }

    @torch.no_grad()
    def _draw(self, generator: nn.Module, label: int, step: int) -> Tensor:
        stream = torch_stream(self._seed, "gan", "watch", step, label)
        latent = torch.randn(SAMPLES_PER_CLASS, self._domain.latent_dim, generator=stream)
        labels = torch.full((SAMPLES_PER_CLASS,), label)
        device = _device_of(generator)
        was_training = generator.training
        batch: Tensor = generator.eval()(latent.to(device), labels.to(device)).float()
        generator.train(was_training)
        return batch.cpu()

    def _features_of(self, batch: Tensor) -> np.ndarray:
        return self._domain.features(batch)

    def _rows(self, label: int) -> np.ndarray:
        return np.flatnonzero(self._train.labels.numpy() == label)

    def _held_out_counts(self) -> list[int]:
        if self._held_out is None:
            return [0] * self._domain.n_classes
        counts = torch.bincount(self._held_out.labels, minlength=self._domain.n_classes)
        return [int(n) for n in counts]

    def _reference(self, label: int) -> np.ndarray:
        if self._held_out_counts()[label] >= FEWEST_HELD_OUT:
            assert self._held_out is not None
            rows = _spread(
                np.flatnonzero(self._held_out.labels.numpy() == label), SAMPLES_PER_CLASS
            )
            return self._features_of(self._domain.load(self._held_out.stored[rows]))
        features: np.ndarray = self._train_features[_spread(self._rows(label), SAMPLES_PER_CLASS)]
        return features

    def _pool_rows(self, label: int) -> np.ndarray:
        each = min(SAMPLES_PER_CLASS, max(2, KERNEL_SAMPLES // self._domain.n_classes))
        return _spread(self._rows(label), each)

    def _pool_of_reals(self) -> tuple[np.ndarray, np.ndarray]:
        """Training reals as they are, and changed as the augmentation changes them."""
        stream = torch_stream(self._seed, "gan", "watch", "reals")
        rows = np.concatenate([self._pool_rows(label) for label in range(self._domain.n_classes)])
        reals = self._domain.load(self._train.stored[rows])
        uniform = torch.rand(len(rows), self._domain.augment_dim, generator=stream)
        changed = self._domain.augment(reals, uniform, strength=1.0)
        return self._train_features[rows], self._features_of(changed)


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy under the cubic kernel, about 0 when alike.

    Args:
        real: Features, float64 [n, d], n ≥ 2.
        fake: The same number of features from the same extractor.

    Source: Bińkowski et al. 2018, arXiv:1801.01401, section 4; torchmetrics' arithmetic.
    """
    # Imported late: only watching needs it, and it loads slowly.
    from torchmetrics.image.kid import poly_mmd

    return float(poly_mmd(torch.from_numpy(real), torch.from_numpy(fake)))


def overall_score(scores: list[ClassScores]) -> float:
    """One number to choose a checkpoint by, in [0, 1]: the harmonic mean of coverage and precision.

    Each is averaged over classes, so that a rare class counts as much as a common one. Beside few
    reals, whose balls are wide, one sample covers everything and any sample is precise. So the
    coverage of a class that is nearly one sample counts for less, and of its precise samples only
    those whose nearest real is of the class.
    """
    coverage = float(np.mean([score.coverage * _variety(score) for score in scores]))
    precision = float(np.mean([score.precision * score.agreement for score in scores]))
    return 2 * coverage * precision / max(coverage + precision, 1e-12)


def _variety(score: ClassScores) -> float:
    """1 for a class that is alive, less for one below the alarm's limit, in [0, 1]."""
    return 1.0 if score.diversity is None else min(1.0, score.diversity / LEAST_DIVERSITY)


def _at_most(train: LabelledTensors, n_classes: int) -> LabelledTensors:
    """All rows, or of very many a part of each class's: their features are held in memory."""
    if len(train) <= TRAIN_SAMPLES:
        return train
    each = TRAIN_SAMPLES // n_classes
    labels = train.labels.numpy()
    rows = np.concatenate(
        [_spread(np.flatnonzero(labels == label), each) for label in range(n_classes)]
    )
    return LabelledTensors(train.stored[rows], train.labels[rows])


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, evenly, since what lies together in a file is often alike."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]


def _device_of(network: nn.Module) -> torch.device:
    held = next(iter((*network.parameters(), *network.buffers())), None)
    return torch.device("cpu") if held is None else held.device


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")

"""A teacher: classifiers fitted together on training rows, and new rows that carry its labels."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.modalities.contract import Fitted
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.params import ClassifierName
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.row_digests import content_digest
from pipeline.samples import Samples, concatenate
from pipeline.storage import PROBABILITIES
from pipeline.trial.learners import fit
from pipeline.trial.rule_keeping import made_rows

ORIGIN = "taught"
# Each round proposes as many rows of each class as the largest class has.
MOST_ROUNDS = 12


@dataclass(frozen=True)
class Teacher:
    """Classifiers whose mean probability labels rows.

    Attributes:
        training: SHA-256 over values and labels of the rows that it was fitted on, hexadecimal.
        steps: Optimiser steps of each network.
        seed: Of all its fits.
        members: Classifier and recipe of each, in the order of `fitted`.
        sharpening: The power to which the mean of their probabilities is raised.
    """

    training: str
    steps: int
    seed: int
    members: tuple[tuple[ClassifierName, Recipe], ...]
    sharpening: float
    fitted: tuple[Fitted, ...] = field(repr=False)

    @property
    def description(self) -> dict[str, Any]:
        """What made it, as plain data for JSON; equal descriptions label equally."""
        return {
            "training": self.training,
            "steps": self.steps,
            "seed": self.seed,
            "sharpening": self.sharpening,
            "members": [
                {"classifier": classifier, "recipe": asdict(recipe)}
                for classifier, recipe in self.members
            ],
        }

    @property
    def hash(self) -> str:
        """SHA-256 over the description, hexadecimal; names the teacher in its rows' provenance."""
        told = json.dumps(self.description, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes], rows sum to 1.

        The members' mean, raised to a power and normalised; see `Modality.sharpening`.
        """
        mean = np.mean([one.probabilities(samples) for one in self.fitted], axis=0)
        sharp = np.asarray(mean**self.sharpening)
        return np.asarray(sharp / sharp.sum(axis=1, keepdims=True))


def fit_teacher(training: Samples, *, steps: int, seed: int) -> Teacher:
    """Fit a teacher on training rows, and on nothing else.

    Args:
        training: Rows with their own labels; no row that chooses, is held out or is tested on.
        steps: Optimiser steps of each network.

    Source: an ensemble of networks as in Lakshminarayanan et al. 2017, arXiv:1612.01474.
    """
    modality = modality_of(training.schema)
    fitted = tuple(
        fit(
            classifier,
            TrainingSet(training),
            recipe,
            steps=steps,
            seed=derive_seed(seed, "teacher", number),
        )
        for number, (classifier, recipe) in enumerate(modality.teachers)
    )
    return Teacher(
        training=content_digest(training).hex(),
        steps=steps,
        seed=seed,
        members=modality.teachers,
        sharpening=modality.sharpening,
        fitted=fitted,
    )


def taught_rows(teacher: Teacher, real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """New rows that the teacher labelled, `wanted` (int64 [classes]) of each class.

    Rows are proposed in rounds, as many for every class, and counted to the class that the teacher
    labels them as. So asking for more of one class changes neither another's rows nor its own first
    ones.

    Args:
        real: The rows that the teacher was fitted on, from which new ones are proposed.

    Returns:
        Rows in label order, with `id`, `origin` ("taught"), `proposed_by` (the source of the row),
        `teacher` (its hash) and `teacher_probabilities` (one a class). Fewer of a class where so
        few of all the rows proposed were labelled as it.
    """
    rounds, missing = [], np.asarray(wanted, np.int64)
    for number in range(MOST_ROUNDS):
        proposals = _proposals(real, derive_seed(seed, "taught", number))
        labelled = label_rows(teacher, proposals, seed=derive_seed(seed, "labels", number))
        rounds.append(_taken(labelled, missing, number))
        missing = missing - np.bincount(rounds[-1].labels, minlength=len(missing))
        if not (missing > 0).any():
            break
    made = concatenate(rounds)
    return made.take(np.argsort(made.labels, kind="stable"))


def label_rows(teacher: Teacher, proposals: Samples, *, seed: int) -> Samples:
    """The proposed rows with labels drawn from the teacher's probabilities, whatever they had.

    Over many rows, drawn labels say what soft ones do, and a plain fit takes no others.

    Args:
        proposals: Rows with `id` and `origin`.

    Returns:
        As many rows in the same order, with the provenance that `taught_rows` names.
    """
    probabilities = teacher.probabilities(proposals)
    edges = probabilities.cumsum(axis=1)
    drawn = numpy_stream(seed, "drawn").random((len(edges), 1))
    # The last edge is then exactly 1, so that no draw lies beyond it.
    labels = (edges / edges[:, -1:] <= drawn).sum(axis=1).astype(np.int64)
    return Samples(
        proposals.schema,
        proposals.values,
        labels,
        pd.DataFrame(
            {
                "id": [f"{ORIGIN}-{name}" for name in proposals.ids],
                "origin": ORIGIN,
                "proposed_by": proposals.provenance["origin"].to_numpy(),
                "teacher": teacher.hash,
                "teacher_probabilities": pd.Series(list(probabilities), dtype=PROBABILITIES),
            }
        ),
    )


def _proposals(real: Samples, seed: int) -> Samples:
    """A round of proposed rows, equally many of each class, in random order."""
    counts = np.bincount(real.labels, minlength=len(real.schema.classes))
    modality = modality_of(real.schema)
    wanted = np.where(counts > 0, counts.max(), 0)
    made = made_rows(modality.proposes, real, wanted, seed=seed)
    return made.take(numpy_stream(seed, "order").permutation(len(made)))


def _taken(labelled: Samples, missing: np.ndarray, number: int) -> Samples:
    """Of a round, the first rows of each class as far as rows are missing."""
    rows = [np.flatnonzero(labelled.labels == k)[: max(int(n), 0)] for k, n in enumerate(missing)]
    taken = labelled.take(np.concatenate(rows))
    # Copies are counted within a round.
    names = [f"{name}-{number}" for name in taken.ids]
    return replace(taken, provenance=taken.provenance.assign(id=names))

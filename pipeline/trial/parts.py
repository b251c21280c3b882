"""The real samples of one replicate, and the effort that every arm gets alike."""

from dataclasses import dataclass

import numpy as np

from pipeline.modalities.contract import Modality
from pipeline.params import TrialParams
from pipeline.samples import Samples


@dataclass(frozen=True)
class Parts:
    """The real samples of one replicate.

    Attributes:
        training: What the scored fits are trained on.
        fitting: What candidates are fitted on while choosing.
        choosing: Rows that `fitting` lacks, on which sets and settings are chosen.
        held_out: Predicted once, after every choice.
        test: The untouched test split, likewise.
        chooses_apart: Whether `fitting` is all of `training`, so that one fit serves both uses.
    """

    training: Samples
    fitting: Samples
    choosing: Samples
    held_out: Samples
    test: Samples
    chooses_apart: bool = False

    @property
    def training_counts(self) -> np.ndarray:
        """Rows of each class in the training part, int64 [classes]."""
        return np.bincount(self.training.labels, minlength=len(self.training.schema.classes))


@dataclass(frozen=True)
class Effort:
    """What every arm of a trial gets alike.

    Attributes:
        steps: Optimiser steps of the network in each fit.
        is_tuned: Whether settings are chosen among candidates, or the usual ones taken.
        tunes_threshold: Whether a threshold is tuned as well, for whoever does so.
    """

    steps: int
    is_tuned: bool
    tunes_threshold: bool = False


def effort_for(params: TrialParams, modality: Modality) -> Effort:
    """What each arm gets, by preset, kind of data, and for whom the dataset is promoted."""
    return Effort(
        steps=params.classifier_steps,
        is_tuned=params.preset != "light",
        tunes_threshold=modality.tunes_threshold or params.consumer == "tuned_threshold",
    )

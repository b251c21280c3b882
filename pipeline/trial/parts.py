"""The real samples of one replicate, and the effort that every arm gets alike."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Effort:
    """What every arm of a trial gets alike.

    Attributes:
        steps: Optimiser steps of the network in each fit.
        is_tuned: Whether settings are chosen among candidates, or the usual ones taken.
    """

    steps: int
    is_tuned: bool


def effort_for(params: TrialParams) -> Effort:
    """What each arm gets, by preset."""
    return Effort(steps=params.classifier_steps, is_tuned=params.preset != "light")

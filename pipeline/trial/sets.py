"""The sets that a trial looks among: how far classes are filled, and from which sources."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.composition import Composition
from pipeline.modalities.contract import Modality
from pipeline.params import TrialParams
from pipeline.results import Origin
from pipeline.trial.criterion import mean_loss

# How far the sets that are looked among fill the classes, by preset.
FILLS: Mapping[str, tuple[str, ...]] = {
    "light": ("largest", "four times"),
    "full": ("half", "largest", "four times"),
}
NOTHING = Composition("nothing")


def candidates(
    params: TrialParams, modality: Modality, *, with_gan: bool
) -> tuple[Composition, ...]:
    """The sets among which inner validation chooses; without GAN rows, nothing added is one."""
    mixes = (modality.mixes_with_gan if with_gan else modality.mixes)[params.preset]
    filled = tuple(Composition(fill, mix) for fill in FILLS[params.preset] for mix in mixes)
    return filled if with_gan else (NOTHING, *filled)


def searched(params: TrialParams, modality: Modality) -> tuple[Composition, ...]:
    """Every set that is tried, those without GAN rows first."""
    return tuple(
        one for flag in (False, True) for one in candidates(params, modality, with_gan=flag)
    )


def single_sources(
    params: TrialParams, modality: Modality, rivals: Sequence[Origin]
) -> tuple[Composition, ...]:
    """Sets filled to the largest class from one source: shown beside the set, and not chosen among.

    Args:
        rivals: Origins of other generators that the trial is held with.
    """
    if params.preset == "light":
        return ()
    origins = (*modality.cheap[params.preset], "gan", *rivals)
    return tuple(Composition("largest", (origin,)) for origin in origins)


def best_of(
    tried: Sequence[Composition], losses: Mapping[Composition, np.ndarray], labels: np.ndarray
) -> list[Composition]:
    """Those that were tried, in the order of their class-balanced mean loss, the smallest first.

    Args:
        losses: Of the choosing rows, mean over consumers, float64 [n] in nats; a set that is
            missing was not tried.
        labels: Of these rows, int64 [n].
    """
    known = [one for one in tried if one in losses]
    return sorted(known, key=lambda one: mean_loss(losses[one], labels))

"""The sets that a trial looks among: how far classes are filled, and from which sources."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.composition import Composition
from pipeline.params import TrialParams
from pipeline.results import Origin
from pipeline.trial.criterion import mean_loss

# How far the sets that are looked among fill the classes, by preset.
FILLS: Mapping[str, tuple[str, ...]] = {
    "light": ("largest", "four times"),
    "full": ("half", "largest", "four times"),
}
# Sources that cost no generator, in the order in which the sets without GAN rows use them.
CHEAP: Mapping[str, tuple[Origin, ...]] = {
    "light": ("classical", "deformed"),
    "full": ("classical", "deformed", "smote", "taught"),
}
# Sources of sets without GAN rows. Those with GAN rows are as many: neither search is longer.
MIXES: Mapping[str, tuple[tuple[Origin, ...], ...]] = {
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
MIXES_WITH_GAN: Mapping[str, tuple[tuple[Origin, ...], ...]] = {
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
NOTHING = Composition("nothing")


def candidates(params: TrialParams, *, with_gan: bool) -> tuple[Composition, ...]:
    """The sets among which inner validation chooses; without GAN rows, nothing added is one."""
    mixes = (MIXES_WITH_GAN if with_gan else MIXES)[params.preset]
    filled = tuple(Composition(fill, mix) for fill in FILLS[params.preset] for mix in mixes)
    return filled if with_gan else (NOTHING, *filled)


def searched(params: TrialParams) -> tuple[Composition, ...]:
    """Every set that is tried, those without GAN rows first."""
    return (*candidates(params, with_gan=False), *candidates(params, with_gan=True))


def single_sources(params: TrialParams, rivals: Sequence[Origin]) -> tuple[Composition, ...]:
    """Sets filled to the largest class from one source: shown beside the set, and not chosen among.

    Args:
        rivals: Origins of other generators that the trial is held with.
    """
    if params.preset == "light":
        return ()
    return tuple(Composition("largest", (o,)) for o in (*CHEAP[params.preset], "gan", *rivals))


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

"""How much of each source a class gets: chosen on inner validation rows, zero allowed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.trial.criterion import is_surely_better, mean_loss

Shares = Mapping[str, np.ndarray]
# From a dose (origin → share of each class's draws) to the losses of the inner validation rows.
Trying = Callable[[Shares], np.ndarray]


@dataclass(frozen=True)
class Dose:
    """A dose and how well it did.

    Attributes:
        shares: origin → share in [0, 1) of each class's draws, float64 [classes]; origins in the
            order in which they were added; an origin that won no place is absent.
        losses: Of the inner validation rows, float64 [n], in nats.
    """

    losses: np.ndarray
    shares: dict[str, np.ndarray] = field(default_factory=dict)


def choose_mix(
    try_dose: Trying,
    base: Dose,
    labels: np.ndarray,
    *,
    origins: tuple[str, ...],
    grid: tuple[float, ...],
    needy: np.ndarray,
) -> Dose:
    """Add origins one after the other while each is better by more than one standard error.

    Args:
        try_dose: Fits with a dose and returns the losses of the inner validation rows.
        base: No extra rows at all.
        labels: Of the inner validation rows, int64 [n].
        origins: What may be added.
        grid: Shares to try, each in (0, 1).
        needy: The classes that may get rows, bool [classes].
    """
    best, left = base, list(origins)
    while left:
        rivals = [
            _with(best, origin, share, needy, try_dose)
            for origin in left
            for share in grid
            if _fits(best, share)
        ]
        if not rivals:
            break
        rival = min(rivals, key=lambda dose: mean_loss(dose.losses, labels))
        if not is_surely_better(rival.losses, best.losses, labels):
            break
        left.remove(list(rival.shares)[-1])
        best = rival
    return best


def choose_share(
    try_dose: Trying,
    base: Dose,
    labels: np.ndarray,
    *,
    origin: str,
    grid: tuple[float, ...],
    needy: np.ndarray,
    per_class: bool,
) -> Dose:
    """The share of one origin with the smallest loss, zero (the base) among the choices.

    With `per_class`, each class's own best share is put together and kept if the whole is better.
    """
    tried = [base, *(_with(base, origin, share, needy, try_dose) for share in grid)]
    best = min(tried, key=lambda dose: mean_loss(dose.losses, labels))
    if per_class and len(tried) > 1:
        composed = _compose(tried, labels, origin)
        if composed.any() and not np.array_equal(composed, best.shares.get(origin, np.zeros(0))):
            shares = {**base.shares, origin: composed}
            whole = Dose(try_dose(shares), shares)
            best = min((best, whole), key=lambda dose: mean_loss(dose.losses, labels))
    return best


def _compose(tried: list[Dose], labels: np.ndarray, origin: str) -> np.ndarray:
    """Each class's share in the try that served the class's own rows best; ties to the smaller."""
    classes = max(len(dose.shares.get(origin, ())) for dose in tried)
    composed = np.zeros(classes)
    for label in np.unique(labels):
        own = labels == label
        served = [float(dose.losses[own].mean()) for dose in tried]
        shares = tried[int(np.argmin(served))].shares.get(origin)
        composed[label] = 0.0 if shares is None else shares[label]
    return composed


def _with(best: Dose, origin: str, share: float, needy: np.ndarray, try_dose: Trying) -> Dose:
    shares = {**best.shares, origin: np.where(needy, share, 0.0)}
    return Dose(try_dose(shares), shares)


def _fits(dose: Dose, share: float) -> bool:
    used = np.sum(list(dose.shares.values()), axis=0) if dose.shares else np.zeros(1)
    return bool(np.max(used) + share < 1.0)

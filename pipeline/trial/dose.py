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


@dataclass(frozen=True)
class Choice:
    """What every choice of a dose goes by.

    Attributes:
        try_dose: Fits with a dose and returns the losses of the inner validation rows.
        labels: Of these rows, int64 [n].
        grid: Shares to try, each in (0, 1).
        available: origin → the classes of which it has rows, bool [classes]; an origin that is
            absent or has none is never tried.
        per_class: Whether each class's own best share is tried too, all put together.
    """

    try_dose: Trying
    labels: np.ndarray
    grid: tuple[float, ...]
    available: Mapping[str, np.ndarray]
    per_class: bool

    def loss(self, dose: Dose) -> float:
        """Class-balanced mean loss of a dose, in nats."""
        return mean_loss(dose.losses, self.labels)


def choose_mix(choice: Choice, base: Dose, *, origins: tuple[str, ...]) -> Dose:
    """Add origins one after the other while each is better by more than one standard error.

    In each round the origin whose best common share does best is taken up, class by class where
    that is asked for, so that a round costs one fit more and not one for each class and origin.

    Args:
        base: No extra rows at all.
        origins: What may be added.
    """
    best, left = base, list(origins)
    while left:
        tried = {origin: _common_shares(choice, best, origin) for origin in left}
        rivals = [dose for doses in tried.values() for dose in doses]
        if not rivals:
            break
        origin = list(min(rivals, key=choice.loss).shares)[-1]
        rival = _best_of(choice, [best, *tried[origin]], origin)
        if not is_surely_better(rival.losses, best.losses, choice.labels):
            break
        left.remove(origin)
        best = rival
    return best


def choose_share(choice: Choice, base: Dose, *, origin: str) -> Dose:
    """The share of one origin with the smallest loss, zero (the base) among the choices."""
    return _best_of(choice, [base, *_common_shares(choice, base, origin)], origin)


def _common_shares(choice: Choice, best: Dose, origin: str) -> list[Dose]:
    """One dose for each share of the grid that has room beside what is there already."""
    available = choice.available.get(origin, np.zeros(0, bool))
    if not available.any():
        return []
    used = np.max(np.sum(list(best.shares.values()), axis=0)) if best.shares else 0.0
    doses = [
        {**best.shares, origin: np.where(available, share, 0.0)}
        for share in choice.grid
        if used + share < 1.0
    ]
    return [Dose(choice.try_dose(shares), shares) for shares in doses]


def _best_of(choice: Choice, tried: list[Dose], origin: str) -> Dose:
    """The best of the doses tried and, class by class, of what served each class best in them."""
    best = min(tried, key=choice.loss)
    if not choice.per_class or len(tried) < 2:
        return best
    composed = _compose(tried, choice.labels, origin)
    if not composed.any() or np.array_equal(composed, best.shares.get(origin, np.zeros(0))):
        return best
    shares = {**tried[0].shares, origin: composed}
    return min((best, Dose(choice.try_dose(shares), shares)), key=choice.loss)


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

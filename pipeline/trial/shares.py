"""Shares and their intervals: a score, and a gain as a share of the gap."""

import numpy as np

from pipeline.results import Interval
from pipeline.trial.verdict import GainTest


def within_scores(interval: Interval, *, highest: float = 1.0) -> Interval:
    """No interval of a score reaches below 0 or above the highest value that the score can take."""
    return Interval(
        low=max(0.0, interval.low), high=min(highest, interval.high), level=interval.level
    )


def share_of_gap(gap: GainTest, gained: GainTest) -> tuple[float | None, Interval | None]:
    """Gain over gap, with the interval by Fieller's bound where the gap is surely positive.

    None without a positive gap: there is then nothing to close. The interval takes gain and gap as
    independent, which makes it wider than it need be when they rise and fall together.

    Source: Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.
    """
    if gap.mean <= 0:
        return None, None
    share = gained.mean / gap.mean
    half_width_of = [(t.interval.high - t.interval.low) / 2 for t in (gained, gap)]
    above, below = half_width_of
    spread = (below / gap.mean) ** 2
    if spread >= 1:
        return share, None
    centre = share / (1 - spread)
    root = np.sqrt(max(above**2 * (1 - spread) + share**2 * below**2, 0.0))
    half = float(root / gap.mean / (1 - spread))
    return share, Interval(low=centre - half, high=centre + half, level=gap.interval.level)

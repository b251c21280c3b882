"""Copies and membership of the rows that would be shipped, as one record in careful words."""

from typing import Any

import numpy as np

from pipeline.errors import MetricError
from pipeline.fidelity.copies import CopySearch, search_copies
from pipeline.fidelity.membership import membership_attack
from pipeline.modalities.registry import modality_of
from pipeline.results import CopiesResult, Interval
from pipeline.samples import Samples

SHOWN = 10
NOTHING_TESTED: dict[str, Any] = {
    "tested": 0,
    "exact": 0,
    "suspected": 0,
    "threshold": 0.0,
    "false_alarm_rate": 0.0,
}

Features = tuple[np.ndarray, np.ndarray, np.ndarray]


def judge_safety(
    synthetic: Samples, training: Samples, holdout: Samples, *, features: Features, seed: int
) -> CopiesResult:
    """What was tested, what was found, and no claim beyond it.

    Args:
        synthetic: The rows to be shipped.
        training: All that their generator saw.
        holdout: Real samples that it did not see.
        features: Of the three sets, float [n, d] each, from one network, for the search alone. The
            attack is made in pixels: a network that was fitted on the training samples lays these
            nearer to anything than unseen ones, whatever the generator did.
    """
    area, interval, attack = _membership(synthetic, training, holdout, seed)
    attacked: dict[str, Any] = {"membership_auc": area, "membership_interval": interval}
    try:
        found = search_copies(synthetic, training, holdout, features=features)
    except MetricError as error:
        return CopiesResult(**NOTHING_TESTED, **attacked, wording=f"{error} {attack}")
    closest = np.argsort(found.ratio, kind="stable")[:SHOWN]
    return CopiesResult(
        tested=len(synthetic),
        exact=int(found.exact.sum()),
        moved=int(found.moved.sum()),
        suspected=int(found.suspected.sum()),
        threshold=found.threshold,
        false_alarm_rate=found.false_alarm_rate,
        closest=tuple(
            (str(synthetic.ids[row]), str(found.nearest_id[row]), float(found.ratio[row]))
            for row in closest
        ),
        **attacked,
        wording=f"{_copies_words(found, len(synthetic), len(training))} {attack}",
    )


def _membership(
    synthetic: Samples, training: Samples, holdout: Samples, seed: int
) -> tuple[float | None, Interval | None, str]:
    space = modality_of(training.schema).space(training)
    drawn, seen, unseen = (space.columns(part) for part in (synthetic, training, holdout))
    try:
        area, interval = membership_attack(
            seen, training.labels, unseen, holdout.labels, drawn, synthetic.labels, seed=seed
        )
    except MetricError as error:
        return None, None, str(error)
    verdict = (
        "better than guessing" if interval.low > 0.5 else "not measurably better than guessing"
    )
    words = (
        "An attacker who takes real samples near a synthetic one, in pixels, for training samples "
        f"does {verdict} (area {area:.2f}, 95 % interval {interval.low:.2f} to "
        f"{interval.high:.2f}; 0.50 is guessing). A stronger attack may find more; this is no "
        "guarantee of privacy."
    )
    return area, interval, words


def _copies_words(found: CopySearch, tested: int, training: int) -> str:
    near = int((found.suspected & ~found.exact & ~found.moved).sum())
    return (
        f"Each of {tested} synthetic rows was compared with all {training} training samples in "
        "pixels, after shifts by one pixel and mirroring, and in features: "
        f"{int(found.exact.sum())} equal one, {int(found.moved.sum())} equal one that was moved, "
        f"{near} more lie suspiciously near to one; of unseen real samples "
        f"{100 * found.false_alarm_rate:.1f} % would. The search finds copies of single samples, "
        "not other kinds of memory."
    )

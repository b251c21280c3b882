"""Copies and membership of the rows that would be shipped, as one record in careful words."""

from typing import Any

import numpy as np

from pipeline.errors import MetricError
from pipeline.fidelity.copies import CopySearch, search_copies
from pipeline.fidelity.membership import membership_attack
from pipeline.modalities.rarity import FEWEST_ROWS
from pipeline.modalities.registry import modality_of
from pipeline.results import CopiesResult, Interval, RareValue
from pipeline.samples import Samples

SHOWN = 10
# Equal rows expected by chance, from which on they are told.
LEAST_EXPECTED = 0.5
NOTHING_TESTED: dict[str, Any] = {
    "tested": 0,
    "exact": 0,
    "suspected": 0,
    "threshold": 0.0,
    "false_alarm_rate": 0.0,
}

Features = tuple[np.ndarray, np.ndarray, np.ndarray]


def judge_safety(
    synthetic: Samples,
    training: Samples,
    holdout: Samples,
    *,
    features: Features,
    seed: int,
    whole: tuple[Samples, Samples] | None = None,
) -> CopiesResult:
    """What was tested, what was found, and no claim beyond it.

    Args:
        synthetic: The rows to be shipped.
        training: All that their generator saw.
        holdout: Real samples that it did not see.
        features: Of the three sets, float [n, d] each, from one network, for the search alone. The
            attack is made in pixels: a network that was fitted on the training samples lays these
            nearer to anything than unseen ones, whatever the generator did.
        whole: All rows to be shipped and all training samples, where the others are a random choice
            of them: equality is looked for among all training samples, rare categories among all.
    """
    area, interval, attack = _membership(synthetic, training, holdout, seed)
    modality = modality_of(training.schema)
    shipped, every = (synthetic, training) if whole is None else whole
    rare = modality.rare(every, shipped)
    attacked: dict[str, Any] = {
        "membership_auc": area,
        "membership_interval": interval,
        "rare": rare,
    }
    try:
        found = search_copies(synthetic, training, holdout, features=features, every=every)
    except MetricError as error:
        words = (str(error), _rare_words(rare), attack)
        return CopiesResult(**NOTHING_TESTED, **attacked, wording=" ".join(filter(None, words)))
    closest = np.argsort(found.ratio, kind="stable")[:SHOWN]
    told = _copies_words(found, synthetic, training, whole=(shipped, every))
    words = (told, _rare_words(rare), attack)
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
        exact_expected=found.expected,
        exact_is_chance=found.is_chance,
        **attacked,
        wording=" ".join(filter(None, words)),
    )


def _membership(
    synthetic: Samples, training: Samples, holdout: Samples, seed: int
) -> tuple[float | None, Interval | None, str]:
    modality = modality_of(training.schema)
    space = modality.space(training)
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
        f"An attacker who takes real samples near a synthetic one, {modality.told_by}, for "
        f"training samples does {verdict} (area {area:.2f}, 95 % interval {interval.low:.2f} to "
        f"{interval.high:.2f}; 0.50 is guessing). A stronger attack may find more; this is no "
        "guarantee of privacy."
    )
    return area, interval, words


def _copies_words(
    found: CopySearch, synthetic: Samples, training: Samples, *, whole: tuple[Samples, Samples]
) -> str:
    modality = modality_of(training.schema)
    has_views = bool(modality.views(training.schema))
    near = int((found.suspected & ~found.exact & ~found.moved).sum())
    views = f"{int(found.moved.sum())} equal one that was moved, " * has_views
    equal = f"{int(found.exact.sum())} equal one{_base_rate(found)}"
    shipped, every = whole
    part = f", a random choice of {len(shipped)}," * (len(shipped) > len(synthetic))
    among = (
        f"for equality, and with {len(training)} of them, chosen at random, "
        if len(every) > len(training)
        else ""
    )
    return (
        f"Each of {len(synthetic)} synthetic rows{part} was compared with all {len(every)} "
        f"training samples {among}{modality.compared_in}: {equal}, {views}{near} more lie "
        f"suspiciously near to one; of unseen real samples {100 * found.false_alarm_rate:.1f} % "
        "would. The search finds copies of single samples, not other kinds of memory."
    )


def _base_rate(found: CopySearch) -> str:
    """What chance alone would give, where unseen real rows equal training ones too."""
    if found.expected < LEAST_EXPECTED:
        return ""
    verdict = "no more than chance explains" if found.is_chance else "more than chance explains"
    return (
        f" (of as many unseen real rows of these classes about {found.expected:.0f} would: "
        f"{verdict})"
    )


def _rare_words(rare: tuple[RareValue, ...]) -> str:
    if not rare:
        return ""
    cells = sum(one.n_synthetic for one in rare)
    return (
        f"{cells} cells of synthetic rows hold one of {len(rare)} categories that fewer than "
        f"{FEWEST_ROWS} training rows have; such a category may name a person."
    )

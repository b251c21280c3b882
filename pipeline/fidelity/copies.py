"""The search for memorised samples among synthetic ones, calibrated on reals nobody trained on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import fisher_exact

from pipeline.errors import MetricError
from pipeline.modalities.contract import View
from pipeline.modalities.registry import modality_of
from pipeline.nearest import Nearest, digests, nearest
from pipeline.row_digests import value_digests
from pipeline.samples import Samples

# Of unseen real samples, at most this share may be flagged by all tests together.
FALSE_ALARMS = 0.01
FEWEST_HOLDOUT = 20
# Equal rows that the base rate would give less often than this are told as copies.
SURPRISE = 0.01


@dataclass(frozen=True)
class CopySearch:
    """What the search found, one entry a synthetic row.

    Attributes:
        exact: Equal to a training sample bit for bit, bool [n].
        moved: Equal to one that is seen by one of the views, bool [n].
        suspected: Exact, moved, or under a threshold in one of the spaces, bool [n].
        expected: How many would be exact by chance: as often as unseen reals of the same classes.
        is_chance: Whether exact ones are no more than that explains.
        ratio: Smallest nearest / second-nearest ratio over the spaces, float64 [n] in [0, 1].
        nearest_id: The training sample that this ratio is told of, object [n].
        threshold: Of the ratio in the kind of data's own space.
        false_alarm_rate: Share of unseen reals flagged by thresholds set on other unseen reals.
    """

    exact: np.ndarray
    moved: np.ndarray
    suspected: np.ndarray
    expected: float
    is_chance: bool
    ratio: np.ndarray
    nearest_id: np.ndarray
    threshold: float
    false_alarm_rate: float


def search_copies(
    synthetic: Samples,
    training: Samples,
    holdout: Samples,
    *,
    features: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    every: Samples | None = None,
) -> CopySearch:
    """Compare each synthetic sample with every training sample.

    A memorised sample lies far nearer to its original than to any other training sample; an unseen
    real one does not. The ratio of the two distances is taken in the kind of data's own space, in
    that space after whichever view fits best (of an image: shifted by a pixel, or mirrored), and in
    features. Each space's threshold is the ratio
    under which its part of 1 % of the holdout lies.

    Rows of a table may be equal by chance, and unseen real rows then equal training ones too. These
    set no threshold; their share is the base rate that equal synthetic rows are held against.

    Args:
        training: All that the generator saw.
        holdout: Real samples that it did not see.
        features: Of the three sets, float [n, d] each; None leaves that space out.
        every: All training samples, where `training` is a part of them: for equality.

    Raises:
        MetricError: fewer than 20 samples of the holdout equal no training sample, which cannot
            set a threshold.
    """
    seen_values = value_digests(training if every is None else every)
    known = np.isin(value_digests(holdout), seen_values)
    if (~known).sum() < FEWEST_HOLDOUT:
        equal = f" that equal no training {modality_of(training.schema).noun}" * bool(known.any())
        raise MetricError(
            f"{(~known).sum()} holdout samples{equal} cannot calibrate the search for copies; at "
            f"least {FEWEST_HOLDOUT} are needed. Raise `source.split.test_fraction`."
        )
    modality = modality_of(training.schema)
    space, views = modality.space(training), modality.views(training.schema)
    columns = tuple(space.columns(part) for part in (synthetic, training, holdout))
    spaces: list[tuple[Any, tuple[View, ...]]] = [(columns, ())]
    if views:
        spaces.append((columns, views))
    if features is not None:
        spaces.append((features, ()))
    tested = [nearest(new, seen, views=looks) for (new, seen, _), looks in spaces]
    unseen = [nearest(held, seen, views=looks) for (_, seen, held), looks in spaces]
    ratios, of_holdout = _ratios(tested), _ratios(unseen)[:, ~known]
    thresholds = _thresholds(of_holdout)
    index = np.stack([found.index for found in tested])
    exact = np.isin(value_digests(synthetic), seen_values)
    moved = np.zeros(len(synthetic), bool)
    for view in views:
        moved |= ~exact & np.isin(digests(columns[0]), digests(view(columns[1])))
    expected = _expected(synthetic.labels, holdout.labels, known)
    return CopySearch(
        exact=exact,
        moved=moved,
        suspected=exact | moved | (ratios < thresholds[:, None]).any(axis=0),
        expected=expected,
        is_chance=_is_chance(exact, known, expected),
        ratio=ratios.min(axis=0),
        nearest_id=training.ids[index[ratios.argmin(axis=0), np.arange(len(synthetic))]],
        threshold=float(thresholds[0]),
        false_alarm_rate=float(_false_alarms(of_holdout) * (~known).mean() + known.mean()),
    )


def _expected(labels: np.ndarray, held_labels: np.ndarray, known: np.ndarray) -> float:
    """How many of the synthetic rows would equal a training one at the unseen rows' own rate.

    Args:
        labels: Classes of the synthetic rows.
        held_labels, known: Classes of unseen real rows, and whether each equals a training row.
    """
    expected = 0.0
    for label, n in zip(*np.unique(labels, return_counts=True), strict=True):
        own = known[held_labels == label]
        expected += n * float(own.mean() if len(own) else known.mean())
    return expected


def _is_chance(exact: np.ndarray, known: np.ndarray, expected: float) -> bool:
    """Whether so many equal rows are no surprise at the base rate, itself known from few rows only.

    The holdout is thought to have had the expected rate among as many rows as it has.
    """
    if not exact.any():
        return True
    found, n_held = int(exact.sum()), len(known)
    by_chance = round(expected / len(exact) * n_held)
    table = np.array([[found, len(exact) - found], [by_chance, n_held - by_chance]])
    return bool(fisher_exact(table, alternative="greater").pvalue >= SURPRISE)


def _ratios(found: list[Nearest]) -> np.ndarray:
    return np.stack([each.ratio for each in found])


def _thresholds(of_holdout: np.ndarray) -> np.ndarray:
    """One threshold a space, float64 [spaces], so that together they flag at most 1 %."""
    part = FALSE_ALARMS / len(of_holdout)
    return np.asarray(np.quantile(of_holdout, part, axis=1, method="lower"))


def _false_alarms(of_holdout: np.ndarray) -> float:
    """Each half of the holdout judged by the other half's thresholds."""
    odd, even = of_holdout[:, ::2], of_holdout[:, 1::2]
    flagged = [
        (judged < _thresholds(setting)[:, None]).any(axis=0)
        for judged, setting in ((odd, even), (even, odd))
    ]
    return float(np.concatenate(flagged).mean())

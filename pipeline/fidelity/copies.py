"""The search for memorised samples among synthetic ones, calibrated on reals nobody trained on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.errors import MetricError
from pipeline.modalities.contract import View
from pipeline.modalities.registry import modality_of
from pipeline.nearest import Nearest, digests, nearest
from pipeline.row_digests import value_digests
from pipeline.samples import Samples

# Of unseen real samples, at most this share may be flagged by all tests together.
FALSE_ALARMS = 0.01
FEWEST_HOLDOUT = 20


@dataclass(frozen=True)
class CopySearch:
    """What the search found, one entry a synthetic row.

    Attributes:
        exact: Equal to a training sample bit for bit, bool [n].
        moved: Equal to one that is seen by one of the views, bool [n].
        suspected: Exact, moved, or under a threshold in one of the spaces, bool [n].
        ratio: Smallest nearest / second-nearest ratio over the spaces, float64 [n] in [0, 1].
        nearest_id: The training sample that this ratio is told of, object [n].
        threshold: Of the ratio in the kind of data's own space.
        false_alarm_rate: Share of unseen reals flagged by thresholds set on other unseen reals.
    """

    exact: np.ndarray
    moved: np.ndarray
    suspected: np.ndarray
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
) -> CopySearch:
    """Compare each synthetic sample with every training sample.

    A memorised sample lies far nearer to its original than to any other training sample; an unseen
    real one does not. The ratio of the two distances is taken in the kind of data's own space, in
    that space after whichever view fits best (of an image: shifted by a pixel, or mirrored), and in
    features. Each space's threshold is the ratio
    under which its part of 1 % of the holdout lies.

    Args:
        training: All that the generator saw.
        holdout: Real samples that it did not see.
        features: Of the three sets, float [n, d] each; None leaves that space out.

    Raises:
        MetricError: the holdout has fewer than 20 samples, which cannot set a threshold.
    """
    if len(holdout) < FEWEST_HOLDOUT:
        raise MetricError(
            f"{len(holdout)} holdout samples cannot calibrate the search for copies; at least "
            f"{FEWEST_HOLDOUT} are needed. Raise `source.split.test_fraction`."
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
    ratios, of_holdout = _ratios(tested), _ratios(unseen)
    thresholds = _thresholds(of_holdout)
    index = np.stack([found.index for found in tested])
    exact = np.isin(value_digests(synthetic), value_digests(training))
    moved = np.zeros(len(synthetic), bool)
    for view in views:
        moved |= ~exact & np.isin(digests(columns[0]), digests(view(columns[1])))
    return CopySearch(
        exact=exact,
        moved=moved,
        suspected=exact | moved | (ratios < thresholds[:, None]).any(axis=0),
        ratio=ratios.min(axis=0),
        nearest_id=training.ids[index[ratios.argmin(axis=0), np.arange(len(synthetic))]],
        threshold=float(thresholds[0]),
        false_alarm_rate=_false_alarms(of_holdout),
    )


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

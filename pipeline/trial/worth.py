"""What synthetic samples are worth in real ones: the learning curve, read backwards."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from pipeline.params import TrialParams
from pipeline.results import LearningPoint
from pipeline.trial.panel import Panel
from pipeline.trial.plan import filled_shares, more_real_name
from pipeline.trial.scores import confusion, distinct_rows, recalls, score, share_interval
from pipeline.trial.shares import within_shares
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.verdict import assess_gains


class LearningCurve:
    """Scores of the best cheap arm with more and more real samples of the scarce classes.

    Attributes:
        counts: Real samples of each class at each point, float64 [points, classes].
    """

    def __init__(self, data: TrialData, params: TrialParams, outcome: TrialOutcome, panel: Panel):
        self._data, self._metric, self._splits = data, params.primary_metric, outcome.splits
        self._truths = [data.development.labels[split.held_out] for split in outcome.splits]
        training = [data.development.take(split.training) for split in outcome.splits]
        points: list[Sequence[Mapping[str, Any]]] = [[m["mix_steps"][0] for m in panel.mixtures]]
        counts = [[list(part.counts().values()) for part in training]]
        if outcome.has_ceiling:
            for share in filled_shares(params, panel.classifier):
                names = [
                    more_real_name(r, panel.classifier, share) for r in range(len(self._splits))
                ]
                points.append([outcome.results[name] for name in names])
                counts.append([outcome.results[name]["counts"] for name in names])
        self._points = points
        self._with_gan = [mixture["best_cheap_gan"] for mixture in panel.mixtures]
        self.counts = np.asarray(counts, np.float64).mean(axis=1)

    @property
    def scarce(self) -> np.ndarray:
        """Labels of the classes of which the curve adds samples, int64."""
        return np.flatnonzero(self.counts[-1] > self.counts[0])

    def points(self) -> tuple[LearningPoint, ...]:
        """All scarce classes together by the primary metric, then each one's recall."""
        if not len(self.scarce):
            return ()
        ratio = float(np.mean([split.held_out_ratio for split in self._splits]))
        together = []
        for counts, outcomes in zip(self.counts, self._points, strict=True):
            values = [
                score(truth, np.asarray(o["held_out"]))[self._metric]
                for truth, o in zip(self._truths, outcomes, strict=True)
            ]
            together.append(
                LearningPoint(
                    class_name=None,
                    n_real=round(float(counts[self.scarce].mean())),
                    value=float(np.mean(values)),
                    interval=within_shares(assess_gains(values, held_out_ratio=ratio).interval),
                )
            )
        return (*together, *(point for label in self.scarce for point in self._of_class(label)))

    def worth(self) -> dict[str, int]:
        """Class → further real samples that would do as much as the GAN's samples did.

        The recall with GAN samples is looked up on the class's own curve, made to rise (isotonic).
        """
        classes = self._data.development.schema.classes
        with_gan = self._recalls(self._with_gan)
        found = {}
        for label in self.scarce:
            counts = self.counts[:, label]
            curve = [self._recalls(outcomes)[label] for outcomes in self._points]
            rising = IsotonicRegression().fit_transform(counts, curve)
            # Of points with equal recall the first is meant: that many samples suffice for it.
            recall, first = np.unique(rising, return_index=True)
            enough = float(np.interp(with_gan[label], recall, counts[first]))
            # A rising curve lies below its own first point where recall falls at first.
            gained = with_gan[label] > curve[0]
            found[classes[label]] = max(0, round(enough - counts[0])) if gained else 0
        return found

    def _of_class(self, label: int) -> list[LearningPoint]:
        held_out = [split.held_out for split in self._splits]
        scored = int(distinct_rows(held_out, self._data.development.labels)[label])
        points = []
        for counts, outcomes in zip(self.counts, self._points, strict=True):
            recall = float(self._recalls(outcomes)[label])
            points.append(
                LearningPoint(
                    class_name=self._data.development.schema.classes[label],
                    n_real=round(float(counts[label])),
                    value=recall,
                    interval=share_interval(recall * scored, scored),
                )
            )
        return points

    def _recalls(self, outcomes: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Recall of each class over the held-out rows of all replicates, float64 [classes]."""
        classes = len(self._data.development.schema.classes)
        guesses = [np.asarray(outcome["held_out"]) for outcome in outcomes]
        return recalls(
            confusion(np.concatenate(self._truths), np.concatenate(guesses), classes=classes)
        )

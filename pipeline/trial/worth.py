"""What synthetic samples are worth in real ones: the learning curve, read backwards."""

from collections.abc import Sequence

import numpy as np
from sklearn.isotonic import IsotonicRegression

from pipeline.metrics import kind_of
from pipeline.params import TrialParams
from pipeline.results import LearningPoint
from pipeline.trial.consumers import REAL
from pipeline.trial.findings import Findings
from pipeline.trial.panel import Found
from pipeline.trial.plan import filled_shares, more_real_name
from pipeline.trial.predictions import HELD_OUT, Prediction, by_rule, prediction
from pipeline.trial.scores import all_scores, confusion, distinct_rows, recalls, share_interval
from pipeline.trial.shares import within_scores
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.verdict import assess_gains

# Of each replicate: what every consumer predicted of its held-out rows.
Predictions = Sequence[Sequence[Prediction]]


class LearningCurve:
    """Scores of the consumers with more and more real samples of the scarce classes.

    Attributes:
        counts: Real samples of each class at each point, float64 [points, classes].
    """

    def __init__(
        self, data: TrialData, params: TrialParams, outcome: TrialOutcome, findings: Findings
    ):
        self._data, self._metric, self._splits = data, params.primary_metric, outcome.splits
        self._truths = [data.development.labels[split.held_out] for split in outcome.splits]
        training = [data.development.take(split.training) for split in outcome.splits]
        panel = findings.panel
        found, self._rare, self._rule = panel.found, panel.rare, panel.rule
        points = [self._by_replicate([found[name, REAL] for name in params.consumers])]
        counts = [[list(part.counts().values()) for part in training]]
        if outcome.has_ceiling:
            for share in filled_shares(params):
                each = [
                    [
                        outcome.results[more_real_name(r, name, share)]
                        for r in range(len(self._splits))
                    ]
                    for name in params.consumers
                ]
                points.append(self._by_replicate(each))
                counts.append([one["counts"] for one in each[0]])
        self._points = points
        self._with_rows = self._by_replicate(
            [found[name, findings.recommended] for name in params.consumers]
        )
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
                float(np.mean([self._score(truth, one) for one in predicted]))
                for truth, predicted in zip(self._truths, outcomes, strict=True)
            ]
            together.append(
                LearningPoint(
                    class_name=None,
                    n_real=round(float(counts[self.scarce].mean())),
                    value=float(np.mean(values)),
                    interval=within_scores(
                        assess_gains(values, held_out_ratio=ratio).interval,
                        highest=kind_of(self._metric).highest,
                    ),
                )
            )
        return (*together, *(point for label in self.scarce for point in self._of_class(label)))

    def worth(self) -> dict[str, int]:
        """Class → further real samples that would do as much as the added rows did.

        The recall with the set is looked up on the class's own curve, made to rise (isotonic).
        """
        classes = self._data.development.schema.classes
        with_rows = self._recalls(self._with_rows)
        found = {}
        for label in self.scarce:
            counts = self.counts[:, label]
            curve = [self._recalls(outcomes)[label] for outcomes in self._points]
            rising = IsotonicRegression().fit_transform(counts, curve)
            # Of points with equal recall the first is meant: that many samples suffice for it.
            recall, first = np.unique(rising, return_index=True)
            enough = float(np.interp(with_rows[label], recall, counts[first]))
            # A rising curve lies below its own first point where recall falls at first.
            gained = with_rows[label] > curve[0]
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

    def _score(self, truth: np.ndarray, predicted: Prediction) -> float:
        return all_scores(truth, predicted, rare=self._rare, rule=self._rule)[self._metric]

    def _recalls(self, outcomes: Predictions) -> np.ndarray:
        """Recall of each class over the held-out rows of all replicates, float64 [classes]."""
        classes = len(self._data.development.schema.classes)
        matrices = [
            confusion(truth, by_rule(one, self._metric, self._rule).guess, classes=classes)
            for truth, predicted in zip(self._truths, outcomes, strict=True)
            for one in predicted
        ]
        return recalls(np.sum(matrices, axis=0))

    @staticmethod
    def _by_replicate(found: Sequence[Found]) -> Predictions:
        return [[prediction(one, HELD_OUT) for one in each] for each in zip(*found, strict=True)]

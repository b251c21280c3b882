"""The metrics by which a trial can decide: what each is called, and how it is to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

Metric = Literal[
    "balanced_accuracy",
    "accuracy",
    "macro_f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
]
# How labels are made of probabilities: the largest one, which of two classes is a threshold of .5,
# or by a threshold that is tuned on rows set apart.
DecisionRule = Literal["fixed_threshold", "tuned_threshold"]


@dataclass(frozen=True)
class MetricKind:
    """How a metric is to be read.

    Attributes:
        words: What people call it.
        is_loss: Whether less of it is better. A gain is positive where the score is better, so the
            gain of a loss is by how much it fell.
        by_label: Whether it judges predicted labels, which a threshold decides on; else it judges
            probabilities, and no threshold matters.
        highest: The largest value that it can take; the smallest is 0.
        unit: In which values are told: "%" for shares, "nats" for a log-loss, "" for plain numbers.
    """

    words: str
    is_loss: bool = False
    by_label: bool = False
    highest: float = 1.0
    unit: Literal["%", "nats", ""] = "%"


METRICS: Mapping[Metric, MetricKind] = {
    "balanced_accuracy": MetricKind("balanced accuracy", by_label=True),
    "accuracy": MetricKind("accuracy", by_label=True),
    "macro_f1": MetricKind("macro-F1", by_label=True),
    "roc_auc": MetricKind("ROC AUC"),
    "average_precision": MetricKind("average precision"),
    "log_loss": MetricKind("log-loss", is_loss=True, highest=inf, unit="nats"),
    "brier": MetricKind("Brier score", is_loss=True, unit=""),
}
assert tuple(METRICS) == get_args(Metric)
# Of what other versions call a metric, nothing but the name is known.
UNKNOWN = MetricKind("")


def kind_of(metric: str) -> MetricKind:
    """How a metric is to be read; of a name that is none of ours, as a share."""
    return {str(name): kind for name, kind in METRICS.items()}.get(metric, UNKNOWN)


def merit_sign(metric: str) -> float:
    """1 where more of the metric is better, −1 where less is."""
    return -1.0 if kind_of(metric).is_loss else 1.0

"""What a fitted classifier predicts of rows, as it is computed with and as a task's result."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import softmax

from pipeline.metrics import DecisionRule
from pipeline.modalities.contract import Fitted
from pipeline.trial.criterion import SMALLEST_PROBABILITY
from pipeline.trial.parts import Parts

HELD_OUT, TEST = "held_out", "test"
# Of log-probabilities in half precision: 3 digits of each probability, in a quarter of the room.
KEPT_TYPE = np.dtype("<f2")


@dataclass(frozen=True)
class Prediction:
    """What is predicted of n rows.

    Attributes:
        guess: Labels, int64 [n].
        probabilities: float64 [n, classes], rows sum to 1; None where only labels are known.
        offsets: Metric of labels → what whoever tunes a threshold for it adds to the
            log-probabilities, float64 [classes]; nothing where no threshold was tuned.
    """

    guess: np.ndarray
    probabilities: np.ndarray | None = None
    offsets: Mapping[str, np.ndarray] = field(default_factory=dict)

    def tuned(self, metric: str) -> "Prediction":
        """The same with the labels of whoever tuned a threshold for this metric."""
        if self.probabilities is None or metric not in self.offsets:
            return self
        with np.errstate(divide="ignore"):
            scores = np.log(self.probabilities) + self.offsets[metric]
        return replace(self, guess=scores.argmax(axis=1))


def by_rule(predicted: Prediction, metric: str, rule: DecisionRule) -> Prediction:
    """What is predicted by whoever keeps the usual threshold, or tunes one for the metric."""
    return predicted.tuned(metric) if rule == "tuned_threshold" else predicted


def predict(
    fitted: Fitted, parts: Parts, offsets: Mapping[str, list[float]] | None = None
) -> dict[str, Any]:
    """What is held out and the test split, as plain data: labels, and probabilities as text.

    Args:
        offsets: Of a tuned threshold, as `pipeline.trial.thresholds` finds them.
    """
    found: dict[str, Any] = {} if offsets is None else {"offsets": dict(offsets)}
    for part, samples in ((HELD_OUT, parts.held_out), (TEST, parts.test)):
        probabilities = fitted.probabilities(samples)
        found[part] = probabilities.argmax(axis=1).tolist()
        found[f"{part}_probabilities"] = kept(probabilities)
    return found


def prediction(found: Mapping[str, Any], part: str) -> Prediction:
    """What a task predicted of a part."""
    guess = np.asarray(found[part], np.int64)
    text = found.get(f"{part}_probabilities")
    offsets = {metric: np.asarray(each) for metric, each in found.get("offsets", {}).items()}
    return Prediction(guess, None if text is None else restored(text, len(guess)), offsets)


def kept(probabilities: np.ndarray) -> str:
    """Probabilities, float64 [n, classes], as text: zlib and base64 of their logarithms.

    In half precision, which leaves three digits of each, and logarithms keep the order of
    probabilities close to zero apart. Labels are kept beside them, so that no rounding changes any.
    """
    logarithms = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    return base64.b64encode(zlib.compress(logarithms.astype(KEPT_TYPE).tobytes(), 1)).decode()


def restored(text: str, rows: int) -> np.ndarray:
    """The probabilities that `kept` wrote, float64 [rows, classes], made to sum to 1."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), KEPT_TYPE)
    logarithms = flat.reshape(rows, -1) if rows else flat.reshape(0, 1)
    return np.asarray(softmax(logarithms.astype(np.float64), axis=1))

"""What a fitted classifier predicts of rows, as it is computed with and as a task's result."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

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
    """

    guess: np.ndarray
    probabilities: np.ndarray | None = None


def predict(fitted: Fitted, parts: Parts) -> dict[str, Any]:
    """What is held out and the test split, as plain data: labels, and probabilities as text."""
    found: dict[str, Any] = {}
    for part, samples in ((HELD_OUT, parts.held_out), (TEST, parts.test)):
        probabilities = fitted.probabilities(samples)
        found[part] = probabilities.argmax(axis=1).tolist()
        found[f"{part}_probabilities"] = kept(probabilities)
    return found


def prediction(found: Mapping[str, Any], part: str) -> Prediction:
    """What a task predicted of a part."""
    guess = np.asarray(found[part], np.int64)
    text = found.get(f"{part}_probabilities")
    return Prediction(guess, None if text is None else restored(text, len(guess)))


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

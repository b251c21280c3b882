"""What a trial found: the record from which metrics, plots, report, card and artifacts are made.

Written once by the evaluate stage as `data/trial/result.json`, read by everything that shows a
number, so that no number is computed twice. Scores are fractions in [0, 1]; gains are in points
(hundredths of the metric), because people read them so.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.workspace import read_json, write_json

RESULT_FILE = "result.json"

Verdict = Literal["helps", "no evidence", "harms"]
Question = Literal["mix against current practice", "gan against cheap"]
ArmFamily = Literal["cheap", "synthetic", "mix", "ceiling"]
Origin = Literal["real", "gan", "classical", "smote", "cvae"]


class Record(BaseModel):
    """A frozen record; unknown keys are errors, so that a reader never guesses."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Record):
    """A two-sided confidence interval, and the level it was made for, e.g. 0.95."""

    low: float
    high: float
    level: float = 0.95


class ArmScore(Record):
    """One arm under one classifier: a value of each metric for every replicate.

    Attributes:
        values: metric name → one value in [0, 1] a replicate, in replicate order.
        test: metric name → value in [0, 1] on the untouched test split (mean over replicates).
        recall: class name → one recall in [0, 1] a replicate.
        confusion: Rows true, columns predicted, counts on the test split summed over replicates.
        intervals: metric name → interval of the mean over replicates.
    """

    arm: str
    title: str
    family: ArmFamily
    classifier: str
    values: dict[str, tuple[float, ...]]
    intervals: dict[str, Interval] = {}
    test: dict[str, float] = {}
    recall: dict[str, tuple[float, ...]] = {}
    confusion: tuple[tuple[int, ...], ...] = ()


class Comparison(Record):
    """A paired comparison of two arms, in points of the metric.

    Attributes:
        gains_points: One paired difference a replicate.
        lower_bound_points: Corrected one-sided 95 % lower bound; the verdict rests on it.
        detectable_points: The smallest gain this trial could have detected with 80 % power.
    """

    question: Question
    classifier: str
    metric: str
    arm: str
    reference: str
    gains_points: tuple[float, ...]
    mean_points: float
    interval_points: Interval
    lower_bound_points: float
    upper_bound_points: float
    detectable_points: float | None = None
    test_gain_points: float | None = None
    verdict: Verdict


class GainShare(Record):
    """What one source of samples brought to the recommended mix, in points."""

    origin: str
    points: float


class ClassRow(Record):
    """One class: how many rows, and its recall on held-out data before and after.

    Before is current practice, after is the recommended mix, both under the primary classifier.
    """

    name: str
    n_real: int
    n_requested: int
    n_accepted: int
    n_test: int = 0
    recall_before: float
    recall_before_interval: Interval
    recall_after: float
    recall_after_interval: Interval
    dose: dict[str, float] = {}


class CurationRow(Record):
    """Why synthetic samples of one class were turned away: reason → count."""

    name: str
    drawn: int
    accepted: int
    rejected: dict[str, int] = {}


class FidelityRow(Record):
    """One number about the synthetic samples beside the same number between reals.

    Attributes:
        metric: "fid", "kid", "precision", "recall", "density", "coverage", "diversity", "tstr"…
        class_name: None for all classes together.
        value: None where the samples cannot give the number; `note` says why.
        floor: The same metric between two disjoint halves of real samples at equal n.
        n_samples: Samples on each side.
        features: Name of the feature network.
    """

    metric: str
    class_name: str | None = None
    value: float | None
    floor: float | None = None
    n_samples: int
    features: str
    note: str = ""


class CopiesResult(Record):
    """What the search for memorised samples tested and found."""

    tested: int
    exact: int
    suspected: int
    threshold: float
    false_alarm_rate: float
    closest: tuple[tuple[str, str, float], ...] = ()
    membership_auc: float | None = None
    membership_interval: Interval | None = None
    wording: str = ""


class LearningPoint(Record):
    """Score with n real samples of a class (None: all classes scaled together)."""

    class_name: str | None
    n_real: int
    value: float
    interval: Interval | None = None


class TrialResult(Record):
    """Everything a trial found.

    Attributes:
        recommended_weight: source of rows → weight in [0, 1]; zero is a valid answer.
        best_cheap: Name of the best cheap arm under the primary classifier, by held-out score.
        notes: Sentences a reader must know (what a light preset left out, few samples, …).
    """

    format_version: int = 1
    primary_metric: str
    primary_classifier: str
    current_practice: str
    best_cheap: str
    recommended_arm: str
    promote_rule: Literal["mix", "gan"]
    min_gain_points: float
    replicates: int
    verdict: Verdict
    gan_verdict: Verdict
    promoted: bool
    arms: tuple[ArmScore, ...]
    comparisons: tuple[Comparison, ...]
    gain_shares: tuple[GainShare, ...] = ()
    gap_closed: float | None = None
    gap_closed_interval: Interval | None = None
    recommended_weight: dict[str, float]
    classes: tuple[ClassRow, ...]
    curation: tuple[CurationRow, ...] = ()
    fidelity: tuple[FidelityRow, ...] = ()
    copies: CopiesResult | None = None
    learning_curve: tuple[LearningPoint, ...] = ()
    worth: dict[str, int] = {}
    notes: tuple[str, ...] = ()


def write_result(directory: Path, result: TrialResult) -> None:
    """Write `result.json` into the trial's folder."""
    write_json(directory / RESULT_FILE, result.model_dump(mode="json"))


def read_result(directory: Path) -> TrialResult:
    """Read what the evaluate stage wrote.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    return TrialResult.model_validate(read_json(directory / RESULT_FILE))

"""What a trial found: the record from which metrics, plots, report, card and artifacts are made.

Written once by the evaluate stage as `data/trial/result.json`, read by everything that shows a
number, so that no number is computed twice. Scores are fractions in [0, 1]; gains are in points
(hundredths of the metric), because people read them so.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.workspace import read_json_as, write_json

RESULT_FILE = "result.json"

Verdict = Literal["helps", "no evidence", "harms"]
Question = Literal["mix against current practice", "gan against cheap"]
ArmFamily = Literal["cheap", "synthetic", "mix", "ceiling"]
Origin = Literal["real", "gan", "classical", "smote", "deformed", "cvae"]


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
        settings: Sentence that says how the arm trains, with what its tuning chose.
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
    settings: str = ""
    values: dict[str, tuple[float, ...]]
    intervals: dict[str, Interval] = {}
    test: dict[str, float] = {}
    recall: dict[str, tuple[float, ...]] = {}
    confusion: tuple[tuple[int, ...], ...] = ()


class Comparison(Record):
    """A paired comparison of two arms, in points of the metric.

    Attributes:
        gains_points: One paired difference a replicate.
        lower_bound_points: Corrected one-sided 95 % lower bound, on which "helps" rests; "harms"
            rests on the upper one.
        detectable_points: The smallest true gain that this comparison, by itself, would have found
            in 80 % of trials. "helps" for the GAN asks for every one of its comparisons at once,
            and so for more.
        replicates_to_settle: Replicates in all that would show a gain of this size, where adding
            some can; None where none can or none are needed.
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
    replicates_to_settle: int | None = None
    test_gain_points: float | None = None
    verdict: Verdict


class GainShare(Record):
    """What one source brought to the recommended mix over current practice, in points.

    Attributes:
        origin: "training" for how the classifier is trained (online recipes, balancing), otherwise
            an origin of rows. The shares of one classifier add up to its gain.
    """

    origin: str
    points: float


class ClassifierVerdict(Record):
    """The two answers for one downstream classifier.

    Attributes:
        best_cheap: Name of the best cheap arm by mean held-out score.
        mix_words: The recommended mix in one sentence, online recipes included.
        gap_closed: Share of the gap between the best cheap arm and the ceiling (filled with real
            samples) that the best cheap arm with GAN samples closed; None without a ceiling.
    """

    classifier: str
    verdict: Verdict
    gan_verdict: Verdict
    best_cheap: str
    recommended_arm: str
    mix_words: str = ""
    gain_shares: tuple[GainShare, ...] = ()
    gap_closed: float | None = None
    gap_closed_interval: Interval | None = None


class DoseRow(Record):
    """How much of one class's training one source makes up in the recommended mix.

    Attributes:
        share: Share in [0, 1) of the class's draws, mean over replicates.
        weight: Recommended weight in [0, 1] of one such row, where a real row weighs 1.
    """

    classifier: str
    class_name: str
    origin: Origin
    share: float
    weight: float


class ClassRow(Record):
    """One class: how many rows, and its recall on held-out data before and after.

    Before is current practice, after is the recommended mix, both under the primary classifier.

    Attributes:
        n_accepted: Synthetic rows of the class that passed curation.
        n_test: Different held-out samples that the recalls rest on; a sample that several
            replicates held out counts once.
        dose: origin → share in [0, 1) of the class's draws in the recommended mix.
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
    """What the search for memorised samples tested and found.

    Attributes:
        exact: Rows that equal a training sample bit for bit.
        moved: Rows that equal a training sample after a shift by one pixel or a mirroring.
        suspected: Rows whose nearest / second-nearest distance ratio lies under `threshold`.
        false_alarm_rate: Share of never-trained-on real samples that the same threshold flags.
        closest: (synthetic id, real id, ratio) of the most suspicious rows, smallest ratio first.
    """

    tested: int
    exact: int
    moved: int = 0
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
        verdicts: The answers per classifier; the fields beside it repeat the primary one's.
        recommended_weight: origin of rows → mean weight in [0, 1] over the classes that get rows of
            that origin; zero is a valid answer. Real rows weigh 1.
        worth: class name → the number of further real samples that the synthetic ones were as good
            as, by the learning curve.
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
    verdicts: tuple[ClassifierVerdict, ...] = ()
    gain_shares: tuple[GainShare, ...] = ()
    gap_closed: float | None = None
    gap_closed_interval: Interval | None = None
    recommended_weight: dict[str, float]
    doses: tuple[DoseRow, ...] = ()
    classes: tuple[ClassRow, ...]
    curation: tuple[CurationRow, ...] = ()
    fidelity: tuple[FidelityRow, ...] = ()
    copies: CopiesResult | None = None
    learning_curve: tuple[LearningPoint, ...] = ()
    worth: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    # Of versions made before warm starts were removed; read, and written no more.
    started_from: str | None = Field(default=None, exclude=True)


def deciding_comparison(result: TrialResult, question: Question) -> Comparison | None:
    """The comparison on which the verdict about `question` rests; None where none was made.

    Under the primary classifier and metric. Against several references the one with the smallest
    lower bound decides (intersection-union), unless there is harm against any: then that does.
    """
    asked = [
        one
        for one in result.comparisons
        if one.question == question
        and one.classifier == result.primary_classifier
        and one.metric == result.primary_metric
    ]
    harms = [one for one in asked if one.verdict == "harms"]
    return min(harms or asked, key=lambda one: one.lower_bound_points, default=None)


def write_result(directory: Path, result: TrialResult) -> None:
    """Write `result.json` into the trial's folder."""
    write_json(directory / RESULT_FILE, result.model_dump(mode="json"))


def read_result(directory: Path) -> TrialResult:
    """Read what the evaluate stage wrote.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    return read_json_as(directory / RESULT_FILE, TrialResult)

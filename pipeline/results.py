"""What a trial found: the record from which metrics, plots, report, card and artifacts are made.

Written once by the evaluate stage as `data/trial/result.json`, read by everything that shows a
number, so that no number is computed twice. Scores are fractions in [0, 1]; gains are in points
(hundredths of the metric), because people read them so.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline.likeness import ColumnRow as ColumnRow
from pipeline.likeness import ColumnsResult as ColumnsResult
from pipeline.likeness import CopiesResult as CopiesResult
from pipeline.likeness import CurationRow as CurationRow
from pipeline.likeness import FidelityRow as FidelityRow
from pipeline.likeness import PairRow as PairRow
from pipeline.likeness import RareValue as RareValue
from pipeline.metrics import DecisionRule
from pipeline.record import Interval as Interval
from pipeline.record import Record as Record
from pipeline.workspace import read_json_as, write_json

RESULT_FILE = "result.json"

Verdict = Literal["helps", "no evidence", "harms"]
Question = Literal[
    "set against real rows",
    "GAN rows in the set",
    "set under the best recipe",
    "best recipe on real rows",
]
ArmFamily = Literal["reference", "fill", "set", "ceiling", "recipe"]
Origin = Literal[
    "real", "gan", "classical", "smote", "deformed", "copula", "munge", "taught", "cvae"
]
# Stands for the mean over all consumers wherever one of them is named.
PANEL = "panel"
WITHOUT_GAN, WITH_GAN = "set_without_gan", "set_with_gan"


class ArmScore(Record):
    """One arm under one consumer: a value of each metric for every replicate.

    Labels are made by the decision rule for which the dataset is promoted (`TrialResult.consumer`).

    An arm is a set of rows on which a consumer fits plainly, or, in the family "recipe", a way to
    train on the real rows or on the recommended set.

    Attributes:
        classifier: A consumer, or `PANEL` for the mean over all of them.
        settings: What the set holds or how the arm trains, in words.
        values: metric name → one value a replicate, in replicate order: in [0, 1], or in nats for
            a log-loss.
        other_values: The same by the other rule, where the first question was asked twice.
        test: metric name → value in [0, 1] on the untouched test split (mean over replicates).
        recall: class name → one recall in [0, 1] a replicate.
        confusion: Rows true, columns predicted, counts on the test split summed over replicates
            (and consumers).
        intervals: metric name → interval of the mean over replicates.
    """

    arm: str
    title: str
    family: ArmFamily
    classifier: str
    settings: str = ""
    values: dict[str, tuple[float, ...]]
    other_values: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    intervals: dict[str, Interval] = Field(default_factory=dict)
    test: dict[str, float] = Field(default_factory=dict)
    recall: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()


class Comparison(Record):
    """A paired comparison of two arms, in points of the metric.

    A gain is positive where the arm is better, so that of a loss is by how much it fell.

    Attributes:
        classifier: A consumer, or `PANEL` for the mean over all of them.
        rule: By which labels are made of probabilities.
        gains_points: One paired difference a replicate.
        interval_points: Of level 0.90. "helps" if its low end lies above the least gain asked for,
            "harms" if its high end lies below zero.
        detectable_points: The smallest true gain that this comparison, by itself, would have found
            in 80 % of trials.
        replicates_to_settle: Replicates in all that would show a gain of this size, where adding
            some can; None where none can or none are needed.
        test_gain_points: The same difference on the untouched test split.
    """

    question: Question
    classifier: str
    metric: str
    rule: DecisionRule = "fixed_threshold"
    arm: str
    reference: str
    gains_points: tuple[float, ...]
    mean_points: float
    interval_points: Interval
    detectable_points: float | None = None
    replicates_to_settle: int | None = None
    test_gain_points: float | None = None
    verdict: Verdict


class RecipeAdvice(Record):
    """The best way to train one classifier, for whoever may change training code.

    Attributes:
        words: The recipe in words.
        recipe: Setting → value, as `pipeline.modalities.recipe.Recipe` has them; their meaning
            stands in the `recipe.json` of the dataset.
        on_set: Whether the recipe scored better on the recommended set than on the real rows.
    """

    classifier: str
    words: str
    recipe: dict[str, float | bool]
    on_set: bool


class ClassRow(Record):
    """One class: its rows, and its recall on held-out data before and after.

    Before is the better of real and oversampled rows, after is the recommended set; both are means
    over the consumers.

    Attributes:
        n_requested: GAN rows that the balanced set is to have.
        n_accepted: Synthetic rows of the class that passed curation.
        n_test: Different held-out samples that the recalls rest on; a sample that several
            replicates held out counts once.
        in_set: Source → rows of the class in the recommended set.
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
    in_set: dict[Origin, int] = Field(default_factory=dict)


class LearningPoint(Record):
    """Score with n real samples of a class (None: all classes scaled together)."""

    class_name: str | None
    n_real: int
    value: float
    interval: Interval | None = None


class TrialResult(Record):
    """Everything a trial found.

    Three questions, in this order. What changes for somebody who fits plainly on the recommended
    set in place of the real rows, or of the real rows oversampled to balance: that decides on
    promotion. What the GAN's rows add to such a set. What a better way to train brings, which is
    advice and no gain of the set.

    Attributes:
        consumer: The decision rule for which the dataset is promoted: that of whoever keeps the
            usual threshold, or that of whoever tunes one on rows set apart. By it go all scores,
            recalls and comparisons but `other_values` and `other_comparisons`.
        consumers: The classifiers whose mean decides.
        verdict: On the recommended set: "helps" only where it beats real and oversampled rows both.
        gan_verdict: On the GAN's rows: the best set with them against the best set without.
        recommended_arm: `WITH_GAN` where GAN rows are proven to help, else `WITHOUT_GAN`.
        reference_arm: Of "real" and "oversampled" the one with the higher mean score.
        set_words: What the recommended set holds, in one sentence.
        other_comparisons: The first question by the other decision rule; empty where the metric
            needs no labels, or no thresholds were tuned.
        gap_closed: Share of the gap between the better reference and the ceiling (filled with
            withheld real rows) that the set closes; None without a ceiling.
        advice: The best way to train, one for each classifier for which it was looked for.
        worth: class name → the number of further real samples that the added rows were as good as,
            by the learning curve.
        notes: Sentences a reader must know (what a light preset left out, few samples, …).
    """

    # 2 had no second rule: what it lacks is empty, as in a trial that tuned no thresholds.
    format_version: Literal[2, 3] = 3
    primary_metric: str
    consumer: DecisionRule = "fixed_threshold"
    consumers: tuple[str, ...]
    min_gain_points: float
    replicates: int
    verdict: Verdict
    gan_verdict: Verdict
    promoted: bool
    recommended_arm: str
    reference_arm: str
    set_words: str = ""
    arms: tuple[ArmScore, ...]
    comparisons: tuple[Comparison, ...]
    other_comparisons: tuple[Comparison, ...] = ()
    gap_closed: float | None = None
    gap_closed_interval: Interval | None = None
    advice: tuple[RecipeAdvice, ...] = ()
    classes: tuple[ClassRow, ...]
    curation: tuple[CurationRow, ...] = ()
    fidelity: tuple[FidelityRow, ...] = ()
    columns: ColumnsResult = ColumnsResult()
    copies: CopiesResult | None = None
    learning_curve: tuple[LearningPoint, ...] = ()
    worth: dict[str, int] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


def deciding_comparison(
    result: TrialResult, question: Question, classifier: str = PANEL
) -> Comparison | None:
    """The comparison on which an answer rests; None where none was made.

    By the primary metric and the rule for which the dataset is promoted. Against several references
    the one with the smallest lower end decides (intersection-union), unless there is harm against
    any: then that does.
    """
    return _deciding(result, result.comparisons, question, classifier)


def other_comparison(result: TrialResult, classifier: str = PANEL) -> Comparison | None:
    """The comparison on which the first answer by the other rule rests; None if there is none."""
    return _deciding(result, result.other_comparisons, "set against real rows", classifier)


def _deciding(
    result: TrialResult, comparisons: Iterable[Comparison], question: Question, classifier: str
) -> Comparison | None:
    asked = [
        one
        for one in comparisons
        if one.question == question
        and one.classifier == classifier
        and one.metric == result.primary_metric
    ]
    harms = [one for one in asked if one.verdict == "harms"]
    return min(harms or asked, key=lambda one: one.interval_points.low, default=None)


def write_result(directory: Path, result: TrialResult) -> None:
    """Write `result.json` into the trial's folder."""
    write_json(directory / RESULT_FILE, result.model_dump(mode="json"))


def read_result(directory: Path) -> TrialResult:
    """Read what the evaluate stage wrote.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    return read_json_as(directory / RESULT_FILE, TrialResult)

"""Flat metrics and plot data for DVC, from the record of a trial."""

import io
from pathlib import Path

import pandas as pd

from pipeline import answers, numbers
from pipeline.results import (
    PANEL,
    Comparison,
    Question,
    TrialResult,
    deciding_comparison,
    other_comparison,
)
from pipeline.workspace import write_bytes, write_json

FORMAT_VERSION = 2
DIGITS = 6
QUESTIONS: dict[str, Question] = {
    "set": answers.SET,
    "gan": answers.GAN,
    "recipe": answers.RECIPE,
    "set_in_recipe": answers.SET_IN_RECIPE,
}


Flat = dict[str, float | str | bool]


def flat_metrics(result: TrialResult) -> Flat:
    """One flat dictionary with stable keys, for `dvc metrics show` and `dvc metrics diff`.

    The keys are told in docs/metrics.md and checked against docs/metrics.schema.json.
    """
    flat: Flat = {
        "format_version": FORMAT_VERSION,
        "primary_metric": result.primary_metric,
        "consumer": result.consumer,
        "consumers": " ".join(result.consumers),
        "replicates": result.replicates,
        "min_gain_points": result.min_gain_points,
        "verdict": result.verdict,
        "gan_verdict": result.gan_verdict,
        "promoted": result.promoted,
        "recommended_arm": result.recommended_arm,
        "reference_arm": result.reference_arm,
        **{f"rows.{origin}": n for origin, n in answers.rows_by_origin(result).items()},
        **_scores(result),
        **_gains(result),
        **_fidelity(result),
    }
    if result.copies is not None:
        flat["copies.tested"] = result.copies.tested
    if result.copies is not None and result.copies.tested:
        flat["copies.exact"] = result.copies.exact
        flat["copies.moved"] = result.copies.moved
        flat["copies.suspected"] = result.copies.suspected
        flat["copies.exact_expected"] = round(result.copies.exact_expected, DIGITS)
        flat["copies.rare"] = len(result.copies.rare)
    return flat


def _scores(result: TrialResult) -> Flat:
    """Each arm by the primary metric, held out and on the test split; each metric of the set."""
    metric, flat = result.primary_metric, Flat()
    for arm in result.arms:
        values = arm.values[metric]
        key = f"{arm.classifier}.{arm.arm}"
        flat[f"score.{key}.{metric}"] = round(sum(values) / len(values), DIGITS)
        for name, value in arm.test.items():
            if name == metric or arm.arm == result.recommended_arm:
                flat[f"test.{key}.{name}"] = round(value, DIGITS)
    return flat


def _gains(result: TrialResult) -> Flat:
    """The comparison on which each answer rests, and the dataset's with either baseline."""
    flat = Flat()
    for classifier in dict.fromkeys(one.classifier for one in result.comparisons):
        for name, question in QUESTIONS.items():
            comparison = deciding_comparison(result, question, classifier)
            if comparison is not None:
                flat |= _gain(f"gain.{classifier}.{name}", comparison)
    for one in result.comparisons:
        if one.question == answers.SET and one.metric == result.primary_metric:
            flat |= _gain(f"gain.{one.classifier}.set_over_{one.reference}", one)
    for classifier in dict.fromkeys(one.classifier for one in result.other_comparisons):
        other = other_comparison(result, classifier)
        if other is not None:
            flat |= _gain(f"gain.{classifier}.set_by_{other.rule}", other)
    return flat


def _gain(key: str, comparison: Comparison) -> Flat:
    interval = numbers.within_gains(comparison.interval_points, comparison.metric)
    flat: Flat = {
        f"{key}.points": round(comparison.mean_points, DIGITS),
        f"{key}.low_points": round(interval.low, DIGITS),
        f"{key}.high_points": round(interval.high, DIGITS),
        f"{key}.verdict": comparison.verdict,
    }
    if comparison.detectable_points is not None:
        flat[f"{key}.detectable_points"] = round(comparison.detectable_points, DIGITS)
    return flat


def _fidelity(result: TrialResult) -> Flat:
    flat = Flat()
    for row in result.fidelity:
        if row.class_name is None and row.value is not None:
            flat[f"fidelity.{row.metric}"] = round(row.value, DIGITS)
            if row.floor is not None:
                flat[f"fidelity.{row.metric}_floor"] = round(row.floor, DIGITS)
    return flat


def write_exports(metrics_file: Path, plots: Path, result: TrialResult) -> None:
    """Write the metrics file, and a CSV file for each plot that dvc.yaml defines."""
    write_json(metrics_file, flat_metrics(result))
    frames = {
        "scores": scores_frame(result),
        "replicates": replicates_frame(result),
        "gains": gains_frame(result),
        "recall": recall_frame(result),
        "confusion": confusion_frame(result),
    }
    for name, frame in frames.items():
        text = io.StringIO()
        frame.to_csv(text, index=False, lineterminator="\n")
        write_bytes(plots / f"{name}.csv", text.getvalue().encode())


def scores_frame(result: TrialResult) -> pd.DataFrame:
    """One row an arm: its held-out score in [0, 1], mean over replicates and consumers."""
    rows = [
        {"arm": arm.arm, "score": round(sum(values) / len(values), DIGITS)}
        for arm in result.arms
        if arm.classifier == PANEL
        for values in [arm.values[result.primary_metric]]
    ]
    return _safe(pd.DataFrame(rows))


def gains_frame(result: TrialResult) -> pd.DataFrame:
    """One row a consumer, and one for their mean: the gain of the set in points, its interval."""
    compared = [deciding_comparison(result, answers.SET, n) for n in (PANEL, *result.consumers)]
    rows = [
        {
            "classifier": one.classifier,
            "points": round(one.mean_points, DIGITS),
            "low_points": round(within.low, DIGITS),
            "high_points": round(within.high, DIGITS),
        }
        for one in compared
        if one is not None
        for within in [numbers.within_gains(one.interval_points, one.metric)]
    ]
    return pd.DataFrame(rows, columns=["classifier", "points", "low_points", "high_points"])


def replicates_frame(result: TrialResult) -> pd.DataFrame:
    """One row an arm, classifier and replicate: its score in [0, 1] by the primary metric."""
    rows = [
        {
            "classifier": arm.classifier,
            "arm": arm.arm,
            "replicate": replicate + 1,
            "score": round(value, DIGITS),
        }
        for arm in result.arms
        for replicate, value in enumerate(arm.values[result.primary_metric])
    ]
    return _safe(pd.DataFrame(rows))


def recall_frame(result: TrialResult) -> pd.DataFrame:
    """One row a class: recall in [0, 1] before and after, and the change in points."""
    rows = [
        {
            "class": row.name,
            "before": round(row.recall_before, DIGITS),
            "after": round(row.recall_after, DIGITS),
            "change_points": round(100 * (row.recall_after - row.recall_before), DIGITS),
        }
        for row in result.classes
    ]
    return _safe(pd.DataFrame(rows))


def confusion_frame(result: TrialResult) -> pd.DataFrame:
    """One row a prediction of the test split after training on the set: actual, predicted."""
    names = [row.name for row in result.classes]
    rows = [
        {"actual": names[actual], "predicted": names[predicted]}
        for arm in result.arms
        if (arm.classifier, arm.arm) == (PANEL, result.recommended_arm)
        for actual, line in enumerate(arm.confusion)
        for predicted, count in enumerate(line)
        for _ in range(count)
    ]
    return _safe(pd.DataFrame(rows, columns=["actual", "predicted"]))


def _safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Text cells that a spreadsheet would take for a formula get a leading apostrophe."""
    return frame.map(
        lambda cell: f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" else cell
    )

"""Flat metrics and plot data for DVC, from the record of a trial."""

import io
from pathlib import Path

import pandas as pd

from pipeline.results import TrialResult
from pipeline.workspace import write_bytes, write_json

DIGITS = 6


Flat = dict[str, float | str | bool]


def flat_metrics(result: TrialResult) -> Flat:
    """One flat dictionary with stable keys, for `dvc metrics show` and `dvc metrics diff`."""
    flat: Flat = {
        "verdict": result.verdict,
        "gan_verdict": result.gan_verdict,
        "promoted": result.promoted,
        **_scores(result),
        **_gains(result),
        **_fidelity(result),
    }
    for origin, weight in result.recommended_weight.items():
        flat[f"weight.{origin}"] = round(weight, DIGITS)
    if result.copies is not None:
        flat["copies.exact"] = result.copies.exact
        flat["copies.suspected"] = result.copies.suspected
    return flat


def _scores(result: TrialResult) -> Flat:
    """Each arm by the primary metric; every metric of the recommended mix."""
    metric, flat = result.primary_metric, Flat()
    for arm in result.arms:
        values = arm.values[metric]
        key = f"{arm.classifier}.{arm.arm}"
        flat[f"{key}.{metric}"] = round(sum(values) / len(values), DIGITS)
        shown = arm.test if arm.arm == result.recommended_arm else {metric: arm.test[metric]}
        for name, value in shown.items():
            flat[f"{key}.test_{name}"] = round(value, DIGITS)
    return flat


def _gains(result: TrialResult) -> Flat:
    """The mix against current practice, and the GAN against the best cheap arm."""
    flat = Flat()
    best = {verdict.classifier: verdict.best_cheap for verdict in result.verdicts}
    for comparison in result.comparisons:
        is_mix = comparison.question == "mix against current practice"
        if is_mix or comparison.reference == best[comparison.classifier]:
            key = f"{comparison.classifier}.{'mix' if is_mix else 'gan'}"
            flat[f"{key}.gain_points"] = round(comparison.mean_points, DIGITS)
            flat[f"{key}.gain_points_low"] = round(comparison.lower_bound_points, DIGITS)
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
    """Write the metrics file and `arms.csv`, `recall.csv` and `confusion.csv`."""
    write_json(metrics_file, flat_metrics(result))
    for name, frame in (
        ("arms", arms_frame(result)),
        ("recall", recall_frame(result)),
        ("confusion", confusion_frame(result)),
    ):
        text = io.StringIO()
        frame.to_csv(text, index=False, lineterminator="\n")
        write_bytes(plots / f"{name}.csv", text.getvalue().encode())


def arms_frame(result: TrialResult) -> pd.DataFrame:
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
    """One row a class: recall in [0, 1] under current practice and under the recommended mix."""
    rows = [
        {"class": row.name, "arm": arm, "recall": round(value, DIGITS)}
        for row in result.classes
        for arm, value in (
            (result.current_practice, row.recall_before),
            (result.recommended_arm, row.recall_after),
        )
    ]
    return _safe(pd.DataFrame(rows))


def confusion_frame(result: TrialResult) -> pd.DataFrame:
    """One row a prediction of the test split by the recommended mix: actual, predicted."""
    names = [row.name for row in result.classes]
    arm = next(
        arm
        for arm in result.arms
        if arm.classifier == result.primary_classifier and arm.arm == result.recommended_arm
    )
    rows = [
        {"actual": names[actual], "predicted": names[predicted]}
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

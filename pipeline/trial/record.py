"""The record of a trial, put together from its findings."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.params import TrialParams
from pipeline.results import (
    PANEL,
    ArmScore,
    ClassRow,
    ColumnsResult,
    CopiesResult,
    FidelityRow,
    Origin,
    TrialResult,
)
from pipeline.trial.curation import summarise
from pipeline.trial.findings import Findings, rule_of
from pipeline.trial.notes import of_the_trial
from pipeline.trial.scores import distinct_rows, share_interval
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.worth import LearningCurve

NO_COLUMNS = ColumnsResult()


def make_record(
    data: TrialData,
    params: TrialParams,
    outcome: TrialOutcome,
    findings: Findings,
    *,
    in_set: Mapping[Origin, np.ndarray],
    fidelity: Sequence[FidelityRow],
    copies: CopiesResult | None,
    columns: ColumnsResult = NO_COLUMNS,
) -> TrialResult:
    """Everything the trial found, for whoever shows a number.

    Args:
        in_set: Source → rows of each class in the shipped set, int64 [classes].
    """
    closed, interval = findings.gap_closed()
    curve = LearningCurve(data, params, outcome, findings)
    return TrialResult(
        primary_metric=params.primary_metric,
        consumer=rule_of(params),
        consumers=params.consumers,
        min_gain_points=params.min_gain_points,
        replicates=params.replicates,
        verdict=findings.verdict,
        gan_verdict=findings.gan_verdict,
        promoted=findings.verdict == "helps",
        recommended_arm=findings.recommended,
        reference_arm=findings.reference,
        set_words=findings.words(),
        arms=_arms(findings),
        comparisons=findings.comparisons,
        other_comparisons=findings.other_comparisons,
        gap_closed=closed,
        gap_closed_interval=interval,
        advice=findings.advice(),
        classes=_class_rows(data, outcome, findings, in_set),
        curation=summarise(pd.DataFrame(outcome.shipped), data.development.schema.classes),
        fidelity=tuple(fidelity),
        columns=columns,
        copies=copies,
        learning_curve=curve.points(),
        worth=curve.worth(),
        notes=of_the_trial(data, params, outcome),
    )


def _arms(findings: Findings) -> tuple[ArmScore, ...]:
    """Every arm, with its scores by the other rule where there is one."""
    arms, other = findings.panel.all_arms(), findings.other_panel
    if other is None:
        return arms
    return tuple(
        arm.model_copy(update={"other_values": other.arms[arm.classifier][arm.arm].values})
        for arm in arms
    )


def _class_rows(
    data: TrialData,
    outcome: TrialOutcome,
    findings: Findings,
    in_set: Mapping[Origin, np.ndarray],
) -> tuple[ClassRow, ...]:
    arms = findings.panel.arms[PANEL]
    shipped = pd.DataFrame(outcome.shipped)
    rows_scored = distinct_rows([s.held_out for s in outcome.splits], data.development.labels)
    rows = []
    for label, (name, n_real) in enumerate(data.shipped_real.counts().items()):
        each = [int((data.development.labels[s.held_out] == label).sum()) for s in outcome.splits]
        before, after = (
            float(np.average(arms[arm].recall[name], weights=each))
            for arm in (findings.reference, findings.recommended)
        )
        scored = int(rows_scored[label])
        accepted = shipped["accepted"] & (shipped["label"] == label)
        rows.append(
            ClassRow(
                name=name,
                n_real=n_real,
                n_requested=data.requested.get(name, 0),
                n_accepted=int(accepted.sum()),
                n_test=scored,
                recall_before=before,
                recall_before_interval=share_interval(before * scored, scored),
                recall_after=after,
                recall_after_interval=share_interval(after * scored, scored),
                in_set={origin: int(n[label]) for origin, n in in_set.items() if n[label]},
            )
        )
    return tuple(rows)

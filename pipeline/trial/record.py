"""The record of a trial, put together from its summary."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.params import TrialParams
from pipeline.results import ClassRow, CopiesResult, DoseRow, FidelityRow, TrialResult
from pipeline.trial.curation import summarise
from pipeline.trial.notes import of_short_doses, of_the_trial
from pipeline.trial.scores import distinct_rows, share_interval
from pipeline.trial.summary import Summary
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.worth import LearningCurve


def make_record(
    data: TrialData,
    params: TrialParams,
    outcome: TrialOutcome,
    *,
    fidelity: Sequence[FidelityRow],
    copies: CopiesResult | None,
) -> TrialResult:
    """Everything the trial found, for whoever shows a number."""
    summary = Summary(data, params, outcome)
    primary = params.primary_classifier
    comparisons = {name: summary.comparisons(name) for name in params.classifiers}
    verdicts = {name: summary.verdict(name, comparisons[name]) for name in params.classifiers}
    own = verdicts[primary]
    doses = [
        dose for name in params.classifiers for dose in summary.doses(name, verdicts[name].verdict)
    ]
    primary_doses = [dose for dose in doses if dose.classifier == primary]
    curve = LearningCurve(data, params, outcome, summary.panels[primary])
    classes = _class_rows(data, params, outcome, summary, primary_doses)
    deciding = own.verdict if params.promote == "mix" else own.gan_verdict
    return TrialResult(
        primary_metric=params.primary_metric,
        primary_classifier=primary,
        current_practice=params.current_practice,
        best_cheap=own.best_cheap,
        recommended_arm=own.recommended_arm,
        promote_rule=params.promote,
        min_gain_points=params.min_gain_points,
        replicates=params.replicates,
        verdict=own.verdict,
        gan_verdict=own.gan_verdict,
        promoted=deciding == "helps",
        arms=tuple(arm for panel in summary.panels.values() for arm in panel.arms.values()),
        comparisons=tuple(c for name in params.classifiers for c in comparisons[name]),
        verdicts=tuple(verdicts.values()),
        gain_shares=own.gain_shares,
        gap_closed=own.gap_closed,
        gap_closed_interval=own.gap_closed_interval,
        recommended_weight=_weights(primary_doses),
        doses=tuple(doses),
        classes=classes,
        curation=summarise(pd.DataFrame(outcome.shipped), data.development.schema.classes),
        fidelity=tuple(fidelity),
        copies=copies,
        learning_curve=curve.points(),
        worth=curve.worth(),
        notes=(
            *of_the_trial(data, params, outcome),
            *of_short_doses(primary_doses, classes),
        ),
    )


def _weights(doses: Sequence[DoseRow]) -> dict[str, float]:
    origins = dict.fromkeys(dose.origin for dose in doses)
    means: dict[str, float] = {
        origin: float(np.mean([dose.weight for dose in doses if dose.origin == origin]))
        for origin in origins
    }
    return {"real": 1.0, "gan": 0.0, **means}


def _class_rows(
    data: TrialData,
    params: TrialParams,
    outcome: TrialOutcome,
    summary: Summary,
    doses: Sequence[DoseRow],
) -> tuple[ClassRow, ...]:
    arms = summary.panels[params.primary_classifier].arms
    shipped = pd.DataFrame(outcome.shipped)
    rows_scored = distinct_rows([s.held_out for s in outcome.splits], data.development.labels)
    rows = []
    for label, (name, n_real) in enumerate(data.shipped_real.counts().items()):
        each = [int((data.development.labels[s.held_out] == label).sum()) for s in outcome.splits]
        before, after = (
            float(np.average(arms[arm].recall[name], weights=each))
            for arm in (params.current_practice, "mix")
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
                dose={dose.origin: dose.share for dose in doses if dose.class_name == name},
            )
        )
    return tuple(rows)

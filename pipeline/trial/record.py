"""The record of a trial, put together from its summary."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.params import TrialParams
from pipeline.results import ClassRow, CopiesResult, DoseRow, FidelityRow, TrialResult
from pipeline.trial.arms import CHEAP_ARMS
from pipeline.trial.curation import summarise
from pipeline.trial.failures import failed_generators
from pipeline.trial.learners import applies
from pipeline.trial.scores import distinct_rows, share_interval
from pipeline.trial.summary import Summary
from pipeline.trial.trial import TrialData, TrialOutcome
from pipeline.trial.worth import LearningCurve

FEWEST_ROWS = 30


def make_record(
    data: TrialData,
    params: TrialParams,
    outcome: TrialOutcome,
    *,
    fidelity: Sequence[FidelityRow],
    copies: CopiesResult | None,
    started_from: str | None = None,
) -> TrialResult:
    """Everything the trial found, for whoever shows a number.

    Args:
        started_from: The version from whose generator the shipped one started.
    """
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
        classes=_class_rows(data, params, outcome, summary, primary_doses),
        curation=summarise(pd.DataFrame(outcome.shipped), data.development.schema.classes),
        fidelity=tuple(fidelity),
        copies=copies,
        learning_curve=curve.points(),
        worth=curve.worth(),
        notes=(*_notes(data, params, outcome), *_start_note(started_from)),
        started_from=started_from,
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


def _start_note(started_from: str | None) -> tuple[str, ...]:
    if started_from is None:
        return ()
    told = (
        f"The shipped generator started from that of {started_from}. The trial's generators began "
        "from zero, since an earlier one has seen rows that the trial holds out: the verdict is "
        "about the recipe from zero, and fidelity and copies are about the shipped generator."
    )
    return (told,)


def _notes(data: TrialData, params: TrialParams, outcome: TrialOutcome) -> tuple[str, ...]:
    split = outcome.splits[0]
    parts = (
        f"Each replicate fitted candidates on {len(split.fitting)} samples, chose settings and "
        f"doses on {len(split.choosing)} others, and was scored on {len(split.held_out)} that "
        "neither had seen."
    )
    notes = [*failed_generators(outcome, params), parts]
    if params.preset == "light":
        notes.append(_left_out(outcome, params))
    scarce = [name for name, count in data.development.counts().items() if count < FEWEST_ROWS]
    if scarce:
        notes.append(
            f"Classes with fewer than {FEWEST_ROWS} development samples ({', '.join(scarce)}): "
            "their recalls rest on few held-out samples; look at the intervals."
        )
    if not outcome.has_ceiling:
        notes.append(
            "No real samples were withheld, so there is no ceiling to compare with; set "
            "`trial.thin_further`, thin the source, or add samples, to get one."
        )
    elif data.withheld is None:
        notes.append(
            f"For a ceiling, each replicate withheld {len(split.withheld)} samples of the classes "
            "that get synthetic ones from every arm (`trial.thin_further`): the scores and both "
            "answers are those of a set that is smaller by so much."
        )
    notes.append(
        "The copy test can find copies of single training samples; it cannot prove that nothing "
        "was memorised."
    )
    return tuple(notes)


def _left_out(outcome: TrialOutcome, params: TrialParams) -> str:
    ran = outcome.arms[params.primary_classifier]
    arms = [
        f"“{arm.title}”"
        for arm in CHEAP_ARMS
        if arm not in ran and applies(params.primary_classifier, arm.candidates[0])
    ]
    second = (
        ""
        if outcome.splits[0].chooses_apart
        else "; and the second generator of each replicate (doses are chosen with, and arms scored "
        "with, a generator that saw three quarters of the training part)"
    )
    return (
        f"The light preset left out: tuning of each arm's settings; the arms {', '.join(arms)}, "
        "deformed copies and the conditional VAE; classical copies, SMOTE and deformed copies as "
        f"sources of the mix; the learning curve's points before the ceiling{second}. "
        "`trial.preset: full` runs them."
    )

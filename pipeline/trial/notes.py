"""Sentences that a reader of a trial's record must know."""

from pipeline.modalities.contract import Modality
from pipeline.modalities.registry import modality_of
from pipeline.params import TrialParams
from pipeline.trial.failures import failed_generators
from pipeline.trial.trial import TrialData, TrialOutcome

FEWEST_ROWS = 30


def of_the_trial(data: TrialData, params: TrialParams, outcome: TrialOutcome) -> tuple[str, ...]:
    """How it was held, what failed in it, what it left out, and what it cannot say."""
    split = outcome.splits[0]
    parts = (
        f"Each replicate fitted candidates on {len(split.fitting)} samples, chose its set on "
        f"{len(split.choosing)} others, and was scored on {len(split.held_out)} that neither had "
        "seen."
    )
    notes = [*failed_generators(outcome, params), parts]
    if params.preset == "light":
        notes.append(_left_out(outcome, params, modality_of(data.development.schema)))
    scarce = [name for name, count in data.development.counts().items() if count < FEWEST_ROWS]
    if scarce:
        notes.append(
            f"Classes with fewer than {FEWEST_ROWS} development samples ({', '.join(scarce)}): "
            "their recalls rest on few held-out samples, and their intervals are wide."
        )
    if not outcome.has_ceiling:
        notes.append(
            "No real samples were withheld, so there is no ceiling to compare with; set "
            "`trial.thin_further`, thin the source, or add samples, to get one."
        )
    elif data.withheld is None:
        notes.append(
            f"For a ceiling, each replicate withheld {len(split.withheld)} samples of the classes "
            "that get synthetic ones from every arm (`trial.thin_further`): the scores and all "
            "answers are those of a set that is smaller by so much."
        )
    notes.append(
        "The copy test can find copies of single training samples; it cannot prove that nothing "
        "was memorised."
    )
    return tuple(notes)


def _left_out(outcome: TrialOutcome, params: TrialParams, modality: Modality) -> str:
    quick = [name for name in params.consumers if name in modality.quick]
    by_quick = (
        f"; every consumer but {', '.join(quick)} in choosing the set"
        if quick and len(quick) < len(params.consumers)
        else ""
    )
    second = (
        ""
        if outcome.splits[0].chooses_apart
        else "; and the second generator of each replicate (sets are chosen with, and arms scored "
        "with, a generator that saw three quarters of the training part)"
    )
    return (
        "The light preset left out: tuning; SMOTE and teacher-labelled rows as sources; sets that "
        "fill classes half of the way; sets filled from one source, and the conditional VAE, in "
        f"comparison; the learning curve's points before the ceiling{by_quick}{second}. "
        "`trial.preset: full` runs them."
    )

"""Sentences that a reader of a trial's record must know."""

from collections.abc import Sequence

from pipeline.params import TrialParams
from pipeline.results import ClassRow, DoseRow
from pipeline.trial.arms import CHEAP_ARMS
from pipeline.trial.failures import failed_generators
from pipeline.trial.learners import applies
from pipeline.trial.trial import TrialData, TrialOutcome

FEWEST_ROWS = 30
# Shares that differ by less are not worth a note.
SHORT_BY = 0.02


def of_short_doses(doses: Sequence[DoseRow], classes: Sequence[ClassRow]) -> tuple[str, ...]:
    """A note where weights, which never exceed 1, cannot make up the share that was tried."""
    weighed = {(dose.class_name, dose.origin): dose for dose in doses if dose.weight > 0}
    told = []
    for row in classes:
        own = [dose for (name, _), dose in weighed.items() if name == row.name]
        rows = {
            dose.origin: min(row.n_accepted, row.n_requested)
            if dose.origin == "gan"
            else row.n_requested
            for dose in own
        }
        total = row.n_real + sum(dose.weight * rows[dose.origin] for dose in own)
        reached = 1.0 - row.n_real / total if total else 0.0
        tried = sum(dose.share for dose in own)
        if reached < tried - SHORT_BY:
            told.append(f"{row.name} ({reached:.0%} in place of {tried:.0%})")
    if not told:
        return ()
    note = (
        "A row never weighs more than a real one, and in some classes the rows asked for are too "
        f"few to make up the share of the recommended mix: {', '.join(told)}. There the weights "
        "are a smaller dose than the one that was on trial."
    )
    return (note,)


def of_the_trial(data: TrialData, params: TrialParams, outcome: TrialOutcome) -> tuple[str, ...]:
    """How it was held, what failed in it, what it left out, and what it cannot say."""
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

"""Sentences that a reader of a trial's record must know."""

from pipeline.answers import classifier_name, origin_name
from pipeline.composition import FILL_WORDS
from pipeline.modalities.contract import Modality
from pipeline.modalities.registry import modality_of
from pipeline.numbers import listed
from pipeline.params import TrialParams
from pipeline.trial.failures import TITLES, failed_generators
from pipeline.trial.plan import RIVAL_ORIGINS
from pipeline.trial.sets import FILLS
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
    """What the full preset of this kind of data has and the light one has not."""
    sources = [o for o in modality.cheap["full"] if o not in modality.cheap["light"]]
    fills = [FILL_WORDS[fill] for fill in FILLS["full"] if fill not in FILLS["light"]]
    quick = [name for name in params.consumers if name in modality.quick]
    rivals = [TITLES[RIVAL_ORIGINS[name]] for name in modality.rivals]
    parts = ["tuning"]
    if sources:
        parts.append(f"{listed([origin_name(one) for one in sources])} rows as sources")
    parts.append(f"sets with {listed(fills)}")
    parts.append("sets filled from one source alone, as arms")
    if rivals:
        parts.append(f"the {listed(rivals)} as another generator")
    parts.append("the learning curve's points before the ceiling")
    if quick and len(quick) < len(params.consumers):
        names = [classifier_name(name) for name in quick]
        parts.append(f"every consumer but {listed(names)} in choosing the set")
    if not outcome.splits[0].chooses_apart:
        parts.append(
            "the second generator of each replicate (sets are chosen with, and arms scored with, "
            "a generator that saw three quarters of the training part)"
        )
    return f"The light preset left out: {'; '.join(parts)}. `trial.preset: full` runs them."

"""Which of a trial's own generators failed, so that no reader takes their rows for the recipe's."""

from collections.abc import Iterator

import numpy as np

from pipeline.params import TrialParams
from pipeline.trial.plan import curation_names
from pipeline.trial.trial import TrialOutcome

# Curation accepts most of what a healthy generator draws, and almost nothing from one that died.
FAILED_BELOW_SHARE = 0.1
FAILED_BELOW_USUAL = 0.5
TITLES = {"gan": "GAN", "cvae": "conditional VAE"}


def failed_generators(outcome: TrialOutcome, params: TrialParams) -> tuple[str, ...]:
    """A sentence for each origin of which curation turned away nearly all that a generator drew.

    A generator counts as failed when less than a tenth of its samples were accepted, or less than
    half the share that is usual among the generators of its kind.
    """
    told = []
    for origin in outcome.origins:
        shares = dict(_accepted_shares(outcome, origin, params))
        usual = float(np.median(list(shares.values()))) if shares else 0.0
        least = max(FAILED_BELOW_SHARE, FAILED_BELOW_USUAL * usual)
        failed = {name: share for name, share in shares.items() if share < least}
        if failed:
            told.append(_sentence(TITLES.get(origin, origin), failed, usual, len(shares)))
    return tuple(told)


def _accepted_shares(
    outcome: TrialOutcome, origin: str, params: TrialParams
) -> Iterator[tuple[str, float]]:
    """Curation's name → share accepted, in [0, 1], of each pool that holds a sample."""
    for replicate, split in enumerate(outcome.splits):
        names = curation_names(replicate, origin, params, chooses_apart=split.chooses_apart)
        for name in names:
            judged = outcome.results[name]["accepted"]
            if judged:
                yield name, float(np.mean(judged))


def _sentence(title: str, failed: dict[str, float], usual: float, generators: int) -> str:
    shares = ", ".join(
        f"{share:.0%} in {name.split(':')[0]}" for name, share in sorted(failed.items())
    )
    return (
        f"{len(failed)} of {generators} generators of the trial ({title}) failed: curation "
        f"accepted {shares} of what they drew, where {usual:.0%} is usual. They count as they are, "
        f"with hardly a row of their own: the answer about the {title} is also about how often its "
        "training fails."
    )

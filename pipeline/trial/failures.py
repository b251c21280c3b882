"""Which of a trial's own generators failed, so that no reader takes their rows for the recipe's."""

from collections.abc import Iterator, Mapping

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
    half the share that is usual among the others of its kind.
    """
    told = []
    for origin in outcome.origins:
        shares = dict(_accepted_shares(outcome, origin, params))
        failed = _failed(shares)
        if failed:
            told.append(_sentence(TITLES.get(origin, origin), failed, shares))
    return tuple(told)


def _accepted_shares(
    outcome: TrialOutcome, origin: str, params: TrialParams
) -> Iterator[tuple[str, float]]:
    """Which generator → share accepted, in [0, 1], of each pool that holds a sample.

    In the order of replicates; where one has two generators, each is named by its use.
    """
    for replicate, split in enumerate(outcome.splits):
        names = curation_names(replicate, origin, params, chooses_apart=split.chooses_apart)
        for name in names:
            judged = outcome.results[name]["accepted"]
            if judged:
                use = f" (for {name.rpartition(' for ')[2]})" if len(names) > 1 else ""
                yield f"replicate {replicate + 1}{use}", float(np.mean(judged))


def _failed(shares: Mapping[str, float]) -> dict[str, float]:
    """The generators that failed; those that died have no say in what is usual."""
    alive = [share for share in shares.values() if share >= FAILED_BELOW_SHARE]
    usual = float(np.median(alive)) if alive else 0.0
    least = max(FAILED_BELOW_SHARE, FAILED_BELOW_USUAL * usual)
    return {name: share for name, share in shares.items() if share < least}


def _sentence(title: str, failed: Mapping[str, float], shares: Mapping[str, float]) -> str:
    told = ", ".join(f"{share:.0%} in {name}" for name, share in failed.items())
    healthy = [share for name, share in shares.items() if name not in failed]
    usual = f", where {np.median(healthy):.0%} is usual" if healthy else ""
    is_one = len(failed) == 1
    drew = "it drew" if is_one else "they drew"
    count = "It counts as it is" if is_one else "They count as they are"
    own = "its own" if is_one else "their own"
    is_dead = max(failed.values()) < FAILED_BELOW_SHARE
    rows = f"hardly a row of {own}" if is_dead else "far fewer usable rows"
    return (
        f"{len(failed)} of {len(shares)} generators of the trial ({title}) failed: curation "
        f"accepted {told} of what {drew}{usual}. {count}, with {rows}: the answer about the "
        f"{title} is also about how often its training fails."
    )

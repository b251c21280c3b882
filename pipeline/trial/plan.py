"""The tasks of a trial: what each replicate and classifier has to do, and under which name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipeline.params import ClassifierName, GanParams, Params, TrialParams
from pipeline.randomness import derive_seed
from pipeline.samples import Samples
from pipeline.trial.arms import Arm
from pipeline.trial.attempts import Effort, Parts
from pipeline.trial.mixture import run_mixtures, run_on_real_only, run_with_more_real
from pipeline.trial.replicate import PoolJudge, PoolMaker, make_pool, run_cheap_arm
from pipeline.trial.rows import CHEAP_ORIGINS
from pipeline.trial.tasks import Task

CURATION_STEPS_SHARE = 0.5
# Points of the learning curve on the way to the ceiling.
CURVE_SHARES = (0.15, 0.4)
# About how long a generator takes, in fits of a classifier; curation fits one a fold.
GENERATOR_COST = 10.0
CURATION_COST = 1.5


def effort_for(params: TrialParams, classifier: ClassifierName) -> Effort:
    """What each arm gets, by preset and classifier."""
    light = params.preset == "light"
    return Effort(
        steps=params.classifier_steps,
        is_tuned=not light,
        grid=(0.5,) if light else (0.25, 0.5, 0.75),
        origins=("gan",) if light else (*CHEAP_ORIGINS, "gan"),
        per_class=not light or classifier != "cnn",
    )


def cheap_name(replicate: int, classifier: str, arm: str) -> str:
    """The task that runs a cheap arm."""
    return f"replicate {replicate + 1}: {classifier}: {arm}"


def mixtures_name(replicate: int, classifier: str) -> str:
    """The task that chooses doses and runs the arms with synthetic rows."""
    return f"replicate {replicate + 1}: {classifier}: mixtures"


def on_real_name(replicate: int, classifier: str, origin: str) -> str:
    """The task that runs a generator's rows on top of real ones alone."""
    return f"replicate {replicate + 1}: {classifier}: {origin} on real only"


def more_real_name(replicate: int, classifier: str, share: float) -> str:
    """The task that fills `share` of the way to the largest class with real rows."""
    return f"replicate {replicate + 1}: {classifier}: filled {share:.0%} with real rows"


@dataclass(frozen=True)
class Plan:
    """The tasks of one classifier in one replicate."""

    replicate: int
    parts: Parts
    arms: tuple[Arm, ...]
    classifier: ClassifierName
    params: TrialParams
    seed: int

    @property
    def _shared(self) -> dict[str, Any]:
        return {
            "parts": self.parts,
            "classifier": self.classifier,
            "effort": effort_for(self.params, self.classifier),
            "seed": self.seed,
        }

    @property
    def _cheap_names(self) -> tuple[str, ...]:
        return tuple(cheap_name(self.replicate, self.classifier, arm.name) for arm in self.arms)

    def cheap_tasks(self) -> list[Task]:
        """One task a cheap arm."""
        return [
            Task(
                name,
                run_cheap_arm,
                {**self._shared, "arm": arm},
                cost=self._fits(len(arm.candidates)),
            )
            for name, arm in zip(self._cheap_names, self.arms, strict=True)
        ]

    def mixture_tasks(self, origins: tuple[str, ...]) -> list[Task]:
        """The mix, and each generator on real rows only."""
        effort = effort_for(self.params, self.classifier)
        mixtures = Task(
            mixtures_name(self.replicate, self.classifier),
            run_mixtures,
            {**self._shared, "arms": self.arms},
            needs={"cheap": self._cheap_names, **self._pools("gan")},
            # One round for each origin that is taken up, and one in which none is.
            cost=self._fits(2 * len(effort.grid) * len(effort.origins)),
        )
        alone = [
            Task(
                on_real_name(self.replicate, self.classifier, origin),
                run_on_real_only,
                {**self._shared, "origin": origin},
                needs=self._pools(origin),
                cost=self._fits(len(effort.grid)),
            )
            for origin in origins
        ]
        return [mixtures, *alone]

    def more_real_tasks(self, withheld: Samples, wanted: np.ndarray) -> list[Task]:
        """The ceiling, and for the primary classifier the learning curve that leads there.

        Args:
            withheld: Real rows that no other arm sees.
            wanted: Rows that each class is to get in all, int64 [classes].
        """
        return [
            Task(
                more_real_name(self.replicate, self.classifier, share),
                run_with_more_real,
                {
                    **self._shared,
                    "arms": self.arms,
                    "withheld": withheld,
                    "wanted": wanted,
                    "filled_share": share,
                },
                needs={"cheap": self._cheap_names},
            )
            for share in filled_shares(self.params, self.classifier)
        ]

    def _fits(self, n_candidates: int) -> float:
        """Fits of a choice among so many: one each, and one of the winner on all training rows."""
        if not effort_for(self.params, self.classifier).is_tuned:
            return 1.0
        return n_candidates + (not self.parts.chooses_apart)

    def _pools(self, origin: str) -> dict[str, str]:
        uses = list(generator_uses(self.parts, self.params))
        choosing, final = uses[0], uses[-1]
        return {
            "pool": _pool_name(self.replicate, origin, choosing),
            "judged": _judged_name(self.replicate, origin, choosing),
            "final_pool": _pool_name(self.replicate, origin, final),
            "final_judged": _judged_name(self.replicate, origin, final),
        }


def rivals_of(params: Params) -> dict[str, GanParams]:
    """Other kinds of generator that the trial is held with, by the origin of their rows."""
    if params.trial.preset != "full" or params.gan.preset == "cvae":
        return {}
    return {"cvae": GanParams(preset="cvae", max_seconds=params.gan.max_seconds)}


def filled_shares(params: TrialParams, classifier: ClassifierName) -> tuple[float, ...]:
    """How much of what is missing real rows fill: the ceiling is 1, the rest is the curve."""
    is_curve = params.preset == "full" and classifier == params.primary_classifier
    return (*CURVE_SHARES, 1.0) if is_curve else (1.0,)


def pool_tasks(
    replicate: int,
    origin: str,
    parts: Parts,
    params: TrialParams,
    seed: int,
    make: PoolMaker,
    judge: PoolJudge,
    *,
    threads: int = 1,
) -> list[Task]:
    """Train the generators of one origin that a replicate needs, draw from each, judge.

    Args:
        threads: Of each training; they change bytes, and so the address of what is stored.
    """
    maker: Callable[..., Samples] = make
    if threads > 1:
        maker = partial(maker, threads=threads)
    tasks = []
    for use, real in generator_uses(parts, params).items():
        drawn = _pool_name(replicate, origin, use)
        own = derive_seed(seed, "generator", origin, use)
        tasks += [
            Task(
                drawn,
                make_pool,
                {"make": maker, "samples": real, "seed": own},
                cost=GENERATOR_COST,
                threads=threads,
            ),
            Task(
                _judged_name(replicate, origin, use),
                judge,
                {"real": real, **judging(params), "seed": own},
                needs={"pool": drawn},
                cost=CURATION_COST,
            ),
        ]
    return tasks


def generator_uses(parts: Parts, params: TrialParams) -> dict[str, Samples]:
    """Use → rows that a generator is trained on, the one for choosing doses first.

    Doses are chosen with a generator that never saw the choosing rows. Where these lie apart one
    generator does for all; otherwise the full preset trains a second one on the whole training
    part, and the light preset uses the first for both.
    """
    return {
        use: parts.fitting if use == "choosing" else parts.training
        for use in _uses(params, chooses_apart=parts.chooses_apart)
    }


def curation_names(
    replicate: int, origin: str, params: TrialParams, *, chooses_apart: bool
) -> tuple[str, ...]:
    """The tasks that curate the pools of one origin in one replicate."""
    uses = _uses(params, chooses_apart=chooses_apart)
    return tuple(_judged_name(replicate, origin, use) for use in uses)


def _uses(params: TrialParams, *, chooses_apart: bool) -> tuple[str, ...]:
    if chooses_apart:
        return ("all uses",)
    return ("choosing",) if params.preset == "light" else ("choosing", "scoring")


def _pool_name(replicate: int, origin: str, use: str) -> str:
    return f"replicate {replicate + 1}: {origin} for {use}"


def _judged_name(replicate: int, origin: str, use: str) -> str:
    return f"replicate {replicate + 1}: curation of {origin} for {use}"


def judging(params: TrialParams) -> dict[str, Any]:
    """Who confirms labels: the network where one is on the panel, else what is quick."""
    steps = max(1, round(params.classifier_steps * CURATION_STEPS_SHARE))
    return {"confirmer": "cnn" if "cnn" in params.classifiers else "logistic", "steps": steps}

"""The tasks of a trial: what each replicate has to do, and under which name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipeline.composition import Composition
from pipeline.modalities.contract import Modality
from pipeline.modalities.registry import modality_of
from pipeline.params import ClassifierName, GanParams, GeneratorName, Params, TrialParams
from pipeline.randomness import derive_seed
from pipeline.results import WITH_GAN, WITHOUT_GAN, Origin
from pipeline.samples import Samples, Schema
from pipeline.trial.arms import arms_for
from pipeline.trial.consumers import choose_sets, fit_filled, fit_sets, shortlist, try_sets
from pipeline.trial.parts import Effort, Parts, effort_for
from pipeline.trial.pools import PoolJudge, PoolMaker, make_pool
from pipeline.trial.recipes import run_on_set, run_recipe
from pipeline.trial.sets import candidates, searched, single_sources
from pipeline.trial.sources import make_sources
from pipeline.trial.tasks import Task

CURATION_STEPS_SHARE = 0.5
# Points of the learning curve on the way to the ceiling.
CURVE_SHARES = (0.15, 0.4)
# Sets of each search that those try which are slow to fit, where they choose at all.
SHORTLISTED = 3
# About how long a generator takes, in fits of the network; curation fits one a fold.
GENERATOR_COST = 10.0
CURATION_COST = 1.5
TEACHER_COST, COPIES_COST = 4.0, 0.3
# The same of a fit of each consumer on a set of middling size.
COSTS: Mapping[ClassifierName, float] = {
    "svm": 0.1,
    "logistic": 0.1,
    "knn": 0.1,
    "forest": 0.5,
    "boosting": 1.0,
    "tree": 0.1,
    "mlp": 1.0,
    "cnn": 1.0,
}
# What the rows of a rival generator are called.
RIVAL_ORIGINS: Mapping[GeneratorName, Origin] = {"cvae": "cvae"}
# Under which a replicate's only rows and generators stand, or the two uses that they have.
ALL, CHOOSING, SCORING = "all uses", "choosing", "scoring"


def task_name(replicate: int, *what: str) -> str:
    """The name of a replicate's task, e.g. "replicate 1: svm: sets"."""
    return ": ".join((f"replicate {replicate + 1}", *what))


def chosen_name(replicate: int) -> str:
    """The task that chooses the sets."""
    return task_name(replicate, "choice of the set")


def sets_name(replicate: int, consumer: str) -> str:
    """The task that fits a consumer on the references and the chosen sets."""
    return task_name(replicate, consumer, "sets")


def recipe_name(replicate: int, classifier: str, arm: str) -> str:
    """The task that trains by a recipe on the real rows."""
    return task_name(replicate, classifier, f"recipe {arm}")


def on_set_name(replicate: int, classifier: str, arm: str) -> str:
    """The task that trains by the best recipe on one of the chosen sets."""
    return task_name(replicate, classifier, f"best recipe on {arm}")


def more_real_name(replicate: int, consumer: str, share: float) -> str:
    """The task that fills `share` of the way to the largest class with real rows."""
    return task_name(replicate, consumer, f"filled {share:.0%} with real rows")


@dataclass(frozen=True)
class Plan:
    """The tasks of one replicate.

    Attributes:
        generators: Origins of the generators that the trial is held with, "gan" first.
        seed: The replicate's own.
    """

    replicate: int
    parts: Parts
    generators: tuple[Origin, ...]
    params: TrialParams
    seed: int

    def source_tasks(self) -> list[Task]:
        """The rows that sets can be made of: one task, or one for choosing and one for scoring."""
        modality, rivals = self.modality, self.generators[1:]
        alone = single_sources(self.params, modality, rivals)
        sets = (*searched(self.params, modality), *alone)
        tasks = []
        for use, real in generator_uses(self.parts, self.params).items():
            tasks.append(
                Task(
                    self._name("rows for", use),
                    make_sources,
                    {
                        "real": real,
                        "generators": self.generators,
                        "cheap": modality.cheap[self.params.preset],
                        "sets": sets,
                        "steps": self.params.classifier_steps,
                        "seed": derive_seed(self.seed, "sources", use),
                    },
                    needs={
                        "pools": tuple(pool_name(self.replicate, o, use) for o in self.generators),
                        "judged": tuple(
                            judged_name(self.replicate, o, use) for o in self.generators
                        ),
                    },
                    cost=_cost_of_sources(self.params, modality),
                )
            )
        return tasks

    def choice_tasks(self) -> list[Task]:
        """Every set tried by the quick consumers, the best of them by the others, and the choice.

        The light preset leaves the choice to the quick ones, where there are any.
        """
        known = self.modality.quick
        quick = tuple(name for name in self.params.consumers if name in known)
        slow = tuple(name for name in self.params.consumers if name not in known)
        first = quick or slow
        common = {"labels": self.parts.choosing.labels, "searches": self._searches}
        tasks = [self._trial_of_sets(name) for name in first]
        deciding = tuple(task.name for task in tasks)
        if quick and slow and self._effort.is_tuned:
            listed = self._name("shortlist")
            tasks.append(
                Task(listed, shortlist, {**common, "most": SHORTLISTED}, needs={"tried": deciding})
            )
            late = [self._trial_of_sets(name, shortlisted=listed) for name in slow]
            tasks += late
            deciding += tuple(task.name for task in late)
        choice = Task(chosen_name(self.replicate), choose_sets, common, needs={"tried": deciding})
        return [*tasks, choice]

    def set_tasks(self) -> list[Task]:
        """The references, the chosen sets and the single sources, scored by every consumer."""
        alone = single_sources(self.params, self.modality, self.generators[1:])
        others = {one.origins[0]: one for one in alone}
        inner, final = self._sources
        fits = 4 + len(others)
        return [
            Task(
                sets_name(self.replicate, name),
                fit_sets,
                {**self._shared, "others": others, "consumer": name},
                needs={"inner": inner, "sources": final, "chosen": chosen_name(self.replicate)},
                cost=COSTS[name] * fits * _fits_an_arm(self._effort),
            )
            for name in self.params.consumers
        ]

    def more_real_tasks(self, withheld: Samples, wanted: np.ndarray) -> list[Task]:
        """The ceiling, and under the full preset the learning curve that leads there.

        Args:
            withheld: Real rows that no other arm sees.
            wanted: Rows that each class is to get in all, int64 [classes].
        """
        return [
            Task(
                more_real_name(self.replicate, name, share),
                fit_filled,
                {
                    **self._shared,
                    "withheld": withheld,
                    "wanted": wanted,
                    "filled_share": share,
                    "consumer": name,
                },
                cost=COSTS[name],
            )
            for name in self.params.consumers
            for share in filled_shares(self.params)
        ]

    def recipe_tasks(self) -> list[Task]:
        """Each way to train on the real rows, for the classifiers that get advice."""
        return [
            Task(
                recipe_name(self.replicate, name, arm.name),
                run_recipe,
                {**self._shared, "arm": arm, "classifier": name},
                cost=COSTS[name] * len(arm.candidates),
            )
            for name in self.params.advise or ()
            for arm in arms_for(name, self.params, self.modality)
        ]

    def on_set_tasks(self) -> list[Task]:
        """The best way to train, on each of the chosen sets."""
        inner, final = self._sources
        return [
            Task(
                on_set_name(self.replicate, name, arm),
                run_on_set,
                {**self._shared, "arm": arm, "classifier": name},
                needs={
                    "tried": tuple(
                        recipe_name(self.replicate, name, one.name)
                        for one in arms_for(name, self.params, self.modality)
                    ),
                    "inner": inner,
                    "sources": final,
                    "chosen": chosen_name(self.replicate),
                },
                cost=COSTS[name],
            )
            for name in self.params.advise or ()
            for arm in (WITHOUT_GAN, WITH_GAN)
        ]

    @property
    def modality(self) -> Modality:
        """The kind of data."""
        return modality_of(self.parts.training.schema)

    @property
    def _shared(self) -> dict[str, Any]:
        return {"parts": self.parts, "effort": self._effort, "seed": self.seed}

    @property
    def _effort(self) -> Effort:
        return effort_for(self.params, self.modality)

    @property
    def _searches(self) -> dict[str, tuple[Composition, ...]]:
        return {
            WITHOUT_GAN: candidates(self.params, self.modality, with_gan=False),
            WITH_GAN: candidates(self.params, self.modality, with_gan=True),
        }

    @property
    def _sources(self) -> tuple[str, str]:
        """The tasks with the rows for choosing and for scoring; one and the same may be both."""
        uses = list(generator_uses(self.parts, self.params))
        return self._name("rows for", uses[0]), self._name("rows for", uses[-1])

    def _trial_of_sets(self, name: ClassifierName, *, shortlisted: str | None = None) -> Task:
        sets = searched(self.params, self.modality)
        needs = {"sources": self._sources[0]}
        if shortlisted is not None:
            needs["shortlisted"] = shortlisted
        return Task(
            self._name(name, "sets tried"),
            try_sets,
            {**self._shared, "sets": sets, "consumer": name},
            needs=needs,
            cost=COSTS[name] * (len(sets) if shortlisted is None else 2 * SHORTLISTED),
        )

    def _name(self, *what: str) -> str:
        return task_name(self.replicate, *what)


def rivals_of(params: Params, schema: Schema) -> dict[Origin, GanParams]:
    """Other kinds of generator that the trial is held with, by the origin of their rows."""
    if params.trial.preset != "full":
        return {}
    return {
        RIVAL_ORIGINS[preset]: GanParams(preset=preset, max_seconds=params.gan.max_seconds)
        for preset in modality_of(schema).rivals
        if preset != params.gan.preset
    }


def fits_a_replicate(
    params: TrialParams,
    modality: Modality,
    *,
    pools: int,
    costs: Mapping[ClassifierName, float] = COSTS,
) -> float:
    """About how long a replicate takes without its generators, in fits of the network.

    Args:
        pools: How many pools are drawn in it, each of which is curated.
        costs: How long a fit of each classifier takes, in fits of the network.
    """
    quick = [name for name in params.consumers if name in modality.quick]
    first = quick or params.consumers
    effort = effort_for(params, modality)
    fits = sum(costs[name] for name in first) * len(searched(params, modality))
    if quick and effort.is_tuned:
        slow = [name for name in params.consumers if name not in modality.quick]
        fits += sum(costs[name] for name in slow) * 2 * SHORTLISTED
    n_arms = 4 + len(single_sources(params, modality, ())) + len(filled_shares(params))
    fits += sum(costs[name] for name in params.consumers) * n_arms * _fits_an_arm(effort)
    for name in params.advise or ():
        arms = arms_for(name, params, modality)
        tried = [len(arm.candidates) + 1 if effort.is_tuned else 1 for arm in arms]
        fits += costs[name] * (sum(tried) + 2)
    return fits + CURATION_COST * pools + _cost_of_sources(params, modality)


def filled_shares(params: TrialParams) -> tuple[float, ...]:
    """How much of what is missing real rows fill: the ceiling is 1, the rest is the curve."""
    return (*CURVE_SHARES, 1.0) if params.preset == "full" else (1.0,)


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
        drawn = pool_name(replicate, origin, use)
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
                judged_name(replicate, origin, use),
                judge,
                {"real": real, **judging(params, modality_of(real.schema)), "seed": own},
                needs={"pool": drawn},
                cost=CURATION_COST,
            ),
        ]
    return tasks


def generator_uses(parts: Parts, params: TrialParams) -> dict[str, Samples]:
    """Use → rows that a generator is trained on, the one for choosing sets first.

    Sets are chosen with a generator that never saw the choosing rows. Where these lie apart one
    generator does for all; otherwise the full preset trains a second one on the whole training
    part, and the light preset uses the first for both.
    """
    return {
        use: parts.fitting if use == CHOOSING else parts.training
        for use in _uses(params, chooses_apart=parts.chooses_apart)
    }


def curation_names(
    replicate: int, origin: str, params: TrialParams, *, chooses_apart: bool
) -> tuple[str, ...]:
    """The tasks that curate the pools of one origin in one replicate."""
    uses = _uses(params, chooses_apart=chooses_apart)
    return tuple(judged_name(replicate, origin, use) for use in uses)


def pool_name(replicate: int, origin: str, use: str) -> str:
    """The task that trains a generator and draws from it."""
    return task_name(replicate, f"{origin} for {use}")


def judged_name(replicate: int, origin: str, use: str) -> str:
    """The task that curates what it drew."""
    return task_name(replicate, f"curation of {origin} for {use}")


def judging(params: TrialParams, modality: Modality) -> dict[str, Any]:
    """Who confirms labels: the network where one is among the consumers, else what is quick."""
    steps = max(1, round(params.classifier_steps * CURATION_STEPS_SHARE))
    network = modality.network
    return {"confirmer": network if network in params.consumers else "logistic", "steps": steps}


def _uses(params: TrialParams, *, chooses_apart: bool) -> tuple[str, ...]:
    if chooses_apart:
        return (ALL,)
    return (CHOOSING,) if params.preset == "light" else (CHOOSING, SCORING)


def _fits_an_arm(effort: Effort) -> int:
    """The scored fit, and those by which regularisation and a threshold are chosen."""
    if effort.is_tuned:
        return 4
    return 2 if effort.tunes_threshold else 1


def _cost_of_sources(params: TrialParams, modality: Modality) -> float:
    return TEACHER_COST if "taught" in modality.cheap[params.preset] else COPIES_COST

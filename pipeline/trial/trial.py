"""The whole trial: replicates and arms as tasks, and what came of each."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.params import ClassifierName, TrialParams
from pipeline.randomness import derive_seed
from pipeline.samples import Samples
from pipeline.trial.arms import Arm, arms_for
from pipeline.trial.attempts import Parts
from pipeline.trial.plan import Plan, judging, pool_tasks
from pipeline.trial.replicate import PoolJudge, PoolMaker, judge_pool
from pipeline.trial.splits import ReplicateSplit, split_replicate
from pipeline.trial.tasks import OnDone, Task, TaskStore, run_tasks

INNER_FOLDS = 4


@dataclass(frozen=True)
class TrialData:
    """What a trial is held on.

    Attributes:
        development: Rows that replicates part among fitting, choosing and holding out.
        test: Untouched rows, scored once as confirmation.
        withheld: Real rows that thinning took away, for the ceiling alone; None where there are
            none.
        shipped_pool: Synthetic rows of the shipped generator, to be curated.
        shipped_real: The rows that the shipped generator was trained on.
        requested: Class name → how many synthetic rows the augmented set is to have.
        training_counts: Rows of each class that a replicate trains on, where the data have a
            validation split; None where replicates are folds.
    """

    development: Samples
    test: Samples
    withheld: Samples | None
    shipped_pool: Samples
    shipped_real: Samples
    requested: Mapping[str, int]
    training_counts: np.ndarray | None = None


@dataclass(frozen=True)
class TrialOutcome:
    """Raw results of a trial, for `pipeline.trial.summary`.

    Attributes:
        splits: Of each replicate.
        arms: The cheap arms under each classifier.
        origins: The generators that were compared, "gan" first.
        results: Task name → result, by the names that `pipeline.trial.plan` gives.
        shipped: The shipped pool's curation, columns as lists.
    """

    splits: tuple[ReplicateSplit, ...]
    arms: Mapping[ClassifierName, tuple[Arm, ...]]
    origins: tuple[str, ...]
    results: Mapping[str, Any]
    shipped: Mapping[str, list[Any]]


def run_trial(
    data: TrialData,
    params: TrialParams,
    *,
    seed: int,
    make: PoolMaker,
    executor: Executor,
    store: TaskStore,
    rivals: Mapping[str, PoolMaker] | None = None,
    judge: PoolJudge = judge_pool,
    on_done: OnDone | None = None,
) -> TrialOutcome:
    """Run every task of the trial that is not stored yet.

    Args:
        make: Trains a generator and draws a pool that balances its samples, so that this room
            needs to know none; a function that another process can find.
        rivals: Origin → other generators to compare with, each on top of real rows only.
        judge: Curates a pool; `judge_pool` except where a calibration leaves curation out.

    Raises:
        ParamsError: a class has too few rows for the folds asked for.
    """
    splits = _splits(data, params, seed)
    arms = {name: arms_for(name, params) for name in params.classifiers}
    makers = {"gan": make, **(rivals or {})}
    shipped = _shipped_task(data, params, seed, judge)
    pools: list[Task] = []
    cheap: list[Task] = []
    late: list[Task] = []
    for replicate, split in enumerate(splits):
        own = derive_seed(seed, "replicate", replicate)
        parts = _parts(data, split)
        for origin, maker in makers.items():
            pools += pool_tasks(replicate, origin, parts, params, own, maker, judge)
        for name in params.classifiers:
            plan = Plan(replicate, parts, arms[name], name, params, own)
            cheap += plan.cheap_tasks()
            late += plan.late_tasks(tuple(makers), data.withheld)
    results = run_tasks([*pools, shipped, *cheap, *late], executor, store, on_done=on_done)
    return TrialOutcome(splits, arms, tuple(makers), results, results[shipped.name])


def _splits(data: TrialData, params: TrialParams, seed: int) -> tuple[ReplicateSplit, ...]:
    return tuple(
        split_replicate(
            data.development,
            replicate,
            folds=params.folds,
            inner_folds=INNER_FOLDS,
            seed=derive_seed(seed, "trial splits"),
            training_counts=data.training_counts,
        )
        for replicate in range(params.replicates)
    )


def _parts(data: TrialData, split: ReplicateSplit) -> Parts:
    training = data.development.take(split.training)
    return Parts(
        training=training,
        fitting=training if split.chooses_apart else data.development.take(split.fitting),
        choosing=data.development.take(split.choosing),
        held_out=data.development.take(split.held_out),
        test=data.test,
        chooses_apart=split.chooses_apart,
    )


def _shipped_task(data: TrialData, params: TrialParams, seed: int, judge: PoolJudge) -> Task:
    return Task(
        "curation of the shipped pool",
        judge,
        {
            "pool": data.shipped_pool,
            "real": data.shipped_real,
            **judging(params),
            "seed": derive_seed(seed, "shipped"),
        },
    )

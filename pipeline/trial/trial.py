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
from pipeline.trial.mixture import run_ceiling, run_mixtures
from pipeline.trial.replicate import (
    Effort,
    Parts,
    PoolJudge,
    PoolMaker,
    judge_pool,
    make_pool,
    run_cheap_arm,
)
from pipeline.trial.splits import ReplicateSplit, split_replicate
from pipeline.trial.tasks import OnDone, Task, TaskStore, run_tasks

INNER_FOLDS = 4
CURATION_STEPS_SHARE = 0.5


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
        results: Task name → result, named by `cheap_name`, `mixtures_name` and `ceiling_name`.
        shipped: The shipped pool's curation, columns as lists.
    """

    splits: tuple[ReplicateSplit, ...]
    arms: Mapping[ClassifierName, tuple[Arm, ...]]
    results: Mapping[str, Any]
    shipped: Mapping[str, list[Any]]


def effort_for(params: TrialParams, classifier: ClassifierName) -> Effort:
    """What each arm gets, by preset and classifier."""
    light = params.preset == "light"
    return Effort(
        steps=params.classifier_steps,
        is_tuned=not light,
        grid=(0.5,) if light else (0.25, 0.5, 0.75),
        origins=("gan",) if light else ("classical", "smote", "gan"),
        per_class=not light or classifier != "cnn",
    )


def run_trial(
    data: TrialData,
    params: TrialParams,
    *,
    seed: int,
    make: PoolMaker,
    executor: Executor,
    store: TaskStore,
    judge: PoolJudge = judge_pool,
    on_done: OnDone | None = None,
) -> TrialOutcome:
    """Run every task of the trial that is not stored yet.

    Args:
        make: Trains a generator and draws a pool that balances its samples, so that this room
            needs to know none; a function that another process can find.
        judge: Curates a pool; `judge_pool` except where a calibration leaves curation out.

    Raises:
        ParamsError: a class has too few rows for the folds asked for.
    """
    splits = tuple(
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
    arms = {name: arms_for(name, params) for name in params.classifiers}
    tasks = [_shipped_task(data, params, seed, judge)]
    pools: list[Task] = []
    early: list[Task] = []
    late: list[Task] = []
    for replicate, split in enumerate(splits):
        own = derive_seed(seed, "replicate", replicate)
        parts = _parts(data, split)
        pools += _pool_tasks(replicate, parts, params, own, make, judge)
        for name in params.classifiers:
            early += _cheap_tasks(replicate, parts, arms[name], name, params, own)
            late += _late_tasks(replicate, parts, arms[name], name, params, own, data.withheld)
    results = run_tasks([*pools, *tasks, *early, *late], executor, store, on_done=on_done)
    return TrialOutcome(splits, arms, results, results[tasks[0].name])


def cheap_name(replicate: int, classifier: str, arm: str) -> str:
    """The task that runs a cheap arm."""
    return f"replicate {replicate + 1}: {classifier}: {arm}"


def mixtures_name(replicate: int, classifier: str) -> str:
    """The task that chooses doses and runs the arms with synthetic rows."""
    return f"replicate {replicate + 1}: {classifier}: mixtures"


def ceiling_name(replicate: int, classifier: str) -> str:
    """The task that runs the arm filled with real rows."""
    return f"replicate {replicate + 1}: {classifier}: ceiling"


def _parts(data: TrialData, split: ReplicateSplit) -> Parts:
    return Parts(
        training=data.development.take(split.training),
        fitting=data.development.take(split.fitting),
        choosing=data.development.take(split.choosing),
        held_out=data.development.take(split.held_out),
        test=data.test,
    )


def _shipped_task(data: TrialData, params: TrialParams, seed: int, judge: PoolJudge) -> Task:
    return Task(
        "curation of the shipped pool",
        judge,
        {
            "pool": data.shipped_pool,
            "real": data.shipped_real,
            **_judging(params),
            "seed": derive_seed(seed, "shipped"),
        },
    )


def _pool_tasks(
    replicate: int,
    parts: Parts,
    params: TrialParams,
    seed: int,
    make: PoolMaker,
    judge: PoolJudge,
) -> list[Task]:
    tasks = []
    sets = {"choosing": parts.fitting, "final": parts.training}
    if not refits(params):
        del sets["final"]
    for use, real in sets.items():
        drawn = f"replicate {replicate + 1}: generator for {use}"
        generator_seed = derive_seed(seed, "generator", use)
        tasks.append(
            Task(drawn, make_pool, {"make": make, "samples": real, "seed": generator_seed})
        )
        tasks.append(
            Task(
                _judged_name(replicate, use),
                judge,
                {"real": real, **_judging(params), "seed": generator_seed},
                needs={"pool": drawn},
            )
        )
    return tasks


def _cheap_tasks(
    replicate: int,
    parts: Parts,
    arms: tuple[Arm, ...],
    classifier: ClassifierName,
    params: TrialParams,
    seed: int,
) -> list[Task]:
    return [
        Task(
            cheap_name(replicate, classifier, arm.name),
            run_cheap_arm,
            {
                "parts": parts,
                "arm": arm,
                "classifier": classifier,
                "effort": effort_for(params, classifier),
                "seed": seed,
            },
        )
        for arm in arms
    ]


def _late_tasks(
    replicate: int,
    parts: Parts,
    arms: tuple[Arm, ...],
    classifier: ClassifierName,
    params: TrialParams,
    seed: int,
    withheld: Samples | None,
) -> list[Task]:
    shared = {
        "parts": parts,
        "arms": arms,
        "classifier": classifier,
        "effort": effort_for(params, classifier),
        "seed": seed,
    }
    cheap = tuple(cheap_name(replicate, classifier, arm.name) for arm in arms)
    final = "final" if refits(params) else "choosing"
    tasks = [
        Task(
            mixtures_name(replicate, classifier),
            run_mixtures,
            shared,
            needs={
                "cheap": cheap,
                "pool": f"replicate {replicate + 1}: generator for choosing",
                "judged": _judged_name(replicate, "choosing"),
                "final_pool": f"replicate {replicate + 1}: generator for {final}",
                "final_judged": _judged_name(replicate, final),
            },
        )
    ]
    if withheld is not None:
        late = {**shared, "withheld": withheld}
        tasks.append(
            Task(ceiling_name(replicate, classifier), run_ceiling, late, needs={"cheap": cheap})
        )
    return tasks


def refits(params: TrialParams) -> bool:
    """Whether a second generator is trained on the whole training part once doses are chosen."""
    return params.preset == "full"


def _judged_name(replicate: int, use: str) -> str:
    return f"replicate {replicate + 1}: curation for {use}"


def _judging(params: TrialParams) -> dict[str, Any]:
    """Who confirms labels: the network where one is on the panel, else what is quick."""
    steps = max(1, round(params.classifier_steps * CURATION_STEPS_SHARE))
    return {"confirmer": "cnn" if "cnn" in params.classifiers else "logistic", "steps": steps}

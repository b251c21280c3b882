"""The whole trial: replicates and arms as tasks, and what came of each."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.modalities.registry import modality_of
from pipeline.params import TrialParams
from pipeline.randomness import derive_seed
from pipeline.results import Origin
from pipeline.samples import Samples
from pipeline.trial.development import thinned_by
from pipeline.trial.parts import Parts
from pipeline.trial.plan import Plan, generator_uses, judging, pool_tasks
from pipeline.trial.pools import PoolJudge, PoolMaker, judge_pool
from pipeline.trial.schedule import Room
from pipeline.trial.splits import ReplicateSplit, split_replicates
from pipeline.trial.tasks import OnDone, Task, TaskStore, run_tasks


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
class GeneratorThreads:
    """How many threads each training of a generator has.

    Attributes:
        pinned: `run.threads`; None shares the cores over the trainings that run at once.
        shared_by: Origins whose trainings gain by more than one thread.
    """

    pinned: int | None
    shared_by: frozenset[str]

    def of(self, origin: str, *, n_trainings: int, room: Room | None) -> int:
        """Threads of each of so many trainings of one origin."""
        if self.pinned is not None:
            return self.pinned
        if room is None or origin not in self.shared_by:
            return 1
        return room.threads_each(n_trainings)


@dataclass(frozen=True)
class TrialOutcome:
    """Raw results of a trial, for `pipeline.trial.findings`.

    Attributes:
        splits: Of each replicate.
        origins: The generators that were compared, "gan" first.
        results: Task name → result, by the names that `pipeline.trial.plan` gives.
        shipped: The shipped pool's curation, columns as lists.
        has_ceiling: Whether real rows were withheld, by the source or by thinning further.
    """

    splits: tuple[ReplicateSplit, ...]
    origins: tuple[Origin, ...]
    results: Mapping[str, Any]
    shipped: Mapping[str, list[Any]]
    has_ceiling: bool


def run_trial(
    data: TrialData,
    params: TrialParams,
    *,
    seed: int,
    make: PoolMaker,
    executor: Executor,
    store: TaskStore,
    rivals: Mapping[Origin, PoolMaker] | None = None,
    judge: PoolJudge = judge_pool,
    threads: GeneratorThreads | None = None,
    room: Room | None = None,
    beside: Callable[[str], Sequence[Task]] = lambda _: (),
    on_done: OnDone | None = None,
) -> TrialOutcome:
    """Run every task of the trial that is not stored yet.

    Args:
        make: Trains a generator and draws a pool that balances its samples, so that this room
            needs to know none; a function that another process can find.
        rivals: Origin → other generators to compare with, each on top of real rows only.
        judge: Curates a pool; `judge_pool` except where a calibration leaves curation out.
        threads: Threads of each training of a generator; None is one.
        room: How much may run at once here; None where the executor itself keeps a queue.
        beside: From the name of the shipped pool's curation to tasks that are no part of the trial
            and run beside it; their results stand among the others.

    Raises:
        ParamsError: a class has too few rows for the folds asked for.
    """
    splits = _splits(data, params, seed)
    makers: dict[Origin, PoolMaker] = {"gan": make, **(rivals or {})}
    shipped = _shipped_task(data, params, seed, judge)
    tasks: list[Task] = [shipped]
    for replicate, split in enumerate(splits):
        own = derive_seed(seed, "replicate", replicate)
        parts, withheld = _parts(data, split), withheld_rows(data, split)
        for origin, maker in makers.items():
            each = 1
            if threads is not None:
                n_uses = len(generator_uses(parts, params))
                each = threads.of(origin, n_trainings=len(splits) * n_uses, room=room)
            tasks += pool_tasks(replicate, origin, parts, params, own, maker, judge, threads=each)
        plan = Plan(replicate, parts, tuple(makers), params, own)
        tasks += [
            *plan.source_tasks(),
            *plan.choice_tasks(),
            *plan.set_tasks(),
            *plan.recipe_tasks(),
            *plan.on_set_tasks(),
        ]
        if withheld is not None:
            tasks += plan.more_real_tasks(withheld, wanted_rows(data, parts.training))
    tasks += beside(shipped.name)
    results = run_tasks(tasks, executor, store, room=room, on_done=on_done)
    has_ceiling = withheld_rows(data, splits[0]) is not None
    return TrialOutcome(splits, tuple(makers), results, results[shipped.name], has_ceiling)


def _splits(data: TrialData, params: TrialParams, seed: int) -> tuple[ReplicateSplit, ...]:
    return split_replicates(
        data.development,
        params,
        seed=seed,
        training_counts=data.training_counts,
        thinned=thinned_by(
            data.development,
            data.requested,
            share=params.thin_further,
            has_withheld=data.withheld is not None,
        ),
    )


def withheld_rows(data: TrialData, split: ReplicateSplit) -> Samples | None:
    """Real rows for the ceiling: the source's own, or those a replicate was thinned by, or None."""
    if data.withheld is None and len(split.withheld):
        return data.development.take(split.withheld)
    return data.withheld


def wanted_rows(data: TrialData, training: Samples) -> np.ndarray:
    """As many rows for a replicate's classes as the augmented set is to get, in proportion.

    Where the replicate was thinned or is a fold, its classes are smaller than the shipped set's.
    """
    counts = np.array(list(training.counts().values()))
    shipped = data.shipped_real.counts()
    totals = np.array([n + data.requested.get(name, 0) for name, n in shipped.items()])
    scale = counts.max() / max(shipped.values())
    return np.asarray(np.maximum(np.round(totals * scale).astype(np.int64) - counts, 0))


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
            **judging(params, modality_of(data.shipped_real.schema)),
            "seed": derive_seed(seed, "shipped"),
        },
    )

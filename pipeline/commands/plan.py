"""`equipoise run --dry-run`: what a run would do, before anything is trained."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import balance
from pipeline.commands.speed import Estimate, estimate, step_times, steps_of
from pipeline.modalities.registry import modality_of
from pipeline.params import Params
from pipeline.samples import Samples, Schema, row_bytes
from pipeline.sources.glance import Glance
from pipeline.sources.open import open_source
from pipeline.sources.splitting import (
    SPLITS,
    TRAIN,
    VALIDATION,
    WITHHELD,
    split_notices,
    split_rows,
)
from pipeline.sources.survey import Notice, Survey
from pipeline.trial.development import refuse_unpartable_rows
from pipeline.trial.plan import rivals_of
from pipeline.trial.splits import can_choose_apart
from pipeline.workspace import Workspace

# What a plan remembers for the next one, below `.equipoise`.
MEMORY = "plan"
# The pool, what is kept of it, the replicates' pools, and DVC's copies of them all.
COPIES_OF_POOL = 6
COPIES_OF_REAL = 4
# A run that takes longer is worth a change of params.yaml first.
LONG_SECONDS = 30 * 60
# A trial fits each classifier some fifty times.
SLOW_FIT_SECONDS = 20.0
FEWER_REPLICATES, FEWER_STEPS_SHARE = (5, 3, 2), 0.5


@dataclass(frozen=True)
class Shorter:
    """One setting of params.yaml that makes the run shorter, e.g. "trial.replicates: 2"."""

    setting: str
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        counts: split → class → rows.
        sample: How many pictures were decoded to find the notices; None: all.
        requested: class → synthetic rows that the set is to have; drawn: class → rows in the pool.
        disk_bytes: About what a run writes; free_bytes: what is free.
        trainings: How many generators are trained: the shipped one, and those of the replicates.
        time: About how long it takes.
        shorter: Settings that make a long run shorter, each by itself.
    """

    schema: Schema
    notices: tuple[Notice, ...]
    sample: int | None
    counts: dict[str, dict[str, int]]
    requested: dict[str, int]
    drawn: dict[str, int]
    disk_bytes: int
    free_bytes: int
    trainings: int
    time: Estimate
    shorter: tuple[Shorter, ...] = ()


def plan(workspace: Workspace, params: Params) -> Plan:
    """Look at the raw data much as the prepare stage does, and at what the params make of them.

    Of many pictures only a sample is decoded. Nothing is written but what the next plan need not
    find out again, below `.equipoise`.

    Raises:
        ParamsError: params.yaml does not suit the data.
        SourceError: the data cannot be used.
    """
    memory = workspace.private / MEMORY
    survey, splits = surveyed(params, root=workspace.root, memory=memory)
    _refuse_unpartable(survey, splits, params)
    counts = split_counts(survey, splits)
    requested = balance.request(counts[TRAIN], params.balance)
    drawn = balance.pool(requested, params.balance)
    in_trial = params.trial.replicates * _trainings_a_replicate(counts, params)
    trainings = 1 + in_trial * (1 + len(rivals_of(params, survey.schema)))
    time = run_time(survey.schema, params, counts, memory=memory)
    return Plan(
        schema=survey.schema,
        notices=(*survey.notices, *split_notices(survey, splits, params.source)),
        sample=survey.sample,
        counts=counts,
        requested=requested,
        drawn=drawn,
        disk_bytes=_disk_bytes(survey.schema, len(survey.rows), sum(drawn.values()), trainings),
        free_bytes=shutil.disk_usage(workspace.root).free,
        trainings=trainings,
        time=time,
        shorter=_shorter(survey.schema, params, counts, time, memory),
    )


def surveyed(params: Params, *, root: Path, memory: Path | None) -> tuple[Survey, np.ndarray]:
    """The survey of the data, or of a sample of many pictures, and the split of every row.

    Args:
        root: The workspace.
        memory: The folder that remembers what was decoded.

    Raises:
        ParamsError, SourceError: the data cannot be used, or not with these params.
    """
    with tempfile.TemporaryDirectory(prefix="equipoise-plan-") as scratch:
        glance = Glance(memory)
        source = open_source(params.source, root=root, scratch=Path(scratch), glance=glance)
        survey = source.survey()
    return survey, split_rows(survey, params.source)


def run_time(
    schema: Schema, params: Params, counts: Mapping[str, Mapping[str, int]], *, memory: Path | None
) -> Estimate:
    """About how long a run takes on this machine."""
    times = step_times(schema, params.gan, counts[TRAIN], memory=memory)
    return estimate(
        schema,
        params,
        times,
        rivals=rivals_of(params, schema),
        trainings_a_replicate=_trainings_a_replicate(counts, params),
    )


def slow_fits(
    schema: Schema, params: Params, counts: Mapping[str, Mapping[str, int]], *, memory: Path | None
) -> frozenset[str]:
    """The classifiers of which one fit takes minutes on so many rows."""
    times = step_times(schema, params.gan, counts[TRAIN], memory=memory)
    return frozenset(name for name, seconds in times.fits.items() if seconds > SLOW_FIT_SECONDS)


def _shorter(
    schema: Schema,
    params: Params,
    counts: Mapping[str, Mapping[str, int]],
    time: Estimate,
    memory: Path,
) -> tuple[Shorter, ...]:
    """Of a long run: what smaller pictures, fewer replicates or fewer steps would each take."""
    if time.whole <= LONG_SECONDS:
        return ()
    found = [
        (small.setting, run_time(small.schema, params, counts, memory=memory))
        for small in modality_of(schema).effort(schema).smaller[:1]
    ]
    fewer = next((n for n in FEWER_REPLICATES if n < params.trial.replicates), None)
    if fewer is not None:
        trial = params.trial.model_copy(update={"replicates": fewer})
        told = params.model_copy(update={"trial": trial})
        setting = f"trial.replicates: {fewer}"
        found.append((setting, run_time(schema, told, counts, memory=memory)))
    steps = max(1, round(FEWER_STEPS_SHARE * steps_of(schema, params.gan)))
    told = params.model_copy(update={"gan": params.gan.model_copy(update={"steps": steps})})
    found.append((f"gan.steps: {steps}", run_time(schema, told, counts, memory=memory)))
    return tuple(Shorter(setting, each.whole) for setting, each in found)


def _refuse_unpartable(survey: Survey, splits: np.ndarray, params: Params) -> None:
    labels = survey.rows["label"].to_numpy()
    n_classes = len(survey.schema.classes)
    # Values are not asked for, only labels and what binds rows together.
    nothing = np.empty((len(labels), 0), np.uint8)
    rows = Samples(survey.schema, nothing, labels, survey.provenance)
    train, validation = np.flatnonzero(splits == TRAIN), np.flatnonzero(splits == VALIDATION)
    refuse_unpartable_rows(
        rows.take(np.concatenate([train, validation])),
        np.bincount(labels[train], minlength=n_classes) if len(validation) else None,
        params,
        has_withheld=bool((splits == WITHHELD).any()),
    )


def _trainings_a_replicate(counts: Mapping[str, Mapping[str, int]], params: Params) -> int:
    """Of each kind of generator: one, or one to choose doses with and one to score with."""
    spare = list(counts.get(VALIDATION, {}).values())
    if params.trial.preset == "light" or (spare and can_choose_apart(spare)):
        return 1
    return 2


def split_counts(survey: Survey, splits: np.ndarray) -> dict[str, dict[str, int]]:
    """split → class → rows, for every split that has any."""
    labels, classes = survey.rows["label"].to_numpy(), survey.schema.classes
    return {
        split: {
            name: int(((splits == split) & (labels == label)).sum())
            for label, name in enumerate(classes)
        }
        for split in SPLITS
        if (splits == split).any()
    }


def _disk_bytes(schema: Schema, n_real: int, n_drawn: int, trainings: int) -> int:
    effort = modality_of(schema).effort(schema)
    rows = COPIES_OF_REAL * n_real + (COPIES_OF_POOL + trainings) * n_drawn
    return int(effort.stored_share * row_bytes(schema) * rows) + 2**25

"""`equipoise run --dry-run`: what a run would do, before anything is trained."""

import math
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import balance
from pipeline.gan.presets import recipe_for
from pipeline.modalities.image_design import natural_kind
from pipeline.params import GanParams, Params
from pipeline.samples import Samples, Schema
from pipeline.sources.open import open_source
from pipeline.sources.splitting import (
    SPLITS,
    TRAIN,
    VALIDATION,
    WITHHELD,
    split_notices,
    split_rows,
)
from pipeline.sources.survey import Notice, Survey, make_rows
from pipeline.sources.words import counted
from pipeline.trial.development import refuse_unpartable_rows
from pipeline.trial.plan import rivals_of
from pipeline.trial.splits import can_choose_apart
from pipeline.workspace import Workspace

TIMED_STEPS = (1, 6)
TIMED_ROWS_A_CLASS = 16
# Measured on pictures of 28 to 64 px: lossless PNG and its provenance, against raw pixels.
STORED_SHARE = 0.8
# The pool, what is kept of it, the replicates' pools, and DVC's copies of them all.
COPIES_OF_POOL = 6
COPIES_OF_REAL = 4


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        counts: split → class → rows.
        requested: class → synthetic rows that the set is to have; drawn: class → rows in the pool.
        disk_bytes: About what a run writes; free_bytes: what is free.
        training_seconds: About what all trainings of generators take; None where none can be timed.
        trainings: How many generators are trained: the shipped one, and those of the replicates.
    """

    schema: Schema
    notices: tuple[Notice, ...]
    counts: dict[str, dict[str, int]]
    requested: dict[str, int]
    drawn: dict[str, int]
    disk_bytes: int
    free_bytes: int
    trainings: int
    training_seconds: float | None


def plan(workspace: Workspace, params: Params) -> Plan:
    """Look at all raw data as the prepare stage does, and at what the params make of them.

    Nothing is written but a few steps' worth of time: they are trained on noise of the same shape,
    to tell how long the training will take on this machine.

    Raises:
        ParamsError: params.yaml does not suit the data.
        SourceError: the data cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="equipoise-plan-") as scratch:
        source = open_source(params.source, root=workspace.root, scratch=Path(scratch))
        survey = source.survey()
    splits = split_rows(survey, params.source)
    if survey.schema.image_shape:
        _refuse_unpartable(survey, splits, params)
    counts = split_counts(survey, splits)
    requested = balance.request(counts[TRAIN], params.balance)
    drawn = balance.pool(requested, params.balance)
    rivals = list(rivals_of(params).values())
    in_trial = params.trial.replicates * _trainings_a_replicate(counts, params)
    trainings = 1 + in_trial * (1 + len(rivals))
    each = [training_seconds(survey.schema, generator) for generator in (params.gan, *rivals)]
    seconds = None if each[0] is None else each[0] + in_trial * sum(filter(None, each))
    return Plan(
        schema=survey.schema,
        notices=(*survey.notices, *split_notices(survey, splits, params.source)),
        counts=counts,
        requested=requested,
        drawn=drawn,
        disk_bytes=_disk_bytes(survey.schema, len(survey.rows), sum(drawn.values()), trainings),
        free_bytes=shutil.disk_usage(workspace.root).free,
        trainings=trainings,
        training_seconds=seconds,
    )


def _refuse_unpartable(survey: Survey, splits: np.ndarray, params: Params) -> None:
    labels = survey.rows["label"].to_numpy()
    n_classes = len(survey.schema.classes)
    nothing = np.empty((len(labels), 0), np.uint8)
    rows = Samples(survey.schema, nothing, labels, survey.provenance)
    train, validation = np.flatnonzero(splits == TRAIN), np.flatnonzero(splits == VALIDATION)
    refuse_unpartable_rows(
        rows.take(np.concatenate([train, validation])),
        np.bincount(labels[train], minlength=n_classes) if len(validation) else None,
        params,
        has_withheld=bool((splits == WITHHELD).any()),
    )


def _trainings_a_replicate(counts: dict[str, dict[str, int]], params: Params) -> int:
    """Of each kind of generator: one, or one to choose doses with and one to score with."""
    spare = list(counts.get(VALIDATION, {}).values())
    if params.trial.preset == "light" or (spare and can_choose_apart(spare)):
        return 1
    return 2


def training_seconds(schema: Schema, params: GanParams) -> float | None:
    """About what one training takes on this machine; None for tables."""
    step = seconds_a_step(schema, params)
    if step is None or schema.image_shape is None:
        return None
    recipe = recipe_for(params, networks=natural_kind(schema.image_shape))
    return min(step * recipe.steps, params.max_seconds)


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


def seconds_a_step(schema: Schema, params: GanParams) -> float | None:
    """Seconds of one optimiser step on this machine, timed on noise; None for tables."""
    if schema.image_shape is None:
        return None
    # Torch takes seconds to import, which a refusal need not wait for.
    from pipeline.synthesis import LEAST_OF_A_CLASS, train_generator

    n = TIMED_ROWS_A_CLASS * len(schema.classes)
    noise = np.random.default_rng(0).integers(0, 256, (n, *schema.image_shape), np.uint8)
    labels = np.arange(n) % len(schema.classes)
    rows = make_rows([str(k) for k in range(n)], labels, [""] * n)
    samples = Samples(schema, noise, labels, Survey(schema, rows).provenance)
    # Told, so that it is not made to fit the few rows of noise.
    recipe = recipe_for(params, networks=natural_kind(schema.image_shape))
    batch_samples = params.batch_samples or max(
        recipe.batch_samples, LEAST_OF_A_CLASS * len(schema.classes)
    )
    took = []
    # The first training pays for what is imported and set up on the way, and is not counted.
    for steps in (TIMED_STEPS[0], *TIMED_STEPS):
        timed = params.model_copy(update={"steps": steps, "batch_samples": batch_samples})
        begin = time.perf_counter()
        train_generator(samples, timed, seed=0)
        took.append(time.perf_counter() - begin)
    return max(0.0, took[-1] - took[-2]) / (TIMED_STEPS[1] - TIMED_STEPS[0])


def _disk_bytes(schema: Schema, n_real: int, n_drawn: int, trainings: int) -> int:
    row = math.prod(schema.image_shape) if schema.image_shape else 16 * len(schema.columns)
    rows = COPIES_OF_REAL * n_real + (COPIES_OF_POOL + trainings) * n_drawn
    return int(STORED_SHARE * row * rows) + 2**25


def lines_of(plan: Plan) -> list[str]:
    """The plan as plain text, a line each."""
    schema = plan.schema
    shape = schema.image_shape
    what = (
        f"pictures of {shape[0]}×{shape[1]} px, {'grey' if shape[2] == 1 else 'colour'}"
        if shape
        else f"a table of {counted(len(schema.columns), 'feature column')}"
    )
    lines = [f"Data: {what}, {counted(len(schema.classes), 'class', 'classes')}."]
    lines += [f"  {notice.kind}: {notice.message}" for notice in plan.notices]
    lines += ["", *_table(plan), ""]
    if plan.training_seconds is None:
        lines.append("Time: there is no generator for tables in this release; prepare works.")
    else:
        lines.append(
            f"Time: about {_duration(plan.training_seconds)} for "
            f"{counted(plan.trainings, 'training')} of a generator (timed on this machine, one "
            "process); the trial's classifiers come on top."
        )
    lines.append(
        f"Disk: about {_size(plan.disk_bytes)} are written; {_size(plan.free_bytes)} are free."
    )
    if plan.free_bytes < 2 * plan.disk_bytes:
        lines.append("  That is less than twice the estimate: make room first.")
    return lines


def _table(plan: Plan) -> list[str]:
    head = ["class", *plan.counts, "to add", "to draw"]
    body = [
        [
            name,
            *(str(plan.counts[split][name]) for split in plan.counts),
            str(plan.requested[name]),
            str(plan.drawn[name]),
        ]
        for name in plan.schema.classes
    ]
    totals = [
        sum(column.values()) for column in (*plan.counts.values(), plan.requested, plan.drawn)
    ]
    body.append(["all", *map(str, totals)])
    widths = [max(len(row[k]) for row in [head, *body]) for k in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *body]
    ]


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(n: int) -> str:
    return f"{n / 2**20:,.0f} MB" if n < 2**30 else f"{n / 2**30:,.1f} GB"

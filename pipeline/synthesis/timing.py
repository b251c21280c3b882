"""How long a step of each kind of training takes on this machine, timed on noise."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from pipeline.gan.material import LabelledTensors
from pipeline.gan.training import RARE_BELOW_SAMPLES, Job, Trainer
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.params import GanParams
from pipeline.samples import Samples, Schema
from pipeline.scale.fabric import Devices, use_threads
from pipeline.synthesis.train import plan_of
from pipeline.trial.learners import fit

# Of a class no more are made up than make it common, nor in all than fill a batch.
COMMON = RARE_BELOW_SAMPLES + 8
FILLED_SAMPLES = 256
MOST_STEPS = 200
# Each kind of step is repeated for so long, and taken once at least.
TIMED_SECONDS = 0.35
CLASSIFIER_STEPS = 6
# Fits on more rows are reckoned from fits on so many.
MOST_FITTED_ROWS = 1_500
# What takes four times as long for twice as many rows.
QUADRATIC = ("svm",)


@dataclass(frozen=True)
class StepSeconds:
    """Seconds a step, of one process with one thread.

    Attributes:
        generator: Of a generator and its companion; the steps with penalties are averaged in.
        classifier: Of the trial's network.
        fits: Of a whole fit of each classifier, where these depend on how many rows there are.
    """

    generator: float
    classifier: float
    fits: Mapping[str, float] = field(default_factory=dict)


def seconds_a_step(schema: Schema, params: GanParams, counts: Mapping[str, int]) -> StepSeconds:
    """Time a few steps of both trainings.

    The time of the processor is taken, so that other work on the machine changes little; on a GPU
    it is the clock's.

    Args:
        schema: What one sample is.
        counts: Training rows of each class, since scarce classes are enriched, which takes time.
    """
    samples = noise(schema, counts)
    with torch.random.fork_rng(devices=[]), use_threads(1):
        return StepSeconds(
            _generator_seconds(samples, params),
            _classifier_seconds(samples),
            _fits(schema, counts) if modality_of(schema).effort(schema).fits_by_rows else {},
        )


def noise(schema: Schema, counts: Mapping[str, int]) -> Samples:
    """Rows of noise: as many of each class as there are, up to a few."""
    most = max(COMMON, FILLED_SAMPLES // len(counts))
    each = [min(max(n, 2), most) for n in counts.values()]
    return modality_of(schema).noise(schema, each)


def _generator_seconds(samples: Samples, params: GanParams) -> float:
    recipe, design = plan_of(samples, params)
    domain = modality_of(samples.schema).domain(design)
    labels = torch.from_numpy(samples.labels.copy())
    job = Job(
        data=LabelledTensors(domain.store(samples.values), labels),
        domain=domain,
        recipe=recipe,
        seed=0,
        classes=samples.schema.classes,
    )
    trainer = Trainer(job, Devices(_Alone(recipe.precision)))
    every = recipe.penalty_every_steps
    # The first one sets things up, and is not counted.
    trainer.take_step(0)
    # A step with penalties and one without.
    penalised, plain = (_seconds(partial(trainer.take_step, step)) for step in (0, 1))
    return (plain * (every - 1) + penalised) / every


class _Alone:
    """What `Devices` asks of Fabric, for one process: Fabric itself takes seconds to import."""

    global_rank, world_size = 0, 1

    def __init__(self, precision: str):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._is_mixed = precision == "bf16"

    def autocast(self) -> torch.autocast:
        """Mixed precision, where it is asked for."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_mixed)

    def backward(self, loss: torch.Tensor) -> None:
        """Gradients of the loss."""
        loss.backward()  # type: ignore[no-untyped-call]


def _classifier_seconds(samples: Samples) -> float:
    training, modality = TrainingSet(samples), modality_of(samples.schema)
    steps = CLASSIFIER_STEPS

    def train(n: int) -> None:
        modality.fit_network(training, Recipe(sampling=1.0), steps=n, seed=0)

    train(2)
    short, long = (_clock_of(partial(train, n)) for n in (steps, 3 * steps))
    return max(0.0, long - short) / (2 * steps)


def _fits(schema: Schema, counts: Mapping[str, int]) -> dict[str, float]:
    """Seconds of one fit of each classifier but the network, on rows filled to balance.

    Of many rows two small parts are timed, and a straight line is laid through both: much of a fit
    on few rows takes as long whatever their number is.
    """
    modality = modality_of(schema)
    n_rows = len(counts) * max(counts.values())
    most = min(n_rows, MOST_FITTED_ROWS)
    few, more = (
        TrainingSet(modality.noise(schema, [max(2, n // len(counts))] * len(counts)))
        for n in (most // 3, most)
    )
    found: dict[str, float] = {}
    for name in modality.classifiers:
        if name == modality.network:
            continue
        call = partial(fit, name, recipe=Recipe(), steps=1, seed=0)
        found[name] = _clock_of(partial(call, more))
        if n_rows > most and name in QUADRATIC:
            found[name] *= (n_rows / most) ** 2
        elif n_rows > most:
            slope = max(0.0, found[name] - _clock_of(partial(call, few))) / (most - most // 3)
            found[name] += slope * (n_rows - most)
    return found


def _seconds(step: Callable[[], object]) -> float:
    """Seconds of one call: the median of several."""
    took: list[float] = []
    while not took or (sum(took) < TIMED_SECONDS and len(took) < MOST_STEPS):
        took.append(_clock_of(step))
    return float(np.median(took))


def _clock_of(call: Callable[[], object]) -> float:
    on_gpu = torch.cuda.is_available()
    clock = time.perf_counter if on_gpu else time.process_time
    begin = clock()
    call()
    if on_gpu:
        torch.cuda.synchronize()
    return clock() - begin

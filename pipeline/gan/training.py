"""The training loop: steps, history, looks at the samples, alarms, resume."""

import copy
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.errors import TrainingError
from pipeline.gan import alarm, averaging, state, stopping, warmup
from pipeline.gan.adversarial import AdversarialMethod
from pipeline.gan.batches import BatchDrawer, torch_stream
from pipeline.gan.history import HistoryRow, Meter, is_not_finite
from pipeline.gan.lanes import Lanes
from pipeline.gan.material import LabelledTensors, Progress
from pipeline.gan.method import Method, StepInput
from pipeline.gan.presets import Recipe
from pipeline.gan.variational import VariationalMethod
from pipeline.gan.watch import Watch
from pipeline.modalities.domain import Domain, Neighbourhood
from pipeline.randomness import derive_seed
from pipeline.scale.fabric import Devices, connect, use_threads

log = logging.getLogger(__name__)

HISTORY_EVERY_STEPS = 25
STATE_EVERY_SECONDS = 20.0
# A class of this many samples shows its own variety; below it, enrichment sets in by degrees.
RARE_BELOW_SAMPLES = 40


@dataclass(frozen=True)
class Job:
    """One training: what on, how, from which seed, and within which bounds.

    Attributes:
        held_out: Reals that the training never sees, by which it is watched; may be None.
        classes: Names in label order, for messages.
        max_seconds: The training ends at the first row of the history after this long.
        directory: Where the state is kept that a killed training goes on from; None keeps none.
        threads: Cores that share a step. The result depends on their number.
    """

    data: LabelledTensors
    domain: Domain
    recipe: Recipe
    seed: int
    classes: Sequence[str]
    held_out: LabelledTensors | None = None
    max_seconds: float = float("inf")
    directory: Path | None = None
    threads: int = 1


@dataclass(frozen=True)
class Trained:
    """The averaged generator in evaluation mode, and how it came about."""

    generator: nn.Module
    ending: stopping.Ending
    history: list[HistoryRow] = field(repr=False)


def train(
    job: Job, *, on_progress: Progress | None = None, devices: Devices | None = None
) -> Trained:
    """Train a generator on labelled rows.

    Every step draws from a stream of its own, so the result depends on nothing but the job, unless
    its time runs out first.

    Args:
        on_progress: Called with each new row of the history.
        devices: Where to train; by default this process alone, or its place under torchrun.

    Raises:
        TrainingError: the training diverged before any generator was worth keeping.
    """
    # Whatever a module draws from torch's global stream is seeded each step and put back after.
    with torch.random.fork_rng(devices=[]), use_threads(1):
        trainer = Trainer(job, devices or connect(precision=job.recipe.precision))
        # Without lanes, torch's own threads are all there is.
        with use_threads(1 if trainer.lanes else job.threads):
            ending = trainer.run(on_progress)
    if ending.message:
        log.warning("%s The generator of step %d is kept.", ending.message, ending.kept_step)
    return Trained(generator=trainer.kept(), ending=ending, history=trainer.history)


class Trainer:
    """A training under way."""

    def __init__(self, job: Job, devices: Devices):
        self.job, self.devices = job, devices
        torch.manual_seed(derive_seed(job.seed, "gan", "networks"))
        generator, companion = job.domain.build()
        job.domain.start(generator, job.data.stored, job.data.labels)
        generator, companion = (part.to(devices.device) for part in (generator, companion))
        if job.recipe.channels_last:
            for part in (generator, companion):
                averaging.set_memory_format(part, torch.channels_last)
        self.average = copy.deepcopy(generator)
        self._average_weights = averaging.weights_of(self.average)
        self._generator_weights = averaging.weights_of(generator)
        self.lanes = _lanes(job, companion, devices)
        given = generator, companion, job.domain, job.recipe, devices
        self.method: Method = (
            AdversarialMethod(*given, lanes=self.lanes)
            if job.recipe.method == "adversarial"
            else VariationalMethod(*given)
        )
        self.batches = BatchDrawer(
            job.data.labels,
            n_classes=job.domain.n_classes,
            batch_samples=job.recipe.batch_samples,
            balanced=job.recipe.balanced,
        )
        self._neighbourhood = _neighbourhood(job)
        self.watch = Watch(job.data, job.held_out, job.domain, seed=job.seed)
        self.meter = Meter()
        self.history: list[HistoryRow] = []
        self.next_step = 0
        self.best: dict[str, Tensor] = {}
        self.best_score: float | None = None
        self.best_step = 0
        self.best_lost = 0
        self._diverged: str | None = None
        self._clock = stopping.Stopwatch()
        self._written_at = time.monotonic()

    def run(self, on_progress: Progress | None) -> stopping.Ending:
        """Take the steps that are left; the ending names the generator to keep."""
        self.resume()
        ending = self._ending_at(self.history[-1]) if self.history else None
        while ending is None:
            self.take_step(self.next_step)
            self.next_step += 1
            if self._is_reading(self.next_step):
                row = self._read()
                ending = self._ending_at(row)
                if on_progress is not None and self.devices.is_first:
                    on_progress(row)
                self._write_if_due(ending)
        return ending

    def take_step(self, step: int) -> None:
        """One update of both networks and of the average."""
        recipe = self.job.recipe
        share = warmup.share_at(step, warmup_steps=recipe.warmup_steps)
        for optimiser in self.method.optimisers.values():
            warmup.set_learning_rate(optimiser, recipe.learning_rate * share)
        self.method.take_step(self.draw(step), self.meter)
        averaging.update(
            self._average_weights,
            self._generator_weights,
            decay=averaging.decay_at(step, decay=recipe.averaging_decay),
        )

    def draw(self, step: int) -> StepInput:
        """Everything random of a step: drawn whole in every process, then this process's share."""
        stream = torch_stream(self.job.seed, "gan", "step", step)
        rows, labels = self.batches.draw(stream)
        latent = torch.randn(len(rows), self.job.domain.latent_dim, generator=stream)
        uniform = torch.rand(4, len(rows), self.job.domain.augment_dim, generator=stream)
        torch.manual_seed(derive_seed(self.job.seed, "gan", "modules", step, self.devices.rank))
        share = self.devices.shard
        real = share(self._load(rows, labels, step))
        if self.job.recipe.channels_last:
            real = real.contiguous(memory_format=torch.channels_last)
        return StepInput(
            step=step,
            real=real,
            labels=share(labels),
            latent=share(latent),
            uniform=share(uniform, dim=1),
        )

    def _load(self, rows: Tensor, labels: Tensor, step: int) -> Tensor:
        if self._neighbourhood is None:
            return self.job.domain.load(self.job.data.stored[rows])
        stream = torch_stream(self.job.seed, "gan", "enrich", step)
        return self._neighbourhood.enrich(rows, labels, stream)

    def kept(self) -> nn.Module:
        """The generator to ship, on the CPU and in evaluation mode."""
        generator: nn.Module = copy.deepcopy(self.average)
        generator.load_state_dict(self.best or self.average.state_dict())
        averaging.set_memory_format(generator, torch.contiguous_format)
        kept = generator.cpu().eval()
        data = self.job.data
        self.job.domain.finish(kept, data.stored, data.labels, seed=self.job.seed)
        return kept

    def resume(self) -> None:
        """Go on from the state on disk, if there is one."""
        directory = self.job.directory
        found = None
        if directory is not None and self.devices.is_first:
            found = state.read_state(directory)
        # The others may see an older state, or none where they share no disk.
        found = self.devices.of_first(found)
        if found is None:
            return
        for name, module in self._modules().items():
            module.load_state_dict(state.unflatten(name, found.tensors))
        for name, optimiser in self.method.optimisers.items():
            state.load_optimiser(optimiser, state.unflatten(f"adam/{name}", found.tensors))
        for name, scalar in self.method.scalars.items():
            scalar.copy_(found.tensors[f"scalars/{name}"])
        self.best = state.unflatten("best", found.tensors)
        facts = found.facts
        self.history, self.next_step = facts["history"], facts["next_step"]
        self.best_score, self.best_step = facts["best_score"], facts["best_step"]
        self.best_lost, self._diverged = facts["best_lost"], facts["diverged"]
        self._clock = stopping.Stopwatch(facts["spent_seconds"])
        log.info("The training goes on from step %d.", self.next_step)

    def snapshot(self) -> state.TrainingState:
        """All that `resume` needs; taken only where the meter is empty."""
        tensors = state.flatten("best", self.best)
        for name, module in self._modules().items():
            tensors |= state.flatten(name, module.state_dict())
        for name, optimiser in self.method.optimisers.items():
            tensors |= state.flatten(f"adam/{name}", state.optimiser_tensors(optimiser))
        tensors |= state.flatten("scalars", self.method.scalars)
        facts = {
            "history": self.history,
            "next_step": self.next_step,
            "best_score": self.best_score,
            "best_step": self.best_step,
            "best_lost": self.best_lost,
            "diverged": self._diverged,
            "spent_seconds": self._clock.seconds,
        }
        return state.TrainingState(tensors=tensors, facts=facts)

    def _modules(self) -> dict[str, nn.Module]:
        return {
            "generator": self.method.generator,
            "companion": self.method.companion,
            "average": self.average,
        }

    def _is_reading(self, steps_done: int) -> bool:
        recipe = self.job.recipe
        return (
            steps_done % HISTORY_EVERY_STEPS == 0
            or steps_done == recipe.steps
            or self._is_watch(steps_done)
        )

    def _is_watch(self, steps_done: int) -> bool:
        every = self.job.recipe.watch_every_steps
        return every > 0 and (steps_done % every == 0 or steps_done == self.job.recipe.steps)

    def _read(self) -> HistoryRow:
        row: HistoryRow = {"step": self.next_step, **self.meter.read(self.devices.mean)}
        self._diverged = alarm.divergence(row)
        if self._diverged is None and not averaging.is_finite(self._average_weights):
            self._diverged = f"At step {self.next_step} a weight is no longer a finite number."
        if self._diverged is None and self._is_watch(self.next_step):
            adversarial = self.job.recipe.method == "adversarial"
            companion = self.method.companion if adversarial else None
            row |= self.watch.look(self.average, companion, step=self.next_step)
            self._keep_if_better(row)
        # JSON knows no number that is not finite, and the alarm has told of it.
        row = {name: None if is_not_finite(value) else value for name, value in row.items()}
        self.history.append(row)
        return row

    def _keep_if_better(self, row: HistoryRow) -> None:
        lost = len(alarm.lost_classes(row))
        if not stopping.is_better(
            row["score"], self.best_score, lost=lost, best_lost=self.best_lost
        ):
            return
        self.best = {name: tensor.clone() for name, tensor in self.average.state_dict().items()}
        improves = self.best_score is not None and lost == self.best_lost
        self.best_score = max(row["score"], self.best_score) if improves else row["score"]
        self.best_step, self.best_lost = row["step"], lost

    def _ending_at(self, row: HistoryRow) -> stopping.Ending | None:
        step, recipe = int(row["step"]), self.job.recipe
        watched = [earlier for earlier in self.history if "score" in earlier]
        if self._diverged is not None and not self.best:
            raise TrainingError(
                f"The training diverged before any generator was worth keeping. {self._diverged} "
                "Lower `gan.learning_rate`, or raise the gradient penalty."
            )
        if self._diverged is not None:
            return self._end("divergence", step, self._diverged)
        looked = "score" in row
        collapsed = alarm.collapse(watched, self.job.classes, steps=recipe.steps)
        if looked and collapsed is not None:
            return self._end("collapse", step, collapsed)
        if step >= recipe.steps:
            return self._end("steps", step)
        if looked and stopping.has_plateaued(watched, patience_watches=recipe.plateau_watches):
            return self._end("plateau", step, f"At step {step} the samples no longer improve.")
        # Clocks differ, and all processes must end at the same step.
        if self.devices.of_first(self._clock.seconds > self.job.max_seconds):
            return self._end("time", step, _out_of_time(step, self.job.max_seconds))
        return None

    def _end(self, reason: str, step: int, message: str = "") -> stopping.Ending:
        kept = self.best_step if self.best else step
        return stopping.Ending(reason, step, kept, message)

    def _write_if_due(self, ending: stopping.Ending | None) -> None:
        directory = self.job.directory
        if directory is None or not self.devices.is_first:
            return
        if ending is not None or time.monotonic() - self._written_at >= STATE_EVERY_SECONDS:
            state.write_state(directory, self.snapshot())
            self._written_at = time.monotonic()


def _lanes(job: Job, companion: nn.Module, devices: Devices) -> Lanes | None:
    """Lanes for the job's threads, where a part of the networks treats rows by themselves."""
    if job.threads == 1 or devices.device.type != "cpu":
        return None
    is_split = hasattr(companion, "features") and hasattr(companion, "judge")
    return Lanes(job.threads) if is_split else None


def _neighbourhood(job: Job) -> Neighbourhood | None:
    """What enriches rare reals, or None where nothing does."""
    recipe = job.recipe
    counts = torch.bincount(job.data.labels, minlength=job.domain.n_classes)
    rarity = (1.0 - counts.float() / RARE_BELOW_SAMPLES).clamp_min(0.0)
    if not (recipe.enrich_strength or recipe.enrich_towards or recipe.enrich_lending):
        return None
    if not bool(rarity.any()):
        return None
    return job.domain.neighbourhood(
        job.data.stored,
        job.data.labels,
        rarity=rarity,
        strength=recipe.enrich_strength,
        towards=recipe.enrich_towards,
        lending=recipe.enrich_lending,
    )


def _out_of_time(step: int, max_seconds: float) -> str:
    return (
        f"The training's time ({max_seconds:g} s, by `gan.max_seconds` or as a share of "
        f"`run.max_minutes`) ran out at step {step}; on a faster or slower machine the generator "
        "would be a different one."
    )

"""The stage `train`: prepared samples in, the shipped generator out."""

import logging
import os
import shutil

from pipeline import cores, storage, synthesis
from pipeline.errors import ParamsError, TrainingError
from pipeline.gan import alarm
from pipeline.gan.history import HistoryRow
from pipeline.gan.training import HISTORY_EVERY_STEPS
from pipeline.params import GanParams, Params
from pipeline.progress import Pace
from pipeline.randomness import derive_seed
from pipeline.scale.fabric import is_first_process
from pipeline.stages.shell import run_stage
from pipeline.synthesis.fitted import FittedGenerator
from pipeline.workspace import Workspace, writing

log = logging.getLogger(__name__)

TOLD_EVERY_STEPS = 250
# Seconds that the run gives to this stage (`run.max_minutes`).
SHARE_VARIABLE = "EQUIPOISE_TRAINING_SECONDS"


def run(workspace: Workspace, params: Params) -> None:
    """Train on the whole training split and write weights, history and sample sheets."""
    samples = storage.read_split(workspace.prepared, "train")
    refuse_large_batch(params.gan.batch_samples, len(samples))
    validation = None
    if storage.has_split(workspace.prepared, "validation"):
        validation = storage.read_split(workspace.prepared, "validation")
    log.info("train: %d samples of %d classes", len(samples), len(samples.schema.classes))
    threads = params.run.threads or 1
    if params.run.threads is None and synthesis.shares_threads(samples.schema, params.gan):
        threads = cores.threads_here()
    steps = synthesis.recipe_of(samples, params.gan).steps
    pace = Pace("train", "steps", chunk=HISTORY_EVERY_STEPS)

    def on_progress(row: HistoryRow) -> None:
        tell(row)
        pace.at(int(row["step"]), steps)

    # Beside the outs, not among them: DVC deletes a stage's outs before it runs.
    trainings = workspace.private / "trainings"
    fitted = synthesis.train_generator(
        samples,
        within_budget(params.gan),
        seed=derive_seed(params.seed, "train"),
        validation=validation,
        directory=trainings,
        threads=threads,
        on_progress=on_progress,
    )
    refuse_dead(fitted)
    if not is_first_process():
        return
    facts = {"generator": fitted.hash, "seed": params.seed, "samples": samples.counts()}
    with writing(workspace.generator, facts) as directory:
        synthesis.save_generator(directory, fitted)
        synthesis.write_sheets(directory / "sheets", fitted, samples)
    shutil.rmtree(trainings, ignore_errors=True)
    log.info(
        "train: %s, %s",
        fitted.config["recipe"]["precision"],
        "one thread" if threads == 1 else f"{threads} threads",
    )
    log.info("train: generator %s", fitted.hash[: synthesis.HASH_SHOWN])


def refuse_large_batch(batch_samples: int | None, n_samples: int) -> None:
    """A batch cannot show more samples than there are; a preset's own is made to fit.

    Raises:
        ParamsError: params.yaml asks for one that would have to.
    """
    if batch_samples is not None and batch_samples > n_samples:
        raise ParamsError(
            f"`gan.batch_samples` is {batch_samples}, and the training split has {n_samples} "
            f"samples; at most {n_samples} are valid: lower it, or add data."
        )


def refuse_dead(fitted: FittedGenerator) -> None:
    """A generator that draws one picture for everything is nothing to release.

    Raises:
        TrainingError: the training ended so, and no look before had found it alive.
    """
    ending = fitted.config["ending"]
    kept = [row for row in fitted.history if row["step"] == ending["kept_step"]]
    if ending["reason"] == "collapse" and any(alarm.is_dead(row) for row in kept):
        raise TrainingError(
            f"The training failed. {ending['message']} Take another `seed`, or lower "
            "`gan.learning_rate`."
        )


def within_budget(params: GanParams) -> GanParams:
    """The parameters with the run's own share of time, where that is shorter.

    The share comes from outside, because it depends on when the run began; a training that it cut
    short says so in its configuration.
    """
    share = float(os.environ.get(SHARE_VARIABLE, "inf"))
    if share >= params.max_seconds:
        return params
    return params.model_copy(update={"max_seconds": share})


def tell(row: HistoryRow) -> None:
    """One plain line now and then."""
    if row["step"] % TOLD_EVERY_STEPS == 0:
        told = ", ".join(
            f"{name.replace('_', ' ')} {value:.2f}"
            for name, value in row.items()
            if isinstance(value, float)
        )
        log.info("train: step %d: %s", row["step"], told)


if __name__ == "__main__":
    run_stage(run)

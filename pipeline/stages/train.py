"""The stage `train`: prepared samples in, the shipped generator out."""

import logging

from pipeline import storage, synthesis
from pipeline.gan.history import HistoryRow
from pipeline.params import Params
from pipeline.randomness import derive_seed
from pipeline.scale.fabric import is_first_process
from pipeline.stages.shell import run_stage
from pipeline.workspace import Workspace, writing

log = logging.getLogger(__name__)

TOLD_EVERY_STEPS = 250


def run(workspace: Workspace, params: Params) -> None:
    """Train on the whole training split and write weights, history and sample sheets."""
    samples = storage.read_split(workspace.prepared, "train")
    validation = None
    if storage.has_split(workspace.prepared, "validation"):
        validation = storage.read_split(workspace.prepared, "validation")
    log.info("train: %d samples of %d classes", len(samples), len(samples.schema.classes))
    fitted = synthesis.train_generator(
        samples,
        params.gan,
        seed=derive_seed(params.seed, "train"),
        validation=validation,
        directory=workspace.private / "trainings",
        on_progress=tell,
    )
    if not is_first_process():
        return
    facts = {"generator": fitted.hash, "seed": params.seed, "samples": samples.counts()}
    with writing(workspace.generator, facts) as directory:
        synthesis.save_generator(directory, fitted)
        synthesis.write_sheets(directory / "sheets", fitted, samples)
    log.info("train: generator %s", fitted.hash[: synthesis.HASH_SHOWN])


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

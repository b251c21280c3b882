"""The stage `evaluate`: trial, fidelity and curation; a record, metrics and plots come out."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from pipeline import balance, cores, storage, synthesis
from pipeline.errors import ParamsError
from pipeline.fidelity.inception import load_inception
from pipeline.gan.presets import recipe_for
from pipeline.modalities.registry import modality_of, settled
from pipeline.params import BalanceParams, GanParams, Params
from pipeline.progress import Pace
from pipeline.randomness import derive_seed
from pipeline.results import ColumnsResult, CopiesResult, FidelityRow, TrialResult, write_result
from pipeline.samples import Samples, Schema, concatenate, nbytes
from pipeline.scale.executor import open_executor
from pipeline.stages import evaluate as this_module
from pipeline.stages import quality
from pipeline.stages.code import code_hashes
from pipeline.stages.shell import run_stage
from pipeline.trial.development import read_development
from pipeline.trial.exports import write_exports
from pipeline.trial.findings import Findings
from pipeline.trial.plan import rivals_of
from pipeline.trial.pools import PoolMaker
from pipeline.trial.record import make_record
from pipeline.trial.schedule import Room
from pipeline.trial.sources import available, by_origin, make_cheap
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import GeneratorThreads, TrialData, run_trial
from pipeline.workspace import Workspace, read_json, verify_manifest, writing

log = logging.getLogger(__name__)
CURATION_FILE = "curation.parquet"
CHEAP_FOLDER = "cheap"
# The rows as they came, as the task's own copy, and as floats.
COPIES_HELD = 6


def run(workspace: Workspace, params: Params) -> None:
    """Hold the trial and write `data/trial`, `reports/metrics.json` and `reports/plots`."""
    verify_manifest(workspace.prepared)
    drawn = verify_manifest(workspace.synthetic)
    data = read_data(workspace)
    trial = settled(params.trial, data.development.schema)
    params = params.model_copy(update={"trial": trial})
    inception = inception_file(workspace, params, data.development.schema)
    store = TaskStore(workspace.private / "trial", code=code_hashes(("evaluate",))["evaluate"])
    gan = generator_params(params, data.development.schema, drawn)
    rivals = rivals_of(params, data.development.schema)
    makers = {"gan": gan, **rivals}
    room = room_here(params, data)
    workers = None if room is None else room.processes
    pace = Pace("evaluate", "tasks")
    with open_executor(params.trial.executor, workers=workers) as executor:
        outcome = run_trial(
            data,
            params.trial,
            seed=params.seed,
            make=_maker(gan, params),
            rivals={name: _maker(rival, params) for name, rival in rivals.items()},
            executor=executor,
            store=store,
            threads=GeneratorThreads(
                pinned=params.run.threads,
                shared_by=frozenset(
                    origin
                    for origin, each in makers.items()
                    if synthesis.shares_threads(data.development.schema, each)
                ),
            ),
            room=room,
            beside=lambda curation: (quality.task(data, params, curation, inception),),
            on_done=lambda _, done, total: pace.at(done, total),
        )
    judged = quality.chosen_rows(outcome.shipped, data.development.schema.classes, data.requested)
    found = outcome.results[quality.NAME]
    findings = Findings(data, params.trial, outcome)
    cheap = cheap_rows(data.shipped_real, findings, params)
    there = {} if cheap is None else available(by_origin(cheap), len(data.requested))
    result = make_record(
        data,
        params.trial,
        outcome,
        findings,
        in_set=findings.in_set(there),
        fidelity=[FidelityRow.model_validate(row) for row in found["fidelity"]],
        copies=CopiesResult.model_validate(found["copies"]),
        columns=ColumnsResult.model_validate(found["columns"]),
    )
    write_trial(workspace, result, params=params, judged=judged, cheap=cheap)
    log.info("evaluate: the set: %s; its GAN rows: %s", result.verdict, result.gan_verdict)


def write_trial(
    workspace: Workspace,
    result: TrialResult,
    *,
    params: Params,
    judged: pd.DataFrame,
    cheap: Samples | None,
) -> None:
    """Write everything that the stage leaves.

    Args:
        judged: What curation found, one row a synthetic sample.
        cheap: Rows of cheap sources that won a place in the set; None without any.
    """
    facts = {"seed": params.seed, "trial": params.trial.model_dump(mode="json")}
    with writing(workspace.trial, facts) as folder:
        write_result(folder, result)
        judged.to_parquet(folder / CURATION_FILE, index=False)
        if cheap is not None:
            storage.write_schema(folder / CHEAP_FOLDER, cheap.schema)
            storage.write_split(folder / CHEAP_FOLDER, "train", cheap)
    write_exports(workspace.metrics_file, workspace.plots, result)


def read_data(workspace: Workspace) -> TrialData:
    """What the trial is held on, from the folders that earlier stages wrote."""
    train, development, training_counts = read_development(workspace.prepared)
    withheld = None
    if storage.has_split(workspace.prepared, "withheld"):
        withheld = storage.read_split(workspace.prepared, "withheld")
    return TrialData(
        development=development,
        test=storage.read_split(workspace.prepared, "test"),
        withheld=withheld,
        shipped_pool=storage.read_split(workspace.synthetic, "train"),
        shipped_real=train,
        requested=read_json(workspace.synthetic / "request.json")["requested"],
        training_counts=training_counts,
    )


def balanced_pool(
    samples: Samples,
    seed: int,
    *,
    gan: GanParams,
    balance_params: BalanceParams,
    threads: int = 1,
) -> Samples:
    """Train a generator on the samples and draw a pool that balances them."""
    wanted = balance.request(samples.counts(), balance_params)
    fitted = synthesis.train_generator(samples, gan, seed=seed, threads=threads)
    return synthesis.draw(fitted, balance.pool(wanted, balance_params))


def inception_file(workspace: Workspace, params: Params, schema: Schema) -> tuple[str, str] | None:
    """Path and SHA-256 of the Inception weights, which are looked into before anything is trained.

    Raises:
        ParamsError: the file is missing, or holds other things than these weights, or the data are
            of a kind that the network cannot look at.
    """
    if params.trial.inception_weights is None:
        return None
    modality = modality_of(schema)
    if not modality.has_inception:
        raise ParamsError(
            "`trial.inception_weights` names the weights of a network for pictures, and these data "
            f"are {modality.nouns}. Remove it: {modality.network_name} gives the features."
        )
    path = workspace.root / params.trial.inception_weights
    _, digest = load_inception(path)
    return str(path), digest


def generator_params(params: Params, schema: Schema, drawn: Mapping[str, Any]) -> GanParams:
    """How the trial trains its generators: in the shipped one's own precision.

    Where that is not recorded it is decided here and handed on, never decided by each worker:
    machines of a cluster may differ.

    Args:
        drawn: What the manifest of the shipped pool records.
    """
    gan = params.gan
    found = drawn.get("precision")
    if found not in ("fp32", "bf16"):
        found = recipe_for(gan, networks=modality_of(schema).networks(schema)).precision
    return gan.model_copy(update={"precision": found})


def room_here(params: Params, data: TrialData) -> Room | None:
    """How much runs at once on this machine; None on a cluster, which keeps a queue of its own."""
    if params.trial.executor != "local":
        return None
    held = sum(nbytes(part) for part in (data.development, data.test, data.shipped_pool))
    processes = cores.processes_at_once(params.trial.workers, bytes_each=COPIES_HELD * held)
    return Room(cores=max(cores.usable_cores(), processes), processes=processes)


def cheap_rows(real: Samples, findings: Findings, params: Params) -> Samples | None:
    """Rows of the sources in the recommended set that cost no generator; None without any."""
    chosen = findings.composition
    cheap = modality_of(real.schema).cheap[params.trial.preset]
    origins = [one for one in cheap if one in chosen.origins]
    parts = make_cheap(
        real,
        origins,
        [chosen],
        steps=params.trial.classifier_steps,
        seed=derive_seed(params.seed, "cheap rows"),
    )
    return concatenate(parts) if parts else None


def _maker(gan: GanParams, params: Params) -> PoolMaker:
    """How pools are made with a generator of that kind, in whichever process."""
    # Named through the module, not this script, so that other processes find the function.
    return partial(this_module.balanced_pool, gan=gan, balance_params=params.balance)


if __name__ == "__main__":
    run_stage(run)

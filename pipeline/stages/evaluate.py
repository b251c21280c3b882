"""The stage `evaluate`: trial, fidelity and curation; a record, metrics and plots come out."""

import logging
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline import balance, storage, synthesis
from pipeline.fidelity.inception import load_inception
from pipeline.fidelity.networks import judge_by_networks
from pipeline.fidelity.safety import judge_safety
from pipeline.fidelity.transfer import train_on_synthetic
from pipeline.modalities.recipe import TrainingSet
from pipeline.params import BalanceParams, GanParams, Params
from pipeline.randomness import derive_seed
from pipeline.results import CopiesResult, FidelityRow, TrialResult, write_result
from pipeline.samples import Samples, concatenate
from pipeline.scale.executor import open_executor
from pipeline.stages import evaluate as this_module
from pipeline.stages.code import code_hashes
from pipeline.stages.shell import run_stage
from pipeline.trial.curation import choose_exactly
from pipeline.trial.development import read_development
from pipeline.trial.exports import write_exports
from pipeline.trial.learners import DOMAIN_RECIPE, fit
from pipeline.trial.plan import rivals_of
from pipeline.trial.record import make_record
from pipeline.trial.replicate import PoolMaker
from pipeline.trial.rows import CHEAP_ROWS
from pipeline.trial.tasks import Task, TaskStore, run_tasks
from pipeline.trial.trial import TrialData, run_trial
from pipeline.workspace import Workspace, read_json, verify_manifest, writing

log = logging.getLogger(__name__)
CURATION_FILE = "curation.parquet"
CHEAP_FOLDER = "cheap"


def run(workspace: Workspace, params: Params) -> None:
    """Hold the trial and write `data/trial`, `reports/metrics.json` and `reports/plots`."""
    verify_manifest(workspace.prepared)
    verify_manifest(workspace.synthetic)
    data = read_data(workspace)
    inception = inception_file(workspace, params)
    store = TaskStore(workspace.private / "trial", code=code_hashes(("evaluate",))["evaluate"])
    with open_executor(params.trial.executor, workers=params.trial.workers) as executor:
        outcome = run_trial(
            data,
            params.trial,
            seed=params.seed,
            make=_maker(params.gan, params),
            rivals={name: _maker(rival, params) for name, rival in rivals_of(params).items()},
            executor=executor,
            store=store,
            on_done=_tell,
        )
        # In one order: what comes back from a finished task has its columns sorted.
        judged = pd.DataFrame(outcome.shipped).sort_index(axis="columns")
        judged["chosen"] = choose_exactly(judged, data.development.schema.classes, data.requested)
        task = _quality_task(data, judged, params, inception)
        quality = run_tasks([task], executor, store)[task.name]
    result = make_record(
        data,
        params.trial,
        outcome,
        fidelity=[FidelityRow.model_validate(row) for row in quality["fidelity"]],
        copies=CopiesResult.model_validate(quality["copies"]),
    )
    cheap = cheap_rows(data.shipped_real, result, seed=derive_seed(params.seed, "cheap rows"))
    write_trial(workspace, result, params=params, judged=judged, cheap=cheap)
    log.info("evaluate: mix: %s; GAN: %s", result.verdict, result.gan_verdict)


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
        cheap: Rows of cheap arms that won a place; None without any.
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
    samples: Samples, seed: int, *, gan: GanParams, balance_params: BalanceParams
) -> Samples:
    """Train a generator on the samples and draw a pool that balances them."""
    wanted = balance.request(samples.counts(), balance_params)
    fitted = synthesis.train_generator(samples, gan, seed=seed)
    return synthesis.draw(fitted, balance.pool(wanted, balance_params))


def inception_file(workspace: Workspace, params: Params) -> tuple[str, str] | None:
    """Path and SHA-256 of the Inception weights, which are looked into before anything is trained.

    Raises:
        ParamsError: the file is missing, or holds other things than these weights.
    """
    if params.trial.inception_weights is None:
        return None
    path = workspace.root / params.trial.inception_weights
    _, digest = load_inception(path)
    return str(path), digest


def judge_pool_quality(
    *,
    train: Samples,
    unseen: Samples,
    pool: Samples,
    steps: int,
    seed: int,
    inception: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Fidelity and copies, against real samples that neither generator nor network saw.

    Args:
        inception: Path and SHA-256 of the weights with which FID and KID are taken; None for the
            domain network, which all other numbers are taken with.
    """
    network = fit("cnn", TrainingSet(train), DOMAIN_RECIPE, steps=steps, seed=seed)
    features = (network.features(pool), network.features(train), network.features(unseen))
    rows = judge_by_networks(
        unseen,
        pool,
        (features[2], features[0]),
        inception=None if inception is None else inception[0],
        seed=seed,
    )
    rows += train_on_synthetic(
        pool,
        train,
        unseen,
        predict=partial(fit_and_predict, steps=steps, seed=seed),
        name="small CNN, balanced, affine augmentation",
        seed=seed,
    )
    safety = judge_safety(pool, train, unseen, features=features, seed=seed)
    return {
        "fidelity": [row.model_dump(mode="json") for row in rows],
        "copies": safety.model_dump(mode="json"),
    }


def fit_and_predict(training: Samples, queries: Samples, *, steps: int, seed: int) -> np.ndarray:
    """Class indices that a network fitted on `training` gives `queries`, int64 [n]."""
    fitted = fit("cnn", TrainingSet(training), DOMAIN_RECIPE, steps=steps, seed=seed)
    return np.asarray(fitted.probabilities(queries).argmax(axis=1))


def cheap_rows(real: Samples, result: TrialResult, *, seed: int) -> Samples | None:
    """Rows of the cheap sources to which the primary classifier's mix gives weight."""
    parts = []
    for origin, make in CHEAP_ROWS.items():
        if result.recommended_weight.get(origin, 0.0) > 0:
            wanted = np.array([row.n_requested for row in result.classes])
            parts.append(make(real, wanted, seed=seed))
    return concatenate(parts) if parts else None


def _maker(gan: GanParams, params: Params) -> PoolMaker:
    """How pools are made with a generator of that kind, in whichever process."""
    # Named through the module, not this script, so that other processes find the function.
    return partial(this_module.balanced_pool, gan=gan, balance_params=params.balance)


def _quality_task(
    data: TrialData, judged: pd.DataFrame, params: Params, inception: tuple[str, str] | None
) -> Task:
    chosen = data.shipped_pool.take(judged["chosen"].to_numpy(bool))
    return Task(
        "fidelity and copies",
        this_module.judge_pool_quality,
        {
            "train": data.shipped_real,
            "unseen": data.test,
            "pool": chosen,
            "steps": params.trial.classifier_steps,
            "seed": derive_seed(params.seed, "fidelity"),
            "inception": inception,
        },
    )


def _tell(name: str, done: int, total: int) -> None:
    log.info("evaluate: %d of %d: %s", done, total, name)


if __name__ == "__main__":
    run_stage(run)

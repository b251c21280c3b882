"""Training a generator on labelled samples."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.errors import ParamsError
from pipeline.gan import checkpoint
from pipeline.gan.held_out import held_out_rows
from pipeline.gan.material import LabelledTensors, Progress
from pipeline.gan.presets import PRESETS, Recipe, recipe_for
from pipeline.gan.training import Job, Trained, train
from pipeline.modalities.domain import Domain
from pipeline.modalities.registry import modality_of
from pipeline.params import GanParams
from pipeline.row_digests import content_digest
from pipeline.samples import Samples, Schema
from pipeline.scale import precision
from pipeline.synthesis.fitted import FittedGenerator

log = logging.getLogger(__name__)

# Of a batch, on average: a collapse within a class is seen by comparing samples of that class. With
# 60 classes in batches of 64, most classes came to a single sample; with 45 none.
LEAST_OF_A_CLASS = 2
# However few rows there are.
FEWEST_STEPS = 100


def train_generator(
    samples: Samples,
    params: GanParams,
    *,
    seed: int,
    validation: Samples | None = None,
    directory: Path | None = None,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> FittedGenerator:
    """Train a generator on labelled samples; the same arguments give the same bytes.

    The one exception is a training whose time (`params.max_seconds`) runs out: its configuration
    then says so under `ending`.

    Args:
        validation: Held-out real samples by which the training is watched. Without them, large
            classes give up `params.held_out_fraction` of theirs.
        directory: A folder for the states of trainings under way. A training that was killed goes
            on from its last state when it is asked for again, to the same bytes.
        threads: Cores that share each step; the configuration names them, since they change bytes.
        on_progress: Called with each new row of the history.

    Raises:
        ParamsError: this kind of data has no such generator, or a class has no samples.
        TrainingError: the training diverged before any generator was worth keeping.
    """
    _require_every_class(samples)
    recipe, design = plan_of(samples, params)
    if recipe.precision == "bf16" and not precision.bf16_is_native():
        log.warning(
            "This machine only imitates bf16, which is several times slower than fp32. With "
            "`gan.precision: auto` or `fp32` the training is faster here."
        )
    domain = modality_of(samples.schema).domain(design)
    if validation is None:
        samples, validation = _hold_out(samples, fraction=params.held_out_fraction, seed=seed)
    told = {
        "schema": samples.schema.model_dump(mode="json"),
        "preset": params.preset,
        "design": design,
        "recipe": recipe.to_json(),
        "seed": seed,
        "training_samples": samples.counts(),
        "held_out_samples": validation.counts(),
        "threads": threads,
        "versions": {"torch": str(torch.__version__)},
    }
    job = Job(
        data=_tensors(samples, domain),
        held_out=_tensors(validation, domain) if len(validation) else None,
        domain=domain,
        recipe=recipe,
        seed=seed,
        classes=samples.schema.classes,
        max_seconds=params.max_seconds,
        directory=None if directory is None else directory / _address(told, samples, validation),
        threads=threads,
    )
    return _fitted(train(job, on_progress=on_progress), samples, told)


def shares_threads(schema: Schema, params: GanParams) -> bool:
    """Whether a training gains by more threads than one.

    Fully connected networks of a few hundred units make products too small to be shared: there two
    threads are slower than one.
    """
    # A GPU takes the whole batch by itself.
    if torch.cuda.is_available():
        return False
    modality, networks = modality_of(schema), PRESETS[params.preset].networks
    return modality.shares_threads(modality.networks(schema) if networks == "auto" else networks)


def plan_of(samples: Samples, params: GanParams) -> tuple[Recipe, dict[str, Any]]:
    """How a generator of these samples is trained, and what its networks are.

    Returns:
        The recipe, and the design as JSON.

    Raises:
        ParamsError: this kind of data has no networks such as params.yaml names.
    """
    modality, recipe = modality_of(samples.schema), recipe_of(samples, params)
    least = _least_batch(samples, recipe)
    if recipe.batch_samples < least:
        log.warning(
            "`gan.batch_samples` is %d for %d classes: a sample that is alone in its class shows "
            "no lack of variety, and the classes may collapse; %d or more are advised.",
            recipe.batch_samples,
            len(samples.schema.classes),
            least,
        )
    design = modality.design(
        samples,
        networks=recipe.networks,
        width=recipe.width,
        deviation=recipe.deviation,
    )
    return recipe, design


def recipe_of(samples: Samples, params: GanParams) -> Recipe:
    """How a generator of these samples is trained: batch and steps fit to their number.

    Raises:
        ParamsError: params.yaml names a part that such a recipe does not have.
    """
    recipe = recipe_for(params, networks=modality_of(samples.schema).networks(samples.schema))
    if params.batch_samples is None:
        fitting = max(_least_batch(samples, recipe), min(recipe.batch_samples, len(samples)))
        recipe = replace(recipe, batch_samples=fitting)
    if recipe.most_passes is not None and params.steps is None:
        seen_enough = round(recipe.most_passes * len(samples) / recipe.batch_samples)
        recipe = replace(recipe, steps=min(recipe.steps, max(FEWEST_STEPS, seen_enough)))
    return recipe


def _least_batch(samples: Samples, recipe: Recipe) -> int:
    return LEAST_OF_A_CLASS * len(samples.schema.classes) if recipe.deviation else 0


def _fitted(trained: Trained, samples: Samples, told: Mapping[str, Any]) -> FittedGenerator:
    """What a training came to, with its configuration and the hash of both."""
    # Through JSON once, so that a loaded generator has the same configuration to the letter.
    config = json.loads(json.dumps({**told, "ending": asdict(trained.ending)}))
    weights = checkpoint.encode_weights(trained.generator.state_dict())
    return FittedGenerator(
        schema=samples.schema,
        generator=trained.generator,
        hash=checkpoint.config_hash(config, weights),
        config=config,
        history=trained.history,
    )


def _hold_out(samples: Samples, *, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Rows to train on and rows to watch by, bonds whole."""
    rows = held_out_rows(samples.labels, fraction=fraction, seed=seed, bonds=samples.bonds)
    rest = np.setdiff1d(np.arange(len(samples)), rows)
    return samples.take(rest), samples.take(rows)


def _tensors(samples: Samples, domain: Domain) -> LabelledTensors:
    return LabelledTensors(domain.store(samples.values), torch.from_numpy(samples.labels.copy()))


def _address(told: Mapping[str, Any], *parts: Samples) -> str:
    """A name for a training that changes with everything its result depends on."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for part in parts:
        digest.update(content_digest(part))
    return digest.hexdigest()[:32]


def _require_every_class(samples: Samples) -> None:
    missing = [name for name, n in samples.counts().items() if n == 0]
    if missing:
        raise ParamsError(
            "A generator cannot learn a class without training samples:",
            [f"class {name!r} has none; add some, or leave the class out." for name in missing],
        )

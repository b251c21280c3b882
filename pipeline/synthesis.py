"""Where a modality meets the GAN: train a generator on samples, draw samples from it."""

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.errors import ArtifactError, ParamsError
from pipeline.gan import averaging, checkpoint, sampling
from pipeline.gan.contract import LabelledTensors, Progress
from pipeline.gan.held_out import held_out_rows
from pipeline.gan.history import HistoryRow, curves_csv
from pipeline.gan.presets import Recipe, recipe_for
from pipeline.gan.training import Job, train
from pipeline.modalities.image import ImageDomain
from pipeline.modalities.image_design import ImageDesign, choose_design, natural_kind
from pipeline.modalities.image_sheet import png_bytes, sheet
from pipeline.params import GanParams
from pipeline.randomness import derive_seed
from pipeline.row_digests import row_names
from pipeline.samples import Samples, Schema, concatenate
from pipeline.workspace import read_json, write_bytes, write_json

HISTORY_FILE = "history.json"
CURVES_FILE = "curves.csv"
TRAINED_ON_FILE = "trained_on.json"
HASH_SHOWN = 12
SHEET_COLUMNS = 16


@dataclass(frozen=True)
class FittedGenerator:
    """A generator ready to draw, in evaluation mode.

    Attributes:
        hash: SHA-256 over configuration and weights, hexadecimal; names every sample drawn.
        config: Schema, design, recipe, seed and versions, as plain data.
        history: One row a scheduled step.
        trained_on: `row_names` of every row that it has seen, those of its start included; None
            where nobody wrote them down.
    """

    schema: Schema
    generator: nn.Module = field(repr=False)
    hash: str
    config: dict[str, Any] = field(repr=False)
    history: list[HistoryRow] = field(repr=False, default_factory=list)
    trained_on: frozenset[str] | None = field(repr=False, default=None)

    @property
    def domain(self) -> ImageDomain:
        return ImageDomain(ImageDesign.from_json(self.config["design"]))


@dataclass(frozen=True)
class Start:
    """The released generator from which a training starts, or why it begins from zero.

    Attributes:
        version: The version that params.yaml names.
        generator: Its generator; None where it does not fit.
        reason: Why it does not fit, as a sentence.
    """

    version: str
    generator: FittedGenerator | None
    reason: str = ""

    def sentence(self) -> str:
        """The same for a log."""
        if self.generator is None:
            return f"Begins from zero, not from {self.version}: {self.reason}"
        return f"Starts from the generator {self.generator.hash[:HASH_SHOWN]} of {self.version}."

    def told(self) -> dict[str, Any]:
        """What the new generator's configuration says about it."""
        used = self.generator.hash if self.generator else None
        return {"version": self.version, "generator": used, "reason": self.reason}


def train_generator(
    samples: Samples,
    params: GanParams,
    *,
    seed: int,
    validation: Samples | None = None,
    directory: Path | None = None,
    start: Start | None = None,
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
        start: Where the weights come from, or why from nowhere; None where nobody asked.
        on_progress: Called with each new row of the history.

    Raises:
        ParamsError: the samples are of a kind that has no generator, or a class has none.
        TrainingError: the training diverged before any generator was worth keeping.
    """
    _require_every_class(samples)
    use_one_thread()
    recipe, design = plan_of(samples, params)
    domain = ImageDomain(design)
    if validation is None:
        seen = start.generator.trained_on if start and start.generator else None
        samples, validation = _hold_out(
            samples, fraction=params.held_out_fraction, seed=seed, seen=seen or frozenset()
        )
    told = {
        "schema": samples.schema.model_dump(mode="json"),
        "preset": params.preset,
        "design": design.to_json(),
        "recipe": recipe.to_json(),
        "seed": seed,
        "training_samples": samples.counts(),
        "held_out_samples": validation.counts(),
        "versions": {"torch": str(torch.__version__)},
        **({"start": start.told()} if start else {}),
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
        start=start.generator.generator.state_dict() if start and start.generator else None,
    )
    trained = train(job, on_progress=on_progress)
    # Through JSON once, so that a loaded generator has the same configuration to the letter.
    config = json.loads(json.dumps(told | {"ending": asdict(trained.ending)}))
    weights = checkpoint.encode_weights(trained.generator.state_dict())
    return FittedGenerator(
        schema=samples.schema,
        generator=trained.generator,
        hash=checkpoint.config_hash(config, weights),
        config=config,
        history=trained.history,
        trained_on=frozenset(row_names(samples)),
    )


def plan_of(samples: Samples, params: GanParams) -> tuple[Recipe, ImageDesign]:
    """How a generator of these samples is trained, and what its networks are.

    Raises:
        ParamsError: the samples are of a kind that has no generator.
    """
    shape = _image_shape_of(samples)
    recipe = recipe_for(params, networks=natural_kind(shape))
    design = choose_design(
        shape,
        n_classes=len(samples.schema.classes),
        networks=recipe.networks,
        width=recipe.width,
        deviation=recipe.deviation,
    )
    return recipe, design


def draw(fitted: FittedGenerator, counts: Mapping[str, int]) -> Samples:
    """Draw exactly `counts[name]` samples of each class named, in label order.

    Sample i of a class is the same, bit for bit, whatever else is asked for.

    Raises:
        ParamsError: a name is no class of the generator, or a count is negative.
        ArtifactError: the generator is in training mode or its weights are damaged.
    """
    parts = list(draw_blocks(fitted, counts))
    return concatenate(parts) if parts else _no_samples(fitted)


def draw_blocks(
    fitted: FittedGenerator, counts: Mapping[str, int], *, threads: int = 1
) -> Iterator[Samples]:
    """The same as `draw`, a block of one class at a time, for pools larger than memory.

    Args:
        threads: How many blocks are drawn at a time; their bytes do not depend on it.
    """
    _require_valid_counts(fitted.schema, counts)
    sampling.require_evaluation_mode(fitted.generator)
    use_one_thread()
    if fitted.config["recipe"]["channels_last"]:
        averaging.set_memory_format(fitted.generator, torch.channels_last)
    blocks = [
        block
        for label, name in enumerate(fitted.schema.classes)
        for block in sampling.blocks_of(label, counts.get(name, 0))
    ]
    with ThreadPoolExecutor(threads) as pool:
        # A few at a time, so that no more than these are held in memory.
        for first in range(0, len(blocks), threads):
            few = blocks[first : first + threads]
            yield from pool.map(functools.partial(_draw_block, fitted), few)


def _draw_block(fitted: FittedGenerator, block: sampling.Block) -> Samples:
    mixed = fitted.config["recipe"]["precision"] == "bf16"
    seed = _draw_seed(fitted.hash)
    batch = sampling.draw_block(fitted.generator, fitted.domain, block, seed=seed, mixed=mixed)
    return Samples(
        schema=fitted.schema,
        values=fitted.domain.restore(batch),
        labels=np.full(len(batch), block.label, np.int64),
        provenance=_provenance(
            fitted.hash, block.label, np.arange(block.first, block.first + block.count)
        ),
    )


def save_generator(directory: Path, fitted: FittedGenerator) -> None:
    """Write weights, configuration, history, and the names of the rows that it was trained on."""
    checkpoint.write_checkpoint(directory, fitted.config, fitted.generator.state_dict())
    write_json(directory / HISTORY_FILE, fitted.history)
    write_bytes(directory / CURVES_FILE, curves_csv(fitted.history).encode())
    if fitted.trained_on is not None:
        write_json(directory / TRAINED_ON_FILE, sorted(fitted.trained_on))


def write_sheets(directory: Path, fitted: FittedGenerator, real: Samples) -> None:
    """Write `real.png` and `generated.png`, one row a class, to be looked at side by side."""
    classes = fitted.schema.classes
    drawn = draw(fitted, dict.fromkeys(classes, SHEET_COLUMNS))
    for name, samples in (("real", real), ("generated", drawn)):
        rows = [samples.values[samples.labels == label] for label in range(len(classes))]
        write_bytes(directory / f"{name}.png", png_bytes(sheet(rows, columns=SHEET_COLUMNS)))


def load_generator(directory: Path) -> FittedGenerator:
    """Read what `save_generator` wrote.

    Raises:
        ArtifactError: a file is missing or damaged.
    """
    config, weights, name = checkpoint.read_checkpoint(directory)
    trained_on = directory / TRAINED_ON_FILE
    generator, _ = ImageDomain(ImageDesign.from_json(config["design"])).build()
    try:
        generator.load_state_dict(weights)
    except RuntimeError:
        raise ArtifactError(
            f"The weights in {directory} do not fit the design beside them. Train the generator "
            "again."
        ) from None
    return FittedGenerator(
        schema=Schema.model_validate(config["schema"]),
        generator=generator.eval(),
        hash=name,
        config=config,
        history=read_json(directory / HISTORY_FILE),
        trained_on=frozenset(read_json(trained_on)) if trained_on.is_file() else None,
    )


def use_one_thread() -> None:
    """One thread a process: sums then have one order, and processes do not fight for cores."""
    torch.set_num_threads(1)


def _image_shape_of(samples: Samples) -> tuple[int, int, int]:
    schema = samples.schema
    if schema.modality != "image" or schema.image_shape is None:
        raise ParamsError(
            f"The samples are a {schema.modality}, for which there is no generator yet; "
            "images are supported."
        )
    return schema.image_shape


def _hold_out(
    samples: Samples, *, fraction: float, seed: int, seen: frozenset[str]
) -> tuple[Samples, Samples]:
    """Rows to train on and rows to watch by; a row that the start has seen is no witness."""
    rows = held_out_rows(samples.labels, fraction=fraction, seed=seed)
    if seen:
        rows = rows[[name not in seen for name in row_names(samples.take(rows))]]
    rest = np.setdiff1d(np.arange(len(samples)), rows)
    return samples.take(rest), samples.take(rows)


def _tensors(samples: Samples, domain: ImageDomain) -> LabelledTensors:
    return LabelledTensors(domain.store(samples.values), torch.from_numpy(samples.labels.copy()))


def _address(told: Mapping[str, Any], *parts: Samples) -> str:
    """A name for a training that changes with everything its result depends on."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part.values).tobytes())
        digest.update(part.labels.tobytes())
    return digest.hexdigest()[:32]


def _require_every_class(samples: Samples) -> None:
    missing = [name for name, n in samples.counts().items() if n == 0]
    if missing:
        raise ParamsError(
            "A generator cannot learn a class without training samples:",
            [f"class {name!r} has none; add some, or leave the class out." for name in missing],
        )


def _require_valid_counts(schema: Schema, counts: Mapping[str, int]) -> None:
    problems = [
        f"class {name!r} is unknown to this generator."
        for name in counts
        if name not in schema.classes
    ]
    problems += [
        f"{n} samples of class {name!r} is less than 0." for name, n in counts.items() if n < 0
    ]
    if problems:
        known = ", ".join(repr(name) for name in schema.classes[:20])
        raise ParamsError(f"These samples cannot be drawn (classes: {known}):", problems)


def _draw_seed(generator_hash: str) -> int:
    digest = hashlib.sha256(f"draws of {generator_hash}".encode()).digest()
    return derive_seed(int.from_bytes(digest[:7], "big"), "draws")


def _provenance(generator_hash: str, label: int, draws: np.ndarray) -> pd.DataFrame:
    short = generator_hash[:HASH_SHOWN]
    return pd.DataFrame(
        {
            # Text even when there is no row, so that an empty part has the schema of a full one.
            "id": pd.Series([f"{short}-{label}-{number}" for number in draws], dtype="str"),
            "generator": pd.Series([generator_hash] * len(draws), dtype="str"),
            "draw": draws.astype(np.int64),
        }
    )


def _no_samples(fitted: FittedGenerator) -> Samples:
    shape = fitted.schema.image_shape
    assert shape is not None
    return Samples(
        schema=fitted.schema,
        values=np.empty((0, *shape), np.uint8),
        labels=np.empty(0, np.int64),
        provenance=_provenance(fitted.hash, 0, np.empty(0, np.int64)),
    )

"""Drawing samples from a trained generator."""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.errors import ParamsError
from pipeline.gan import averaging, sampling
from pipeline.modalities.contract import SHEET_COLUMNS
from pipeline.modalities.registry import modality_of
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, Schema, concatenate
from pipeline.scale.fabric import use_one_thread
from pipeline.synthesis.fitted import HASH_SHOWN, FittedGenerator
from pipeline.workspace import write_bytes

BLOCKS_AHEAD = 2


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
        coming: deque[Future[Samples]] = deque()
        for block in blocks:
            coming.append(pool.submit(_draw_block, fitted, block))
            # Far enough ahead that no core waits, and no more than these are held in memory.
            if len(coming) >= BLOCKS_AHEAD * threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


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


def write_sheets(directory: Path, fitted: FittedGenerator, real: Samples) -> None:
    """Write a few real and generated samples of each class, to be looked at side by side."""
    classes = fitted.schema.classes
    drawn = draw(fitted, dict.fromkeys(classes, SHEET_COLUMNS))
    parts = {"real": real, "generated": drawn}
    for name, content in modality_of(fitted.schema).sheets(classes, parts).items():
        write_bytes(directory / name, content)


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
    return Samples(
        schema=fitted.schema,
        values=modality_of(fitted.schema).empty(fitted.schema),
        labels=np.empty(0, np.int64),
        provenance=_provenance(fitted.hash, 0, np.empty(0, np.int64)),
    )

"""Drawing samples from a trained generator."""

import hashlib
import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.column_rules import completed, keeps, kept_shares
from pipeline.errors import ParamsError, TrainingError
from pipeline.gan import averaging, sampling
from pipeline.modalities.contract import SHEET_COLUMNS
from pipeline.modalities.registry import modality_of
from pipeline.randomness import derive_seed
from pipeline.samples import Samples, Schema, concatenate
from pipeline.scale.fabric import use_one_thread
from pipeline.synthesis.fitted import HASH_SHOWN, FittedGenerator
from pipeline.workspace import write_bytes

BLOCKS_AHEAD = 2
# A class of which so few of so many draws keep the rules is given up.
LEAST_DRAWN, LEAST_KEPT_SHARE = 20 * sampling.BLOCK_SAMPLES, 0.01


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

    Where the schema has rules between columns, draws that break one are passed over: a class's
    samples are the first of its draws that keep them all.

    Args:
        threads: How many blocks are drawn at a time; their bytes do not depend on it.

    Raises:
        TrainingError: hardly any draw of a class keeps the rules.
    """
    _require_valid_counts(fitted.schema, counts)
    sampling.require_evaluation_mode(fitted.generator)
    use_one_thread()
    if fitted.config["recipe"]["channels_last"]:
        averaging.set_memory_format(fitted.generator, torch.channels_last)
    asked = {label: counts.get(name, 0) for label, name in enumerate(fitted.schema.classes)}
    if not fitted.schema.rules:
        blocks = (block for label, n in asked.items() for block in sampling.blocks_of(label, n))
        yield from _in_turn(fitted, blocks, threads=threads)
        return
    for label, wanted in asked.items():
        if wanted:
            drawn = _in_turn(fitted, _endless_blocks(label), threads=threads)
            yield from first_kept(drawn, wanted, fitted.schema, fitted.schema.classes[label])


def _endless_blocks(label: int) -> Iterator[sampling.Block]:
    """Every block of a class, whole, one after the other."""
    size = sampling.BLOCK_SAMPLES
    return (sampling.Block(label, first, size) for first in itertools.count(0, size))


def _in_turn(
    fitted: FittedGenerator, blocks: Iterator[sampling.Block], *, threads: int
) -> Iterator[Samples]:
    with ThreadPoolExecutor(threads) as pool:
        coming: deque[Future[Samples]] = deque()
        try:
            for block in blocks:
                coming.append(pool.submit(_draw_block, fitted, block))
                # Far enough ahead that no core waits, and no more than these are held in memory.
                if len(coming) >= BLOCKS_AHEAD * threads:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            # Whoever has enough asks for no more.
            for future in coming:
                future.cancel()


def first_kept(
    blocks: Iterator[Samples], wanted: int, schema: Schema, class_name: str
) -> Iterator[Samples]:
    """Of a class's blocks the first `wanted` rows that keep the rules, block by block."""
    kept = drawn = 0
    for block in blocks:
        found = block.take(np.flatnonzero(keeps(schema.rules, block.values)))
        drawn += len(block)
        yield found.take(slice(0, wanted - kept))
        kept += len(found)
        if kept >= wanted:
            return
        if drawn >= LEAST_DRAWN and kept < LEAST_KEPT_SHARE * drawn:
            raise TrainingError(_about_rules(schema, class_name, kept, drawn, block))


def _about_rules(schema: Schema, class_name: str, kept: int, drawn: int, block: Samples) -> str:
    shares = kept_shares(schema.rules, block.values)
    rule = min(shares, key=lambda text: shares[text])
    return (
        f"Of {drawn:,} rows drawn of class {class_name!r} only {kept:,} keep the rules between "
        f"columns, and `{rule}` is kept by {shares[rule]:.1%}: train longer (`gan.steps`), or take "
        "the rule from `source.table.rules`."
    )


def _draw_block(fitted: FittedGenerator, block: sampling.Block) -> Samples:
    mixed = fitted.config["recipe"]["precision"] == "bf16"
    seed = _draw_seed(fitted.hash)
    batch = sampling.draw_block(fitted.generator, fitted.domain, block, seed=seed, mixed=mixed)
    return Samples(
        schema=fitted.schema,
        values=completed(fitted.schema.rules, fitted.domain.restore(batch)),
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

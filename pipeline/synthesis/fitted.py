"""A trained generator, and its files."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.errors import ArtifactError
from pipeline.gan import checkpoint
from pipeline.gan.history import HistoryRow, curves_csv
from pipeline.modalities.domain import Domain
from pipeline.modalities.registry import modality_of
from pipeline.outside import read_outside_json
from pipeline.samples import Schema
from pipeline.workspace import read_json_as, write_bytes, write_json

HISTORY_FILE = "history.json"
CURVES_FILE = "curves.csv"
# As many characters of a hash name a generator to a reader.
HASH_SHOWN = 12


@dataclass(frozen=True)
class FittedGenerator:
    """A generator ready to draw, in evaluation mode.

    Attributes:
        hash: SHA-256 over configuration and weights, hexadecimal; names every sample drawn.
        config: Schema, design, recipe, seed and versions, as plain data.
        history: One row a scheduled step.
    """

    schema: Schema
    generator: nn.Module = field(repr=False)
    hash: str
    config: dict[str, Any] = field(repr=False)
    history: list[HistoryRow] = field(repr=False, default_factory=list)

    @cached_property
    def domain(self) -> Domain:
        return modality_of(self.schema).domain(self.config["design"])


def save_generator(directory: Path, fitted: FittedGenerator) -> None:
    """Write weights, configuration and history."""
    checkpoint.write_checkpoint(directory, fitted.config, fitted.generator.state_dict())
    write_json(directory / HISTORY_FILE, fitted.history)
    write_bytes(directory / CURVES_FILE, curves_csv(fitted.history).encode())


def load_generator(directory: Path) -> FittedGenerator:
    """Read what `save_generator` wrote.

    Raises:
        ArtifactError: a file is missing or damaged.
    """
    config, weights, name = checkpoint.read_checkpoint(directory)
    schema = read_outside_json(
        json.dumps(config.get("schema")),
        Schema,
        where=f"the schema in {directory / checkpoint.CONFIG_FILE}",
        way_out="Train the generator again.",
    )
    domain = modality_of(schema).domain(config.get("design"))
    # Shapes first, without memory: the design may ask for more than the weights beside it hold.
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in domain.build()[0].state_dict().items()}
    if shapes != {name: value.shape for name, value in weights.items()}:
        raise ArtifactError(
            f"The weights in {directory} do not fit the design beside them. Train the generator "
            "again."
        )
    generator, _ = domain.build()
    generator.load_state_dict(weights)
    return FittedGenerator(
        schema=schema,
        generator=generator.eval(),
        hash=name,
        config=config,
        history=read_json_as(directory / HISTORY_FILE, list[dict[str, Any]]),
    )

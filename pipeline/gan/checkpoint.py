"""A shipped generator on disk: safetensors beside JSON that proves them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from pipeline.errors import ArtifactError
from pipeline.workspace import read_json_as, write_bytes, write_json

WEIGHTS_FILE = "generator.safetensors"
CONFIG_FILE = "generator.json"
FORMAT_VERSION = 1


class GeneratorFile(BaseModel):
    """What stands in `generator.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int
    hash: str
    config: dict[str, Any]


def encode_weights(weights: Mapping[str, Tensor]) -> bytes:
    """Weights by name as safetensors, the same bytes for the same weights."""
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})


def config_hash(config: Mapping[str, Any], weights: bytes) -> str:
    """The generator's name: SHA-256 over its configuration and its weights, hexadecimal."""
    told = json.dumps(config, sort_keys=True, allow_nan=False).encode()
    return hashlib.sha256(told + b"\0" + hashlib.sha256(weights).digest()).hexdigest()


def write_checkpoint(
    directory: Path, config: Mapping[str, Any], weights: Mapping[str, Tensor]
) -> str:
    """Write both files and return the hash, which the JSON carries too."""
    content = encode_weights(weights)
    name = config_hash(config, content)
    write_bytes(directory / WEIGHTS_FILE, content)
    write_json(
        directory / CONFIG_FILE,
        {"format_version": FORMAT_VERSION, "hash": name, "config": dict(config)},
    )
    return name


def read_checkpoint(directory: Path) -> tuple[dict[str, Any], dict[str, Tensor], str]:
    """Configuration, weights and hash of a checkpoint.

    Raises:
        ArtifactError: a file is missing, damaged, or of another format.
    """
    told = read_json_as(directory / CONFIG_FILE, GeneratorFile)
    if told.format_version != FORMAT_VERSION:
        raise ArtifactError(
            f"{directory / CONFIG_FILE} has format version {told.format_version}; this "
            f"program reads {FORMAT_VERSION}. Train the generator again."
        )
    path = directory / WEIGHTS_FILE
    try:
        content = path.read_bytes()
        weights = load(content)
    except (OSError, SafetensorError):
        raise ArtifactError(f"{path} is missing or damaged. Train the generator again.") from None
    if config_hash(told.config, content) != told.hash:
        raise ArtifactError(
            f"{path} does not match the hash in {CONFIG_FILE}: one of the two has changed since "
            "they were written. Train the generator again."
        )
    return told.config, weights, told.hash

"""The state of a training on disk, from which a killed training goes on bit for bit.

One safetensors file holds every tensor (both networks, the average, the optimisers, the best
average so far), one JSON file all else and the SHA-256 of the tensors. The JSON file is renamed
into place last and names its tensors, so that a kill at any time leaves the previous state whole.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from pipeline.errors import ArtifactError
from pipeline.workspace import read_json, write_bytes, write_json

log = logging.getLogger(__name__)

STATE_FILE = "state.json"
# 2: the convolutional discriminator flattens planes last; its weights stand in another order.
FORMAT_VERSION = 3


@dataclass(frozen=True)
class TrainingState:
    """All that a training needs to go on.

    Attributes:
        tensors: By flat name, e.g. "generator/first.weight" or "adam/companion/3/exp_avg".
        facts: Plain data: the next step, the history, the best score, the seconds spent.
    """

    tensors: dict[str, Tensor] = field(repr=False)
    facts: dict[str, Any]


def write_state(directory: Path, state: TrainingState) -> None:
    """Write a state so that a reader finds either the old one whole or the new one whole."""
    content = save({name: tensor.cpu().contiguous() for name, tensor in state.tensors.items()})
    digest = hashlib.sha256(content).hexdigest()
    tensors_file = f"state-{digest[:16]}.safetensors"
    write_bytes(directory / tensors_file, content)
    write_json(
        directory / STATE_FILE,
        {
            "format_version": FORMAT_VERSION,
            "tensors": tensors_file,
            "sha256": digest,
            "facts": state.facts,
        },
    )
    for old in directory.glob("state-*.safetensors"):
        if old.name != tensors_file:
            old.unlink(missing_ok=True)


def read_state(directory: Path) -> TrainingState | None:
    """The state to go on from; None when there is none that can be trusted.

    A damaged state costs time, never correctness: the training begins again, and says so.
    """
    if not (directory / STATE_FILE).is_file():
        return None
    try:
        told = read_json(directory / STATE_FILE)
        if told["format_version"] != FORMAT_VERSION:
            raise ArtifactError(f"its format version is {told['format_version']!r}")
        content = (directory / Path(told["tensors"]).name).read_bytes()
        if hashlib.sha256(content).hexdigest() != told["sha256"]:
            raise ArtifactError("its tensors do not match their hash")
        return TrainingState(tensors=load(content), facts=told["facts"])
    except (ArtifactError, SafetensorError, OSError, KeyError, TypeError) as error:
        log.warning(
            "The training state in %s cannot be used (%s); the training begins again.",
            directory,
            error,
        )
        return None


def flatten(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of tensors under `prefix/name`."""
    return {f"{prefix}/{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def unflatten(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `flatten`."""
    start = f"{prefix}/"
    return {
        name.removeprefix(start): tensor
        for name, tensor in tensors.items()
        if name.startswith(start)
    }


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's moments and step counts as "parameter number/name" → tensor."""
    states = optimiser.state_dict()["state"]
    return {
        f"{number}/{name}": tensor.detach().clone()
        for number, parts in states.items()
        for name, tensor in parts.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `optimiser_tensors`."""
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split("/")
        states.setdefault(int(number), {})[name] = tensor
    content = optimiser.state_dict()
    content["state"] = states
    optimiser.load_state_dict(content)

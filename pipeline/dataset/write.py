"""An augmented set on disk: Parquet shards, schema, card and manifest. Equal rows, equal bytes."""

from pathlib import Path
from typing import Any

from pipeline.dataset.assemble import generators, rows_per_class
from pipeline.dataset.card import card
from pipeline.results import TrialResult
from pipeline.samples import Samples
from pipeline.storage import write_schema, write_split
from pipeline.workspace import write_bytes, writing


def write_set(
    directory: Path,
    samples: Samples,
    result: TrialResult,
    *,
    name: str,
    seed: int,
    licence: str | None = None,
) -> None:
    """Write a set that `assemble` put together; the folder appears whole or not at all.

    Args:
        directory: Its final name; what stands there is replaced.
        samples: The set.
        result: What the trial found.
        name: Under which it is released.
        seed: The run's root seed.
        licence: As the source's owner declared it.
    """
    rows = rows_per_class(samples)
    facts: dict[str, Any] = {
        "generators": generators(samples),
        "rows": rows,
        "schema": samples.schema.model_dump(mode="json"),
        "verdict": result.verdict,
        "weights": result.recommended_weight,
        "seed": seed,
    }
    with writing(directory, facts) as folder:
        write_schema(folder, samples.schema)
        write_split(folder, "train", samples)
        text = card(samples.schema, rows, result, name=name, licence=licence)
        write_bytes(folder / "README.md", text.encode())

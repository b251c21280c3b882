"""An augmented set on disk: Parquet by source, schema, recipes, card, manifest. Equal rows, equal
bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.dataset.card import card
from pipeline.dataset.layout import FOLDER, PARTS, in_order, name_by_content
from pipeline.dataset.membership import generators, rows_per_config
from pipeline.dataset.recipe_file import write_recipe
from pipeline.results import TrialResult
from pipeline.samples import Samples
from pipeline.storage import ShardWriter, write_schema
from pipeline.workspace import write_bytes, writing


def write_set(
    directory: Path,
    samples: Samples,
    result: TrialResult,
    *,
    name: str,
    seed: int,
    licence: str | None = None,
    changes: Sequence[str] = (),
) -> None:
    """Write a set that `assemble` put together; the folder appears whole or not at all.

    Its manifest tells the rows of each class and source, of `train` as `rows` and of every config
    as `configs`.

    Args:
        directory: Its final name; what stands there is replaced.
        samples: The set.
        result: What the trial found.
        name: Under which it is released.
        seed: The run's root seed.
        licence: As the source's owner declared it.
        changes: What was changed or left out when the source was read, in sentences.
    """
    configs = rows_per_config(samples)
    facts: dict[str, Any] = {
        "generators": generators(samples),
        "rows": configs["train"],
        "configs": configs,
        "schema": samples.schema.model_dump(mode="json"),
        "verdict": result.verdict,
        "seed": seed,
    }
    with writing(directory, facts) as folder:
        write_schema(folder, samples.schema)
        files = _write_rows(folder, samples)
        write_recipe(folder, result)
        text = card(
            samples,
            configs,
            result,
            files=files,
            name=name,
            licence=licence,
            changes=changes,
        )
        write_bytes(folder / "README.md", text.encode())


def _write_rows(folder: Path, samples: Samples) -> list[str]:
    """Write the rows of each source and part; returns the path of each file inside the set."""
    frame = samples.provenance
    for source in in_order(frame["source"]):
        for part, (in_train, in_balanced) in PARTS.items():
            own = (
                (frame["source"] == source)
                & (frame["in_train"] == in_train)
                & (frame["in_balanced"] == in_balanced)
            ).to_numpy(bool)
            if own.any():
                with ShardWriter(folder / FOLDER, source, stem=part) as writer:
                    writer.write(samples.take(own))
    return name_by_content(folder)

"""Stage `assemble`: put the augmented training set together, with its card and manifest."""

import logging

import pandas as pd

from pipeline.dataset.assemble import assemble, generators, rows_per_class
from pipeline.dataset.card import card
from pipeline.params import Params
from pipeline.results import read_result
from pipeline.samples import Samples
from pipeline.stages.shell import run_stage
from pipeline.storage import has_split, read_split, write_schema, write_split
from pipeline.workspace import Workspace, read_json, verify_manifest, write_bytes, writing

log = logging.getLogger(__name__)


def run(workspace: Workspace, params: Params) -> None:
    """Read what the earlier stages wrote and write `data/augmented/`."""
    for directory in (workspace.prepared, workspace.synthetic, workspace.trial):
        verify_manifest(directory)
    result = read_result(workspace.trial)
    samples = assemble(
        read_split(workspace.prepared, "train"),
        read_split(workspace.synthetic, "train"),
        curation=pd.read_parquet(workspace.trial / "curation.parquet"),
        requested=read_json(workspace.synthetic / "request.json")["requested"],
        result=result,
        cheap=_cheap_rows(workspace),
    )
    counts = rows_per_class(samples)
    facts = {
        "generators": generators(samples),
        "rows": counts,
        "schema": samples.schema.model_dump(mode="json"),
        "verdict": result.verdict,
        "weights": result.recommended_weight,
        "seed": params.seed,
    }
    with writing(workspace.augmented, facts) as directory:
        write_schema(directory, samples.schema)
        write_split(directory, "train", samples)
        text = card(
            samples.schema,
            counts,
            result,
            name=params.release.name,
            licence=params.source.licence,
        )
        write_bytes(directory / "README.md", text.encode())
    log.info("assemble: %d rows, %s", len(samples), result.verdict)


def _cheap_rows(workspace: Workspace) -> Samples | None:
    folder = workspace.trial / "cheap"
    return read_split(folder, "train") if has_split(folder, "train") else None


if __name__ == "__main__":
    run_stage(run)

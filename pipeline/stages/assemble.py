"""Stage `assemble`: put the augmented training set together, with its card and manifest."""

import logging

import pandas as pd

from pipeline.dataset.assemble import assemble
from pipeline.dataset.write import write_set
from pipeline.params import Params
from pipeline.results import read_result
from pipeline.stages.shell import run_stage
from pipeline.storage import has_split, read_split
from pipeline.workspace import Workspace, read_json, verify_manifest

log = logging.getLogger(__name__)
NOTICES_FILE = "notices.json"


def run(workspace: Workspace, params: Params) -> None:
    """Read what the earlier stages wrote and write `data/augmented/`."""
    for directory in (workspace.prepared, workspace.synthetic, workspace.trial):
        verify_manifest(directory)
    result = read_result(workspace.trial)
    cheap = workspace.trial / "cheap"
    samples = assemble(
        read_split(workspace.prepared, "train"),
        read_split(workspace.synthetic, "train"),
        curation=pd.read_parquet(workspace.trial / "curation.parquet"),
        requested=read_json(workspace.synthetic / "request.json")["requested"],
        result=result,
        cheap=read_split(cheap, "train") if has_split(cheap, "train") else None,
    )
    write_set(
        workspace.augmented,
        samples,
        result,
        name=params.release.name,
        seed=params.seed,
        licence=params.licence,
        changes=_changes(workspace),
    )
    log.info("assemble: %d rows, %s", len(samples), result.verdict)


def _changes(workspace: Workspace) -> list[str]:
    """What prepare changed or left out, for the reader of the card."""
    path = workspace.prepared / NOTICES_FILE
    notices = read_json(path) if path.is_file() else []
    return [notice["message"] for notice in notices if notice.get("kind") == "converted"]


if __name__ == "__main__":
    run_stage(run)

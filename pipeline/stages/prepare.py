"""Prepare: read the raw source, validate it, split it, and write it in one schema."""

import logging
import shutil
from pathlib import Path

import numpy as np

from pipeline.errors import SourceError, WorkspaceError
from pipeline.fingerprint import fingerprint, last_changed
from pipeline.params import Params
from pipeline.samples import row_bytes
from pipeline.sources.location import resolved_path
from pipeline.sources.open import open_source
from pipeline.sources.splitting import SPLITS, split_notices, split_rows
from pipeline.sources.survey import Notice, Source, Survey
from pipeline.stages.shell import run_stage
from pipeline.storage import ShardWriter, write_schema
from pipeline.workspace import Workspace, write_json, writing

NOTICES_FILE = "notices.json"
SPLIT_FILE = "split.json"
BYTES_OF_PROVENANCE = 200

log = logging.getLogger(__name__)


def run(workspace: Workspace, params: Params) -> None:
    """Write `data/prepared`: one folder a split, schema, notices, the split's account, manifest."""
    # DVC hashes the raw data after this stage, and records the hash as that of what was read here.
    raw = None if params.source.path is None else resolved_path(params.source, workspace.root)
    before = fingerprint(raw) if raw else ""
    source = open_source(params.source, root=workspace.root, scratch=workspace.private)
    survey = source.survey()
    _tell(survey.notices)
    splits = split_rows(survey, params.source)
    of_split = split_notices(survey, splits, params.source)
    _tell(of_split)
    refuse_full_disk(workspace.root, prepared_bytes(survey))
    account = split_account(survey, splits)
    facts = {
        "source": params.source.model_dump(mode="json", exclude={"path", "licence"}),
        **account,
    }
    with writing(workspace.prepared, facts) as folder:
        _write(folder, source, survey, splits)
        notices = [notice.model_dump() for notice in (*survey.notices, *of_split)]
        write_json(folder / NOTICES_FILE, notices)
        write_json(folder / SPLIT_FILE, account)
        if raw and fingerprint(raw) != before:
            raise SourceError(
                f"{raw} was changed while it was read (last: {last_changed(raw) or 'removed'}), "
                "so it is not certain which rows were prepared. Run `equipoise run` again when "
                "nothing writes there any more."
            )
    for split, counts in account["counts"].items():
        log.info("prepare: %s: %d rows of %d classes", split, sum(counts.values()), len(counts))


def prepared_bytes(survey: Survey) -> int:
    """About how much the prepared samples take on disk, in bytes; rather too much."""
    return len(survey.rows) * (row_bytes(survey.schema) + BYTES_OF_PROVENANCE)


def refuse_full_disk(folder: Path, needed_bytes: int) -> None:
    """Refuse early, because DVC goes on as if nothing were wrong when its cache's disk is full.

    Raises:
        WorkspaceError: less than twice of what is needed is free.
    """
    free = shutil.disk_usage(folder).free
    if free < 2 * needed_bytes:
        raise WorkspaceError(
            f"The disk of {folder} has {free / 2**20:,.0f} MB free; the prepared samples take "
            f"about {needed_bytes / 2**20:,.0f} MB, and twice as much is needed with DVC's copy. "
            "Make room."
        )


def split_account(survey: Survey, splits: np.ndarray) -> dict[str, dict[str, dict[str, int]]]:
    """How many rows of each class went where: {"counts": {split: {class: n}}}."""
    labels = survey.rows["label"].to_numpy()
    classes = survey.schema.classes
    return {
        "counts": {
            split: {
                name: int(((splits == split) & (labels == k)).sum())
                for k, name in enumerate(classes)
            }
            for split in SPLITS
            if (splits == split).any()
        }
    }


def _tell(notices: tuple[Notice, ...]) -> None:
    for notice in notices:
        log.info("prepare: %s: %s", notice.kind, notice.message)


def _write(folder: Path, source: Source, survey: Survey, splits: np.ndarray) -> None:
    write_schema(folder, survey.schema)
    for split in SPLITS:
        positions = np.flatnonzero(splits == split)
        if len(positions):
            with ShardWriter(folder, split) as writer:
                for table in source.read(positions):
                    writer.write_table(table)


if __name__ == "__main__":
    run_stage(run)

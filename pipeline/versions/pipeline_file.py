"""The dvc.yaml of a workspace that holds no source code: one row a stage.

This repository's own dvc.yaml has the same rows, and names the files of code that a stage imports;
a workspace elsewhere watches `code.json` in their place. A test holds the two together.
"""

import io
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

CODE_FILE = "code.json"
HEADER = """\
# The stages, for DVC. Made by `equipoise init`; settings belong into params.yaml.
# `code.json` tells DVC when the installed Equipoise has changed what a stage does.
"""


@dataclass(frozen=True)
class StageRow:
    """One stage: the outputs that it reads, the sections of params.yaml, and what it writes.

    Attributes:
        outs: Kept in DVC's cache.
        small: Kind of output ("metrics", "plots", "outs") → path kept in git instead.
    """

    name: str
    reads: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[str, ...] = ()
    small: dict[str, str] = field(default_factory=dict)


PREPARED, GENERATOR, SYNTHETIC = "data/prepared", "data/generator", "data/synthetic"
TRIAL, AUGMENTED = "data/trial", "data/augmented"
STAGES = (
    StageRow("prepare", (), ("source",), (PREPARED,)),
    StageRow("train", (PREPARED,), ("seed", "gan"), (GENERATOR,)),
    StageRow("generate", (PREPARED, GENERATOR), ("seed", "balance"), (SYNTHETIC,)),
    StageRow(
        "evaluate",
        (PREPARED, SYNTHETIC),
        ("seed", "balance", "gan", "trial"),
        (TRIAL,),
        {"metrics": "reports/metrics.json", "plots": "reports/plots"},
    ),
    StageRow(
        "assemble",
        (PREPARED, SYNTHETIC, TRIAL),
        ("seed", "balance", "release"),
        (AUGMENTED,),
    ),
    StageRow(
        "report",
        (PREPARED, GENERATOR, SYNTHETIC, TRIAL, AUGMENTED),
        ("seed", "source", "balance", "gan", "trial", "release"),
        small={"outs": "reports/report.html"},
    ),
)
ARTIFACTS = {
    "augmented": {
        "path": AUGMENTED,
        "type": "dataset",
        "desc": "Real rows and class-balanced synthetic rows with the weights that the trial "
        "found.",
    }
}
STAGE_NAMES = tuple(row.name for row in STAGES)


def stage_entry(row: StageRow, *, has_source_path: bool) -> dict[str, Any]:
    """What dvc.yaml says of one stage.

    `cmd` is a text without parameters: a `${…}` there would be a shell injection. The source's path
    is a dependency, where DVC only hashes it.
    """
    source = ["${source.path}"] if row.name == "prepare" and has_source_path else []
    entry: dict[str, Any] = {"cmd": f"python -m pipeline.stages.{row.name}"}
    if source or row.reads:
        entry["deps"] = [*source, *row.reads]
    entry["params"] = [*row.params, {CODE_FILE: [row.name]}]
    if row.outs:
        entry["outs"] = list(row.outs)
    for kind, path in row.small.items():
        entry.setdefault(kind, []).append({path: {"cache": False}})
    return entry


def pipeline_file(*, has_source_path: bool) -> str:
    """The whole dvc.yaml as text.

    Args:
        has_source_path: Whether the raw data lie at `source.path`, so that DVC watches them.
    """
    content = {
        "stages": {row.name: stage_entry(row, has_source_path=has_source_path) for row in STAGES},
        "artifacts": ARTIFACTS,
    }
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    return HEADER + buffer.getvalue()

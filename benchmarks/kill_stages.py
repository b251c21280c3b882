"""Stages that only write what was computed before, for `benchmarks.kills`.

Each is a program of its own that writes as every stage does (whole or not at all, with a manifest)
and starts in a moment; one works in a pool of processes.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from pipeline.params import Params
from pipeline.scale.executor import open_executor
from pipeline.stages.shell import run_stage
from pipeline.workspace import MANIFEST, Workspace, read_json, write_bytes, writing

# Where each stage says that it began, with the seed: what is finished must not begin again.
BEGUN_VARIABLE = "EQUIPOISE_KILLS_BEGUN"
N_TASKS = 4


def computed(workspace: Workspace, seed: int) -> Path:
    """The folder of what the stages are to write for a seed."""
    return workspace.private / "computed" / str(seed)


def prepare(workspace: Workspace, params: Params) -> None:
    """Real and synthetic rows, after some work in processes of their own."""
    begun("prepare", params)
    (workspace.root / "source" / "rows.txt").read_text()
    with open_executor("local", workers=1) as executor:
        list(executor.map(work, range(N_TASKS)))
    write(workspace, params, "prepared")
    write(workspace, params, "synthetic")


def assemble(workspace: Workspace, params: Params) -> None:
    """The record of a trial and the augmented set."""
    begun("assemble", params)
    write(workspace, params, "trial")
    write_bytes(workspace.metrics_file, b'{"gain_points": 3.0}\n')
    write(workspace, params, "augmented")


def write(workspace: Workspace, params: Params, name: str) -> None:
    """Write one folder of data."""
    made = computed(workspace, params.seed) / "data" / name
    with writing(workspace.root / "data" / name, read_json(made / MANIFEST)["facts"]) as folder:
        shutil.copytree(made, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))


def work(number: int) -> str:
    """What a task computes."""
    return hashlib.sha256(bytes(number) * 10_000_000).hexdigest()


def begun(stage: str, params: Params) -> None:
    """Say that a stage began."""
    path = os.environ.get(BEGUN_VARIABLE)
    if path:
        with Path(path).open("a") as stream:
            stream.write(f"{stage} {params.seed}\n")


DVC_YAML = """\
stages:
  prepare:
    cmd: python -m benchmarks.kill_stages prepare
    deps: [source/rows.txt]
    params: [seed]
    outs: [data/prepared, data/synthetic]
  assemble:
    cmd: python -m benchmarks.kill_stages assemble
    deps: [data/prepared, data/synthetic]
    params: [seed]
    outs: [data/trial, data/augmented]
    metrics:
      - reports/metrics.json: {cache: false}
artifacts:
  augmented:
    path: data/augmented
    type: dataset
"""

if __name__ == "__main__":
    run_stage({"prepare": prepare, "assemble": assemble}[sys.argv[1]])

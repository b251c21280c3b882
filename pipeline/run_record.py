"""What a run took and on which machine: beside the data, never among what is hashed.

Times differ from run to run, so they stand in `reports/run.json`, which is committed with a release
but is no output of any stage. A stage whose result was still valid keeps the time that it took when
it last ran.
"""

import contextlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from pipeline.errors import ArtifactError
from pipeline.outside import Count, Figure, read_outside_json
from pipeline.workspace import Workspace, write_json

RUN_FILE = "run.json"
GIBIBYTE = 2**30
SOFTWARE = ("equipoise", "torch", "numpy", "scikit-learn", "dvc", "prefect")


class Machine(BaseModel):
    """The machine, without its name or its user's.

    Attributes:
        software: distribution → version, of what the figures depend on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    system: str
    processor: str
    cores: Count
    memory_gib: Count
    python: str
    software: dict[str, str] = {}


class RunRecord(BaseModel):
    """One run: the machine, and stage → wall time in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    machine: Machine
    stages_seconds: dict[str, Figure] = {}


def run_file(workspace: Workspace) -> Path:
    """Where the record lies."""
    return workspace.reports / RUN_FILE


def note_stage(workspace: Workspace, stage: str, seconds: float) -> None:
    """Record how long a stage took that has just run on this machine."""
    path = run_file(workspace)
    earlier = read_record(path.read_bytes()) if path.is_file() else None
    stages = {**(earlier.stages_seconds if earlier else {}), stage: round(seconds, 1)}
    record = RunRecord(machine=this_machine(), stages_seconds=stages)
    write_json(path, record.model_dump(mode="json"))


def read_record(content: bytes) -> RunRecord | None:
    """The record in a file's bytes; None where they are something else."""
    try:
        return read_outside_json(content, RunRecord, where=RUN_FILE, way_out="")
    except ArtifactError:
        return None


def this_machine() -> Machine:
    """The machine that this process runs on."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / GIBIBYTE),
        python=platform.python_version(),
        software=_software(),
    )


def _software() -> dict[str, str]:
    """What is installed of the distributions that the figures depend on."""
    found = {}
    for name in SOFTWARE:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    """The processor's model; its architecture where the system does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()

"""How long versions take: release, list, pull, verify.

    python -m benchmarks.versions

Makes a workspace of its own in a temporary folder: a set of about 25 MB (random pictures, which do
not compress), released for real, then as many further versions as it takes to reach 200. Prints one
line a figure, with the limit that it is held to.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.params import load_params
from pipeline.samples import Samples, Schema
from pipeline.stages.assemble import run as assemble
from pipeline.storage import write_schema, write_split
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.names import Version, version_tag
from pipeline.versions.record import tag_message
from pipeline.versions.release import release
from pipeline.versions.setup import make_repository
from pipeline.workspace import Workspace, write_json, writing
from tests.hand_made import curation_of, trial_result

ROWS = {"cat": 5000, "dog": 1500}
SYNTHETIC_DOGS = 3500
SIDE_PX = 28
VERSIONS = 200
REPEATS = 3
DVC_YAML = """\
stages:
  all:
    cmd: 'false'
    outs: [data/prepared, data/synthetic, data/trial, data/augmented]
artifacts:
  augmented: {path: data/augmented, type: dataset}
"""


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory(prefix="equipoise-benchmark-") as folder:
        root = Path(folder, "workspace")
        workspace = build(root)
        megabytes = sum(p.stat().st_size for p in workspace.augmented.rglob("*.*")) / 1e6
        print(f"set: {sum(ROWS.values()) + SYNTHETIC_DOGS} rows, {megabytes:.1f} MB")
        params = load_params(workspace.params_file)
        tell("release beyond the stages, first", seconds(lambda: release(workspace, params)), 10)
        tell("release, nothing changed", seconds(lambda: release(workspace, params)), 10)
        bare = Path(folder, "bare.git")
        subprocess.run(["git", "clone", "--quiet", "--bare", root, bare], check=True)
        place = Path(folder, "pulled")
        tell("pull from a bare repository, Parquet", best(pull_into(place, bare)), 3)
        tell("pull as images", best(pull_into(place, bare, "--format", "images")), None)
        tell("verify, sizes and listings", best(command("verify", "--repo", bare)), None)
        tell("verify --read-data", best(command("verify", "--read-data", "--repo", bare)), None)
        multiply(Git(bare))
        tell(f"versions, {VERSIONS} of them", best(command("versions", "--repo", bare)), 2)
        tell(f"versions --json, {VERSIONS}", best(command("versions", "--json", "--repo", bare)), 2)


def build(root: Path) -> Workspace:
    """A workspace in which every stage has run, with random pictures."""
    root.mkdir()
    make_repository(root)
    (root / "params.yaml").write_text("seed: 1\n")
    (root / "dvc.yaml").write_text(DVC_YAML)
    workspace = Workspace(root)
    real, pool = pictures(ROWS, "real"), pictures({"cat": 0, "dog": SYNTHETIC_DOGS}, "drawn")
    pool.provenance["generator"] = "0123456789ab"
    pool.provenance["draw"] = range(len(pool))
    for directory, samples in ((workspace.prepared, real), (workspace.synthetic, pool)):
        with writing(directory) as folder:
            write_schema(folder, samples.schema)
            write_split(folder, "train", samples)
            requested = {"cat": 0, "dog": SYNTHETIC_DOGS}
            write_json(folder / "request.json", {"requested": requested, "drawn": requested})
    with writing(workspace.trial) as folder:
        in_set = {name: {"real": n} for name, n in ROWS.items()}
        in_set["dog"]["gan"] = SYNTHETIC_DOGS
        write_json(folder / "result.json", trial_result(in_set=in_set).model_dump(mode="json"))
        curation_of(pool, chosen=True).to_parquet(folder / "curation.parquet", index=False)
    assemble(workspace, load_params(workspace.params_file))
    dvc = [sys.executable, "-m", "dvc", "commit", "--force", "--quiet"]
    subprocess.run(dvc, cwd=root, check=True)
    return workspace


def pictures(rows: dict[str, int], prefix: str) -> Samples:
    """Random grey pictures, which PNG cannot make smaller."""
    labels = np.repeat(np.arange(len(rows)), list(rows.values()))
    shape = (SIDE_PX, SIDE_PX * 3, 1)
    return Samples(
        schema=Schema(modality="image", classes=tuple(rows), image_shape=shape),
        values=np.random.default_rng(0).integers(0, 256, (len(labels), *shape), dtype=np.uint8),
        labels=labels,
        provenance=pd.DataFrame({"id": [f"{prefix}-{row}" for row in range(len(labels))]}),
    )


def multiply(git: Git) -> None:
    """Tag the one commit as further versions, until there are 200."""
    (first,) = list_releases(git, "augmented")
    assert first.record is not None
    versions = [Version(1, number // 10, number % 10) for number in range(VERSIONS - 1)]
    tags = {
        version_tag("augmented", version): tag_message(f"augmented {version}", first.record)
        for version in versions
    }
    git.write_tags(tags, commit=first.commit)


def command(*arguments: str | Path):
    """Run an equipoise command in a process of its own, as a person would."""
    line = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    return lambda: subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def pull_into(place: Path, bare: Path, *arguments: str):
    """Pull into a folder that is removed before each pull."""
    run = command("pull", "--repo", bare, "--to", place, *arguments)

    def pull() -> None:
        shutil.rmtree(place, ignore_errors=True)
        run()

    return pull


def seconds(action) -> tuple[float, float]:
    """How long one call takes, and how much of a processor it used, children included."""
    start, used = time.perf_counter(), processor_seconds()
    action()
    return time.perf_counter() - start, processor_seconds() - used


def processor_seconds() -> float:
    """Seconds of processor time that this process and its children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def best(action) -> tuple[float, float]:
    """The shortest of a few calls: what the work itself takes, whatever else the machine does."""
    return min(seconds(action) for _ in range(REPEATS))


def tell(what: str, found: tuple[float, float], limit: float | None) -> None:
    """One line of the table."""
    wall, processor = found
    held = "" if limit is None else f"; limit {limit:g} s: {'held' if wall <= limit else 'MISSED'}"
    print(f"{what}: {wall:.2f} s (processor {processor:.2f} s){held}", flush=True)


if __name__ == "__main__":
    main()

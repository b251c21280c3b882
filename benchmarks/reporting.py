"""How long the report of ten classes takes, and how large it becomes.

    python -m benchmarks.reporting

For pictures of several sizes, a workspace of its own in a temporary folder: 5,000 real and 5,000
synthetic rows of noise, which do not compress, with a trial and a training that fill every section.
Times the stage as a process of its own, imports included. Prints a line a size.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import storage
from pipeline.results import write_result
from pipeline.samples import Samples, Schema
from pipeline.workspace import Workspace, write_json, writing
from tests.example_result import CLASSES, example_result
from tests.reporting.example_material import GENERATOR_CONFIG, history

ROWS = 5_000
SHAPES = ((8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 64, 3), (224, 224, 3))
LARGE_ROWS = 1_000
REPEATS = 2


def main() -> None:
    """Print every figure."""
    for shape in SHAPES:
        with tempfile.TemporaryDirectory(prefix="equipoise-benchmark-") as folder:
            workspace = build(Path(folder), shape, rows=LARGE_ROWS if shape[0] > 64 else ROWS)
            wall, processor = min(render(workspace) for _ in range(REPEATS))
            size = workspace.report_file.stat().st_size / 1e6
            told = f"{wall:.1f} s, {processor:.1f} s of processor time, {size:.2f} MB"
            print(f"{shape[0]}×{shape[1]}×{shape[2]}: {told}", flush=True)


def render(workspace: Workspace) -> tuple[float, float]:
    """Wall time and processor time of the stage, in seconds."""
    begin, used = time.perf_counter(), processor_seconds()
    subprocess.run(
        [sys.executable, "-m", "pipeline.stages.report"],
        cwd=workspace.root,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begin, processor_seconds() - used


def processor_seconds() -> float:
    """What the processes started so far have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def build(root: Path, shape: tuple[int, int, int], *, rows: int) -> Workspace:
    """Everything that stands in a workspace before `report`."""
    (root / "params.yaml").write_text("seed: 1\n")
    workspace = Workspace(root)
    real, synthetic = noise(shape, rows, "real"), noise(shape, rows, "drawn")
    for directory, samples in ((workspace.prepared, real), (workspace.synthetic, synthetic)):
        with writing(directory) as folder:
            storage.write_schema(folder, samples.schema)
            storage.write_split(folder, "train", samples)
    with writing(workspace.trial) as folder:
        write_result(folder, example_result())
        curation(synthetic, real).to_parquet(folder / "curation.parquet", index=False)
    with writing(workspace.generator) as folder:
        write_json(folder / "generator.json", {"hash": "0f" * 32, "config": GENERATOR_CONFIG})
        write_json(folder / "history.json", list(history(len(CLASSES))))
    counts = {name: {"real": rows // 20, "gan": rows // 20} for name in CLASSES}
    with writing(workspace.augmented, {"rows": counts}):
        pass
    return workspace


def noise(shape: tuple[int, int, int], rows: int, prefix: str) -> Samples:
    """Random pictures, as many of each class."""
    stream = np.random.default_rng(len(prefix))
    return Samples(
        schema=Schema(modality="image", classes=CLASSES, image_shape=shape),
        values=stream.integers(0, 256, (rows, *shape), dtype=np.uint8),
        labels=np.arange(rows, dtype=np.int64) % len(CLASSES),
        provenance=pd.DataFrame({"id": [f"{prefix}-{row}" for row in range(rows)]}),
    )


def curation(synthetic: Samples, real: Samples) -> pd.DataFrame:
    """Half of the rows chosen, some turned away, each with a neighbour."""
    stream = np.random.default_rng(0)
    chosen = np.arange(len(synthetic)) % 2 == 0
    return pd.DataFrame(
        {
            "id": synthetic.ids,
            "label": synthetic.labels,
            "accepted": chosen | (stream.random(len(synthetic)) < 0.8),
            "chosen": chosen,
            "reason": "label not confirmed",
            "score": stream.random(len(synthetic)),
            "nearest_real_id": stream.choice(real.ids, len(synthetic)),
            "nearest_ratio": stream.random(len(synthetic)),
            "nearest_distance": stream.random(len(synthetic)),
        }
    )


if __name__ == "__main__":
    main()

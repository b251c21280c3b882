"""The whole trial on the benchmark's rows: the three questions, asked of every consumer.

    python -m benchmarks.trial --rows digits-80-10 --out benchmarks/results/trial
    python -m benchmarks.trial --data DIR --rows clothing --out benchmarks/results/trial
    python -m benchmarks.trial --data DIR --rows adult-450-50 --preset light --replicates 3 --out …

DIR holds `mnist/` (IDX files), `clothing/` (folders `train/`, `validation/`, `test/`), `adult.csv`
and `tables/telco.csv`; the cancer table comes with scikit-learn. Each row
runs the stages prepare, train, generate and evaluate in a workspace of its own. What comes out is
reported as it is, into ROW.json; `python -m benchmarks.trial_tables FOLDER` makes the tables. A
row that was interrupted goes on where it stopped when `--work` names the same folder.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

from pipeline.results import read_result
from pipeline.sources.idx_file import GZIP_MAGIC
from pipeline.workspace import Workspace, write_bytes

# 200 to test on, 150 for validation, so that half a point can be told from none; 100 or 50 to train
# on, and the rest for the ceiling.
MNIST_ROWS = 520
# Small, as the product's data are, so that a trial ends within the hour.
CLOTHING_PART = 8
STAGES = ("prepare", "train", "generate", "evaluate")
TRIAL = {
    "preset": "full",
    "replicates": 5,
    "classifier_steps": 400,
}


def thinned(majority, minority):
    return {str(k): majority if k < 5 else minority for k in range(10)}


def digits(majority, minority):
    split = {"test_per_class": 40, "validation_per_class": 40}
    return {"source": {"kind": "digits", "thin": thinned(majority, minority), "split": split}}


def mnist(majority, minority, data):
    """Part of MNIST with splits of the trial's own, since ten thousand test rows take hours."""
    split = {"test_per_class": 200, "validation_per_class": 150}
    thin = thinned(majority, minority)
    return {"source": {"kind": "idx", "path": f"{data}/mnist", "thin": thin, "split": split}}


def clothing(data):
    """An eighth of the training photographs, as unequal as they come; the rest is the ceiling."""
    resize = {"policy": "contain", "height_px": 32, "width_px": 32}
    classes = sorted((data / "clothing" / "train").iterdir())
    thin = {folder.name: round(len(list(folder.iterdir())) / CLOTHING_PART) for folder in classes}
    path = f"{data}/clothing"
    return {"source": {"kind": "image_folder", "path": path, "resize": resize, "thin": thin}}


def table(path, label, thin, *, test_per_class):
    """A table thinned to so many training rows of each class; the rest is the ceiling."""
    split = {"test_per_class": test_per_class}
    source = {"kind": "table", "path": str(path), "label_column": label, "thin": thin}
    return {"source": {**source, "split": split}}


def cancer(data):
    """Thirty numbers of each tumour, few of them malignant."""
    path = data / "cancer.csv"
    return table(path, "kind", {"benign": 200, "malignant": 20}, test_per_class=90)


def cancer_csv(target):
    found = load_breast_cancer(as_frame=True)
    kinds = found.target_names[found.target]
    content = found.data.assign(kind=kinds).to_csv(index=False)
    write_bytes(target / "cancer.csv", content.encode())


def even_mnist(data):
    target = dict.fromkeys(map(str, range(10)), 150)
    return {**mnist(50, 50, data), "balance": {"strategy": "explicit", "target": target}}


def part_of_mnist(data, target):
    """The first rows of each class of MNIST's training files, as IDX files in `target`."""
    labels = read_idx(data, "labels-idx1", header=8)
    images = read_idx(data, "images-idx3", header=16).reshape(len(labels), 28, 28)
    rows = np.sort(np.concatenate([np.flatnonzero(labels == k)[:MNIST_ROWS] for k in range(10)]))
    for name, array in (("images-idx3", images[rows]), ("labels-idx1", labels[rows])):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        write_bytes(target / f"train-{name}-ubyte", header + array.tobytes())


def read_idx(folder, name, *, header):
    (path,) = sorted(folder.glob(f"train-{name}-ubyte*"))[:1]
    content = path.read_bytes()
    if content.startswith(GZIP_MAGIC):
        content = gzip.decompress(content)
    return np.frombuffer(content, np.uint8, offset=header)


ROWS = {
    "digits-80-10": lambda _: digits(80, 10),
    "digits-80-20": lambda _: digits(80, 20),
    "mnist-100-10": lambda data: mnist(100, 10, data),
    "mnist-50-50": even_mnist,
    "clothing": clothing,
    "adult-450-50": lambda data: table(
        data / "adult.csv", "income", {"<=50K": 450, ">50K": 50}, test_per_class=1000
    ),
    "telco-450-50": lambda data: table(
        data / "tables" / "telco.csv", "Churn", {"No": 450, "Yes": 50}, test_per_class=600
    ),
    "cancer-200-20": cancer,
}


def run_row(name, data, work, changes):
    """One row: its settings, its result, and the seconds that each stage took."""
    root = work / name
    root.mkdir(parents=True, exist_ok=True)
    if name.startswith("mnist"):
        part_of_mnist(data / "mnist", root / "part" / "mnist")
        data = root / "part"
    if name.startswith("cancer"):
        cancer_csv(root)
        data = root
    row = ROWS[name](data)
    gan = {**row.get("gan", {}), **changes["gan"]}
    params = {"seed": 20261121, **row, "gan": gan, "trial": {**TRIAL, **changes["trial"]}}
    # JSON is YAML, and needs no writer of its own.
    write_bytes(root / "params.yaml", json.dumps(params, indent=2).encode())
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    seconds = {}
    for stage in STAGES:
        start = time.monotonic()
        command = [sys.executable, "-m", f"pipeline.stages.{stage}"]
        subprocess.run(command, cwd=root, env=environment, check=True)
        seconds[stage] = round(time.monotonic() - start, 1)
    result = read_result(Workspace.at(root).trial).model_dump(mode="json")
    settings = {"gan": gan, "trial": params["trial"]}
    return {"row": name, "settings": settings, "seconds": seconds, "result": result}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS)
    parser.add_argument("--data", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--work", type=Path, default=None, help="keep the workspaces here")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--replicates", type=int, default=TRIAL["replicates"])
    parser.add_argument("--preset", choices=("light", "full"), default=TRIAL["preset"])
    parser.add_argument("--advise", nargs="*", help="left out: as the kind of data has it")
    parser.add_argument("--steps", type=int, default=None, help="of the generator's training")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="trial-benchmark-"))
    changes = {
        "gan": {} if arguments.steps is None else {"steps": arguments.steps},
        "trial": {
            "workers": arguments.workers,
            "replicates": arguments.replicates,
            "preset": arguments.preset,
            **({} if arguments.advise is None else {"advise": arguments.advise}),
        },
    }
    for name in arguments.rows:
        found = run_row(name, arguments.data.resolve(), work, changes)
        # On one line: the file is read by `trial_tables`, and a line a number hides every change.
        write_bytes(
            arguments.out / f"{name}.json", (json.dumps(found, sort_keys=True) + "\n").encode()
        )
        print(f"{name}: {found['seconds']}", flush=True)


if __name__ == "__main__":
    main()

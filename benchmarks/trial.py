"""The whole trial on the benchmark's rows: every arm, every classifier, both questions.

    python -m benchmarks.trial --rows digits-80-10 --out benchmarks/results/trial
    python -m benchmarks.trial --data DIR --rows clothing --out benchmarks/results/trial

DIR holds `mnist/` (IDX files) and `clothing/` (`train/`, `test/` folders). Each row runs the
stages prepare, train, generate and evaluate in a workspace of its own; what comes out is reported
as it is. A row that was interrupted goes on where it stopped when `--work` names the same folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.results import TrialResult, read_result
from pipeline.workspace import Workspace, write_bytes, write_json

STAGES = ("prepare", "train", "generate", "evaluate")
TRIAL = {
    "preset": "full",
    "replicates": 5,
    "classifiers": ["cnn", "svm", "logistic"],
    "classifier_steps": 400,
}


def thinned(majority, minority):
    return {str(k): majority if k < 5 else minority for k in range(10)}


def digits(majority, minority):
    split = {"test_per_class": 40}
    return {"source": {"kind": "digits", "thin": thinned(majority, minority), "split": split}}


def mnist(majority, minority, data):
    source = {"kind": "idx", "path": f"{data}/mnist", "thin": thinned(majority, minority)}
    return {"source": source}


def clothing(data):
    resize = {"policy": "contain", "height_px": 32, "width_px": 32}
    return {"source": {"kind": "image_folder", "path": f"{data}/clothing", "resize": resize}}


def even_mnist(data):
    target = dict.fromkeys(map(str, range(10)), 150)
    return {**mnist(50, 50, data), "balance": {"strategy": "explicit", "target": target}}


ROWS = {
    "digits-80-10": lambda _: digits(80, 10),
    "digits-80-20": lambda _: digits(80, 20),
    "mnist-100-10": lambda data: mnist(100, 10, data),
    "mnist-50-50": even_mnist,
    "clothing": clothing,
}


def run_row(name, data, work, workers):
    """One row: its result, and the seconds that each stage took."""
    root = work / name
    root.mkdir(parents=True, exist_ok=True)
    trial = {**TRIAL, "workers": workers}
    params = {"seed": 20261121, **ROWS[name](data), "trial": trial}
    # JSON is YAML, and needs no writer of its own.
    write_bytes(root / "params.yaml", json.dumps(params, indent=2).encode())
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    seconds = {}
    for stage in STAGES:
        start = time.monotonic()
        command = [sys.executable, "-m", f"pipeline.stages.{stage}"]
        subprocess.run(command, cwd=root, env=environment, check=True)
        seconds[stage] = round(time.monotonic() - start, 1)
    return read_result(Workspace.at(root).trial), seconds


def table(name: str, result: TrialResult, seconds) -> str:
    """One row of the benchmark as Markdown."""
    metric = result.primary_metric
    lines = [f"## {name}", "", f"Seconds: {seconds}. Replicates: {result.replicates}.", ""]
    lines += ["| classifier | arm | held out | test | how |", "|---|---|---|---|---|"]
    for arm in result.arms:
        mean = sum(arm.values[metric]) / len(arm.values[metric])
        lines.append(
            f"| {arm.classifier} | {arm.title} | {mean:.3f} | {arm.test[metric]:.3f} "
            f"| {arm.settings} |"
        )
    lines += [
        "",
        "| classifier | question | arm − reference | gain | 95 % interval | on test | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for c in result.comparisons:
        low, high = c.interval_points.low, c.interval_points.high
        lines.append(
            f"| {c.classifier} | {c.question} | {c.arm} − {c.reference} | {c.mean_points:+.2f} "
            f"| {low:+.2f} to {high:+.2f} | {c.test_gain_points or 0:+.2f} | {c.verdict} |"
        )
    lines.append("")
    for v in result.verdicts:
        closed = "none to close" if v.gap_closed is None else f"{100 * v.gap_closed:.0f} %"
        interval = v.gap_closed_interval
        if interval is not None:
            closed += f" ({100 * interval.low:.0f} to {100 * interval.high:.0f})"
        shares = ", ".join(f"{s.origin} {s.points:+.2f}" for s in v.gain_shares)
        lines.append(
            f"- {v.classifier}: mix {v.verdict}, GAN {v.gan_verdict}; best cheap {v.best_cheap}; "
            f"gap closed {closed}; gain by source: {shares}. {v.mix_words}"
        )
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS)
    parser.add_argument("--data", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--work", type=Path, default=None, help="keep the workspaces here")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="trial-benchmark-"))
    for name in arguments.rows:
        result, seconds = run_row(name, arguments.data.resolve(), work, arguments.workers)
        write_json(arguments.out / f"{name}.json", result.model_dump(mode="json"))
        write_bytes(arguments.out / f"{name}.md", table(name, result, seconds).encode())
        print(table(name, result, seconds), flush=True)


if __name__ == "__main__":
    main()

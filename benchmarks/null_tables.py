"""How often the trial of a table says "helps" where nothing can help: labels that mean nothing.

    python -m benchmarks.null_tables adult telco --data DIR --trials 40 --lines FOLDER

DIR holds `adult.csv` and `tables/telco.csv`. Each trial draws 500 rows, gives a tenth of them by
chance to a rare class, and holds a whole light trial of 3 replicates with fast consumers, curation
included. In place of a GAN stand rows of the copula. Since no feature knows of the label, no set
can be better than the real rows, and every "helps" is false. Every finished trial is a line of
`null-TABLE.jsonl`, and none that has a line is held again.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from benchmarks.calibration import ForgetfulStore
from pipeline.modalities.registry import modality_of, settled
from pipeline.params import TrialParams
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.scale.executor import SameProcessExecutor
from pipeline.storage import read_split
from pipeline.trial.findings import Findings
from pipeline.trial.trial import TrialData, run_trial
from pipeline.workspace import Workspace, write_bytes

TABLES = {"adult": ("adult.csv", "income"), "telco": ("tables/telco.csv", "Churn")}
COMMON, RARE, TEST = 450, 50, 100
PARAMS = TrialParams(preset="light", replicates=3, consumers=("logistic", "knn", "tree"), advise=())


def rows_of(name, data, work):
    """Every row of a table, as the product prepares it, labels and all."""
    path, label = TABLES[name]
    root = work / name
    source = {"kind": "table", "path": str(data / path), "label_column": label}
    write_bytes(root / "params.yaml", json.dumps({"source": source}).encode())
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "pipeline.stages.prepare"]
    subprocess.run(command, cwd=root, env=environment, check=True)
    return read_split(Workspace.at(root).prepared, "train")


def copula_pool(samples, seed):
    """What fills each class half as far again as to the largest."""
    counts = np.bincount(samples.labels)
    wanted = np.ceil(1.5 * (counts.max() - counts)).astype(np.int64)
    made = modality_of(samples.schema).makers["copula"](samples, wanted, seed=seed)
    names = [f"drawn-{number}" for number in range(len(made))]
    return replace(made, provenance=pd.DataFrame({"id": names}))


def run_one(rows, name, number):
    seed = derive_seed(20261130, "null table", name, number)
    stream = numpy_stream(seed, "rows")
    drawn = rows.take(stream.permutation(len(rows))[: COMMON + RARE + 2 * TEST])
    labels = np.repeat([0, 1, 0, 1], [COMMON, RARE, TEST, TEST])
    drawn = replace(drawn, labels=labels)
    development, test = drawn.take(slice(0, COMMON + RARE)), drawn.take(slice(COMMON + RARE, None))
    development = development.take(stream.permutation(len(development)))
    pool = copula_pool(development, seed)
    data = TrialData(development, test, None, pool, development, {}, None)
    begin = time.process_time()
    outcome = run_trial(
        data,
        settled(PARAMS, rows.schema),
        seed=seed,
        make=copula_pool,
        executor=SameProcessExecutor(),
        store=ForgetfulStore(Path(), code=""),
    )
    found = Findings(data, settled(PARAMS, rows.schema), outcome)
    return {
        "number": number,
        "cpu_seconds": round(time.process_time() - begin, 1),
        "answers": {
            f"{one.question}, {one.classifier}, over {one.reference}": one.verdict
            for one in found.comparisons
        },
        "set": found.verdict,
        "gan": found.gan_verdict,
    }


def told(name, lines):
    """A line of the table for each of the two answers."""
    for question in ("set", "gan"):
        answers = [one[question] for one in lines]
        helped, n = answers.count("helps"), len(answers)
        low, high = binomtest(helped, n).proportion_ci(0.95, method="exact")
        yield (
            f"| {name} | {question} | {n} | {helped} ({100 * low:.1f} to {100 * high:.1f} %) "
            f"| {answers.count('harms')} | {np.median([one['cpu_seconds'] for one in lines]):.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", choices=TABLES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--lines", type=Path, required=True, help="folder of finished trials")
    arguments = parser.parse_args()
    print('| table | answer | trials | "helps" | "harms" | CPU s a trial |')
    print("|---|---|---:|---:|---:|---:|")
    for name in arguments.tables:
        rows = rows_of(name, arguments.data.resolve(), arguments.lines / "work")
        file = arguments.lines / f"null-{name}.jsonl"
        lines = (
            [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        )
        for number in range(len(lines), arguments.trials):
            lines.append(run_one(rows, name, number))
            with file.open("a") as end:
                end.write(json.dumps(lines[-1]) + "\n")
        print(*told(name, lines), sep="\n", flush=True)


if __name__ == "__main__":
    main()

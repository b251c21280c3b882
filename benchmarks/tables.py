"""Generators of tables, compared: time, likeness, use, copies.

    OMP_NUM_THREADS=1 python -m benchmarks.tables --data DIR --out benchmarks/results/tables.json

`--data` names a folder with `adult.csv` and `tables/telco.csv`; two small tables of scikit-learn
need no file. Time is CPU time of one thread. Every generator sees the same training rows and is
judged on the same unseen ones, of which it draws as many of each class.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from benchmarks.gan import cpu_name
from pipeline import synthesis
from pipeline.fidelity.columns import kolmogorov_smirnov, total_variation
from pipeline.modalities.column_codes import code_columns
from pipeline.modalities.rarity import FEWEST_ROWS
from pipeline.modalities.registry import modality_of
from pipeline.nearest import nearest
from pipeline.params import GanParams, SourceParams
from pipeline.row_digests import value_digests
from pipeline.samples import Samples, concatenate
from pipeline.sources.open import open_source
from pipeline.storage import from_arrow

GENERATORS = ("gan", "copula", "munge", "smote")
# Rows of the rarest class that are asked for, to see what of its categories occurs.
ASKED = 400
# Rows drawn for the time, in whole pools.
TIMED = 10_000


@dataclass(frozen=True)
class Table:
    """Where a table comes from, and how many rows of it are trained on.

    Attributes:
        rare: Share of the rarest class after thinning; None keeps the source's.
        rule: Two columns of which the pairs that do not occur in the source break a rule.
    """

    path: str | None
    label: str
    rows: int
    rare: float | None = None
    unseen: int = 2000
    rule: tuple[str, str] | None = None


EDUCATION = ("education", "education-num")
TABLES = {
    "adult500": Table("adult.csv", "income", 500, rare=0.1, rule=EDUCATION),
    "adult2000": Table("adult.csv", "income", 2000, rare=0.1, rule=EDUCATION),
    "telco": Table("tables/telco.csv", "Churn", 1000, rare=0.1),
    "cancer": Table(None, "load_breast_cancer", 300, unseen=269),
    "wine": Table(None, "load_wine", 100, unseen=78),
}


def read(table: Table, data: Path | None) -> Samples:
    """All rows of a table."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        path = data / table.path if data and table.path else root / "table.csv"
        if table.path is None:
            frame = getattr(datasets, table.label)(as_frame=True).frame
            frame["target"] = frame["target"].map("kind {}".format)
            frame.to_csv(path, index=False)
        told = {
            "kind": "table",
            "path": str(path),
            "label_column": table.label if table.path else "target",
        }
        source = open_source(SourceParams.model_validate(told), root=root, scratch=root / "scratch")
        survey = source.survey()
        parts = source.read(np.arange(len(survey.rows)))
        return concatenate([from_arrow(part, survey.schema) for part in parts])


def thinned(samples: Samples, table: Table, seed: int) -> tuple[Samples, Samples]:
    """Training and unseen rows, in the same shares of classes, no row in both."""
    stream = np.random.default_rng(seed)
    counts = np.bincount(samples.labels)
    shares = counts / counts.sum()
    if table.rare is not None:
        rarest = counts.argmin()
        shares = np.where(np.arange(len(counts)) == rarest, 0, counts)
        shares = shares / shares.sum() * (1 - table.rare)
        shares[rarest] = table.rare
    parts: list[list[np.ndarray]] = [[], []]
    for label, share in enumerate(shares):
        rows = stream.permutation(np.flatnonzero(samples.labels == label))
        n, m = round(share * table.rows), round(share * table.unseen)
        parts[0].append(rows[:n])
        parts[1].append(rows[n : n + m])
    train, unseen = (samples.take(stream.permutation(np.concatenate(part))) for part in parts)
    return train, unseen


def fit(name: str, train: Samples, params: GanParams, seed: int):
    """A function from counts of classes to rows, and the CPU seconds of the fit."""
    begin = time.process_time()
    if name == "gan":
        fitted = synthesis.train_generator(train, params, seed=seed)
        classes = train.schema.classes
        seconds = time.process_time() - begin
        return lambda wanted: synthesis.draw(
            fitted, {c: int(n) for c, n in zip(classes, wanted, strict=True)}
        ), seconds
    maker = modality_of(train.schema).makers[name]
    return lambda wanted: maker(train, np.asarray(wanted), seed=seed), 0.0


def measure(name: str, train: Samples, unseen: Samples, whole: Samples, table: Table, params, seed):
    """One line of the results."""
    draw, seconds = fit(name, train, params, seed)
    wanted = np.bincount(unseen.labels, minlength=len(train.schema.classes))
    rarest = int(np.bincount(train.labels).argmin())
    made = draw(wanted)
    asked = np.zeros(len(wanted), np.int64)
    asked[rarest] = ASKED
    rare = draw(asked)
    assert (rare.labels == rarest).all()
    assert len(rare) == ASKED
    asked[rarest] = TIMED
    begin = time.process_time()
    draw(asked)
    rate = TIMED / (time.process_time() - begin)
    return {
        "fit_seconds": seconds,
        "rare_rows_a_second": rate,
        "detection": detection(unseen, made, seed),
        **transfer(train, draw(np.bincount(train.labels, minlength=len(wanted))), unseen, seed),
        **marginals(unseen, made),
        "covered": covered(train, rare, rarest),
        **copies(train, unseen, made),
        **({"rule": broken(whole, made, table.rule)} if table.rule else {}),
    }


def detection(real: Samples, made: Samples, seed: int) -> float:
    """AUC of boosting that tells made rows from unseen ones, out of fold; it sees the class."""
    codes = code_columns([real, made])
    columns = np.concatenate(codes.parts)
    labels = np.concatenate([real.labels, made.labels])
    is_made = np.repeat([0, 1], [len(real), len(made)])
    boosting = HistGradientBoostingClassifier(
        categorical_features=[*np.flatnonzero(~codes.is_number), columns.shape[1]],
        random_state=seed,
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    seen = np.column_stack([columns, labels])
    scores = cross_val_predict(boosting, seen, is_made, cv=folds, method="predict_proba")
    return float(roc_auc_score(is_made, scores[:, 1]))


def transfer(train: Samples, made: Samples, unseen: Samples, seed: int) -> dict[str, float]:
    """AUC on unseen rows of a forest trained on made rows, and of one trained on real ones."""
    codes = code_columns([train, made, unseen])
    found = {}
    for name, columns, part in (
        ("tstr", codes.parts[1], made),
        ("trtr", codes.parts[0], train),
    ):
        forest = RandomForestClassifier(300, random_state=seed).fit(columns, part.labels)
        chances = forest.predict_proba(codes.parts[2])
        binary = chances.shape[1] == 2
        found[name] = float(
            roc_auc_score(unseen.labels, chances[:, 1] if binary else chances, multi_class="ovr")
        )
    return found


def marginals(real: Samples, made: Samples) -> dict[str, float]:
    """Means over columns: KS of numbers, total variation of the others."""
    codes = code_columns([real, made])
    first, second = codes.parts
    found = {"ks": [], "tv": []}
    for column, is_number in enumerate(codes.is_number):
        measured = kolmogorov_smirnov if is_number else total_variation
        found["ks" if is_number else "tv"].append(measured(first[:, column], second[:, column]))
    return {name: float(np.mean(values)) for name, values in found.items() if values}


def covered(train: Samples, rare: Samples, rarest: int) -> float | None:
    """Share of the rare class's categories, those that enough rows hold, that occur among its rows.

    None where there are no categories.
    """
    own = train.labels == rarest
    known = n = 0
    for column in train.schema.columns:
        if column.kind != "categorical":
            continue
        cells = train.values[column.name]
        counts = cells.value_counts()
        wanted = set(cells[own].dropna()) & set(counts[counts >= FEWEST_ROWS].index)
        known += len(wanted & set(rare.values[column.name].dropna()))
        n += len(wanted)
    return known / n if n else None


def copies(train: Samples, unseen: Samples, made: Samples) -> dict[str, float]:
    """Rows equal to a training row, made and unseen; those nearer to one than 5 % of unseen are."""
    held = set(value_digests(train))
    space = modality_of(train.schema).space(train)
    places = space.columns(train)
    of_unseen, of_made = (nearest(space.columns(part), places).distance for part in (unseen, made))
    return {
        "copies": float(np.mean([one in held for one in value_digests(made)])),
        "copies_unseen": float(np.mean([one in held for one in value_digests(unseen)])),
        "near": float((of_made < np.quantile(of_unseen, 0.05)).mean()),
    }


def broken(whole: Samples, made: Samples, rule: tuple[str, str]) -> float:
    """Share of rows whose pair of values never occurs in the source."""
    known, found = (
        list(zip(*(part.values[name].astype(object) for name in rule), strict=True))
        for part in (whole, made)
    )
    pairs = set(known)
    return float(np.mean([pair not in pairs for pair in found]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--generators", nargs="+", default=list(GENERATORS), choices=GENERATORS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--gan", default="{}", help="a `gan` section, as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    params = GanParams.model_validate(json.loads(arguments.gan))
    lines = []
    for name in arguments.tables:
        table = TABLES[name]
        whole = read(table, arguments.data)
        for seed in range(arguments.seeds):
            train, unseen = thinned(whole, table, seed)
            for generator in arguments.generators:
                told = measure(generator, train, unseen, whole, table, params, seed)
                lines.append({"table": name, "generator": generator, "seed": seed, **told})
                print(json.dumps(lines[-1]), flush=True)
                if arguments.out:
                    # After every line, since a whole run takes long.
                    arguments.out.write_text(json.dumps(_with_machine(lines), indent=1) + "\n")
    print(overview(lines))


def overview(lines) -> str:
    """Means over seeds, one line for each table and generator."""
    frame = pd.DataFrame(lines).drop(columns="seed")
    return frame.groupby(["table", "generator"], sort=False).mean().round(4).to_string()


def _with_machine(lines):
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {platform.system()}, {cpu_name()}, one thread",
        "command": " ".join(["python -m benchmarks.tables", *sys.argv[1:]]),
        "versions": {"torch": str(torch.__version__), "pyarrow": pa.__version__},
        "rows": lines,
    }


if __name__ == "__main__":
    main()

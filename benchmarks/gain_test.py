"""The test of paired gains beside the one before it: false alarms and power in known trials.

    python -m benchmarks.gain_test digits digits-folds --scores FOLDER
    python -m benchmarks.gain_test mnist adult mnist-4-9 --data FOLDER --scores FOLDER

Trials are those of `plain_trials`, families those of `families`. Each finished kind is a file of
scores, and is not held again. A false alarm is a lower bound above the kind's true gain, or above 0
where that is negative; power is a lower bound above the true gain less 2 points, so that every
kind's spread is tried at a gain of exactly 2 points.
"""

import argparse
import json
import zlib
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from benchmarks.families import DESIGNS, family
from benchmarks.plain_trials import CLASSIFIERS, NOT_HELD_OUT, trial
from pipeline.trial.paired_rows import PairedRows
from pipeline.trial.verdict import assess, assess_gains

REPLICATES = (5, 7, 10)
POINTS = 100.0
PLANTED_POINTS = 2.0
# Planted rows worth about 2 points; unseen rows of every class filled to so many.
PLANTED = {
    "digits": "planted-14",
    "digits-folds": "planted-60",
    "mnist": "planted-18",
    "mnist-folds": "planted-60",
    "mnist-4-9": "planted-30",
    "adult": "planted-80",
    "adult-few": "planted-80",
    "adult-folds": "planted-80",
}
NULL = ("bootstrap", "copies+chosen", "shuffled+chosen")
OTHER = ("gaussian",)


def kinds(name):
    drawn = [*NULL, *OTHER, PLANTED[name]]
    # Folds leave no rows to choose by.
    return [k for k in drawn if not (DESIGNS[name].folds and k.endswith("+chosen"))]


def hold(name, kind, trials, data, folder):
    """Labels, int64 [n], and scores, int8 [trials, replicates, n], of all trials of a kind."""
    path = folder / f"{name}_{kind}.npz"
    if path.exists():
        kept = np.load(path)
        if len(kept["scores"]) >= trials:
            return kept["labels"], kept["scores"][:trials]
    rows, own = family(name, data), zlib.crc32(f"{name} {kind}".encode())
    found = [
        trial(rows, DESIGNS[name], kind, REPLICATES[-1], np.random.default_rng([own, number]))
        for number in range(trials)
    ]
    labels, scores = found[0][0], np.stack([scores for _, scores in found])
    np.savez_compressed(path, labels=labels, scores=scores)
    return labels, scores


def figures(labels, scores, ratio):
    """What each test says after 5, 7 and 10 replicates."""
    points = np.where(scores == NOT_HELD_OUT, np.nan, scores * (POINTS / CLASSIFIERS))
    rows = [PairedRows(labels, own) for own in points]
    truth = float(np.mean([one.gains.mean() for one in rows]))
    table = {"trials": len(rows), "gain_points": truth}
    for replicates in REPLICATES:
        cut = [PairedRows(labels, own[:replicates]) for own in points]
        spread = float(np.std([one.gains.mean() for one in cut], ddof=1))
        tests = {
            "before": [assess_gains(one.gains.tolist(), held_out_ratio=ratio) for one in cut],
            "now": [assess(one) for one in cut],
        }
        for test, answers in tests.items():
            lower = np.array([one.interval.low for one in answers])
            claimed = np.sqrt(np.mean([one.standard_error**2 for one in answers]))
            table[f"{test} after {replicates}"] = {
                "false_helps": int((lower > max(truth, 0.0)).sum()),
                "helps_at_2_points": int((lower > truth - PLANTED_POINTS).sum()),
                "claimed_over_true_error": float(claimed / spread) if spread else None,
                "spread_points": spread,
            }
    return table


def markdown(results):
    """A line for each family, kind and number of replicates, before and now."""
    head = (
        "| family | kind | trials | true gain | replicates | spread of trials "
        "| error claimed / true: before, now "
        '| false "helps": before, now | "helps" at +2 points: before, now |'
    )
    lines = [head, "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, found in results.items():
        for kind, table in found.items():
            for replicates in REPLICATES:
                both = [table[f"{test} after {replicates}"] for test in ("before", "now")]
                lines.append(
                    f"| {name} | {kind} | {table['trials']} | {table['gain_points']:+.2f} "
                    f"| {replicates} | {both[0]['spread_points']:.2f} | "
                    + ", ".join(_ratio(one["claimed_over_true_error"]) for one in both)
                    + " | "
                    + ", ".join(share(one["false_helps"], table["trials"]) for one in both)
                    + " | "
                    + ", ".join(
                        f"{100 * one['helps_at_2_points'] / table['trials']:.0f} %" for one in both
                    )
                    + " |"
                )
    return "\n".join(lines)


def pooled(results, replicates):
    """False alarms of all null kinds of each family, with exact 95 % intervals."""
    lines = []
    for name, found in results.items():
        null = [table for kind, table in found.items() if kind in NULL]
        trials = sum(table["trials"] for table in null)
        helped = sum(table[f"now after {replicates}"]["false_helps"] for table in null)
        lines.append(f"| {name} | {replicates} | {share(helped, trials)} of {trials} |")
    return "\n".join(lines)


def share(count, trials):
    low, high = binomtest(count, trials).proportion_ci(0.95, method="exact")
    return f"{100 * count / trials:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _ratio(value):
    return "–" if value is None else f"{value:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="+", choices=sorted(DESIGNS))
    parser.add_argument("--trials", type=int, default=400, help="trials of each kind")
    parser.add_argument("--data", type=Path, default=Path(), help="folder with mnist/, adult.csv")
    parser.add_argument("--scores", type=Path, required=True, help="folder of finished trials")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    arguments.scores.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "gain-test.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in arguments.families:
        results[name] = {}
        for kind in kinds(name):
            held = hold(name, kind, arguments.trials, arguments.data, arguments.scores)
            results[name][kind] = figures(*held, DESIGNS[name].held_out_ratio)
            print(f"{name}: {kind}", flush=True)
        file.write_text(json.dumps(results, indent=2) + "\n")
    print(markdown(results))
    for replicates in REPLICATES:
        print(pooled(results, replicates))


if __name__ == "__main__":
    main()

"""The test of paired gains under every metric: false alarms and claimed errors in known trials.

    python -m benchmarks.metric_test digits adult adult-few adult-folds --data FOLDER

Trials are those of `plain_trials` without a choice, families those of `families`. Each classifier's
scores become probabilities by one softmax. A false alarm is a lower bound above the kind's true
gain, the mean over all of its trials, or above 0 where that is negative.
"""

import argparse
import json
import zlib
from pathlib import Path

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest

from benchmarks.families import DESIGNS, family
from benchmarks.gain_test import PLANTED
from benchmarks.plain_trials import arms, development, panel_scores, splits
from pipeline.metrics import METRICS, merit_sign
from pipeline.trial.paired_rows import PairedRows
from pipeline.trial.predictions import Prediction
from pipeline.trial.row_values import row_values
from pipeline.trial.scores import all_scores, rare_class
from pipeline.trial.verdict import assess

REPLICATES = (5, 7, 10)
POINTS = 100.0
# Of ridge regression on indicators and of votes; about what makes them calibrated.
SHARPNESS = 5.0
KINDS = ("bootstrap", "gaussian")


def metric_trial(rows, design, kind, rng):
    """Of each metric the gains, float64 [replicates], and differences of rows [replicates, n]."""
    values, labels, reserve = development(rows, design, rng)
    rare = rare_class(np.bincount(labels))
    shape = (REPLICATES[-1], len(labels))
    found = {name: (np.zeros(shape[0]), np.full(shape, np.nan)) for name in METRICS}
    for replicate, (training, _, held_out) in enumerate(splits(labels, design, shape[0], rng)):
        both = arms(kind, (values[training], labels[training]), rows, reserve, rng)
        truth = labels[held_out]
        predicted = [predictions(arm, values[held_out], rng) for arm in both]
        scores = [[all_scores(truth, one, rare=rare) for one in each] for each in predicted]
        for name, (gains, differences) in found.items():
            sign = POINTS * merit_sign(name)
            mean = [np.mean([one[name] for one in each]) for each in scores]
            gains[replicate] = sign * (mean[0] - mean[1])
            added = [
                np.mean([row_values(name, truth, one, rare=rare) for one in each], axis=0)
                for each in predicted
            ]
            differences[replicate, held_out] = sign * (added[0] - added[1])
    return labels, found


def predictions(arm, asked, rng):
    """What each classifier of the panel predicts after a fit on an arm."""
    each = [softmax(SHARPNESS * one, axis=1) for one in panel_scores(*arm, asked, rng)]
    return [Prediction(one.argmax(axis=1), one) for one in each]


def answers(rows, design, kind, trials, seed):
    """Metric → replicates → mean, lower end and standard error of each trial, [trials, 3]."""
    said = {name: {count: [] for count in REPLICATES} for name in METRICS}
    for number in range(trials):
        labels, found = metric_trial(rows, design, kind, np.random.default_rng([seed, number]))
        for name, (gains, differences) in found.items():
            for count in REPLICATES:
                test = assess(PairedRows(labels, differences[:count], gains[:count]))
                said[name][count].append((test.mean, test.interval.low, test.standard_error))
    return said


def figures(said):
    """What the test says of one kind by each metric, after 5, 7 and 10 replicates."""
    table = {}
    for name, by_count in said.items():
        truth = float(np.mean([mean for mean, _, _ in by_count[REPLICATES[-1]]]))
        table[name] = {"true_gain": truth}
        for count, rows in by_count.items():
            mean, low, error = np.array(rows).T
            spread = float(mean.std(ddof=1))
            table[name][str(count)] = {
                "trials": len(mean),
                "false_helps": int((low > max(truth, 0.0)).sum()),
                "spread": spread,
                "claimed_over_true_error": float(np.sqrt(np.mean(error**2)) / spread),
            }
    return table


def markdown(results):
    """A line for each family, kind and metric."""
    head = (
        "| family | kind | metric | true gain | spread of trials, 7 replicates "
        '| error claimed / true: 5, 7, 10 | false "helps": 5, 7, 10 |'
    )
    lines = [head, "|---|---|---|---:|---:|---:|---:|"]
    for name, found in results.items():
        for kind, table in found.items():
            for metric, of_metric in table.items():
                each = [of_metric[str(count)] for count in REPLICATES]
                lines.append(
                    f"| {name} | {kind} | {metric} | {of_metric['true_gain']:+.2f} "
                    f"| {each[1]['spread']:.2f} | "
                    + ", ".join(f"{one['claimed_over_true_error']:.2f}" for one in each)
                    + " | "
                    + ", ".join(f"{100 * one['false_helps'] / one['trials']:.1f} %" for one in each)
                    + " |"
                )
    return "\n".join(lines)


def pooled(results):
    """False alarms of each metric over all kinds but the planted ones, with exact 95 % bounds."""
    lines = ["| metric | replicates | false alarms | of | share |", "|---|---:|---:|---:|---:|"]
    for metric in METRICS:
        for count in REPLICATES:
            cells = [
                table[metric][str(count)]
                for found in results.values()
                for kind, table in found.items()
                if kind in KINDS
            ]
            helped, trials = (sum(one[key] for one in cells) for key in ("false_helps", "trials"))
            low, high = binomtest(helped, trials).proportion_ci(0.95, method="exact")
            share = f"{100 * helped / trials:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
            lines.append(f"| {metric} | {count} | {helped} | {trials} | {share} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="+", choices=sorted(DESIGNS))
    parser.add_argument("--trials", type=int, default=400, help="trials of each kind")
    parser.add_argument("--data", type=Path, default=Path(), help="folder with mnist/, adult.csv")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    file = arguments.out / "metric-test.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in arguments.families:
        rows, found = family(name, arguments.data), results.setdefault(name, {})
        for kind in (*KINDS, PLANTED[name]):
            seed = zlib.crc32(f"{name} {kind}".encode())
            found[kind] = figures(answers(rows, DESIGNS[name], kind, arguments.trials, seed))
            print(f"{name}: {kind}", flush=True)
            file.write_text(json.dumps(results, indent=2) + "\n")
    print(markdown(results))
    print(pooled(results))


if __name__ == "__main__":
    main()

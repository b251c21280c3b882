"""The test of paired gains under every metric: false alarms and claimed errors in known trials.

    python -m benchmarks.metric_test digits adult-few adult-folds mnist-4-9 --data FOLDER

Trials are those of `plain_trials` without a choice, families those of `families`. Each classifier's
scores become probabilities by one softmax. Balanced accuracy is told twice: the second time with
the threshold tuned as in the product, on the choosing rows or, in folds, on a quarter of the
training rows by a fit on the others. A false alarm is a lower bound above the kind's true gain, the
mean over all of its trials, or above 0 where that is negative. Beside the test stands the corrected
resampled t-test, which knows the gains alone.
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
from pipeline.trial.predictions import Prediction, by_rule
from pipeline.trial.row_values import row_values
from pipeline.trial.scores import all_scores, rare_class
from pipeline.trial.thresholds import tuned_offsets
from pipeline.trial.verdict import assess, assess_gains

REPLICATES = (5, 7, 10)
POINTS = 100.0
# Of ridge regression on indicators and of votes; about what makes them calibrated.
SHARPNESS = 5.0
INNER_SHARE = 0.75
BALANCED, TUNED = "balanced_accuracy", "balanced_accuracy, tuned"
KINDS = ("bootstrap", "gaussian")


def metric_trial(rows, design, kind, rng):
    """Of each metric the gains, float64 [replicates], and differences of rows [replicates, n]."""
    values, labels, reserve = development(rows, design, rng)
    rare = rare_class(np.bincount(labels))
    shape = (REPLICATES[-1], len(labels))
    found = {name: (np.zeros(shape[0]), np.full(shape, np.nan)) for name in (*METRICS, TUNED)}
    for replicate, (training, choosing, held_out) in enumerate(
        splits(labels, design, shape[0], rng)
    ):
        real, truth = (values[training], labels[training]), labels[held_out]
        both = arms(kind, real, rows, reserve, rng)
        if len(choosing):
            asked = np.concatenate([values[held_out], values[choosing]])
            shares = [predicted_shares(arm, asked, rng) for arm in both]
            known = [[one[len(held_out) :] for one in each] for each in shares]
            shares = [[one[: len(held_out)] for one in each] for each in shares]
            chosen_by = labels[choosing]
        else:
            shares = [predicted_shares(arm, values[held_out], rng) for arm in both]
            known, chosen_by = inner_shares(kind, real, rows, reserve, rng)
        counts = np.bincount(labels[training])
        predicted = [
            [prediction_of(*pair, chosen_by, counts) for pair in zip(*pairs, strict=True)]
            for pairs in zip(shares, known, strict=True)
        ]
        for rule in ("fixed_threshold", "tuned_threshold"):
            ruled = [[by_rule(one, BALANCED, rule) for one in each] for each in predicted]
            scores = [[all_scores(truth, one, rare=rare) for one in each] for each in ruled]
            for metric in METRICS if rule == "fixed_threshold" else (BALANCED,):
                gains, differences = found[metric if rule == "fixed_threshold" else TUNED]
                sign = POINTS * merit_sign(metric)
                mean = [np.mean([one[metric] for one in each]) for each in scores]
                gains[replicate] = sign * (mean[0] - mean[1])
                added = [
                    np.mean([row_values(metric, truth, one, rare=rare) for one in each], axis=0)
                    for each in ruled
                ]
                differences[replicate, held_out] = sign * (added[0] - added[1])
    return labels, found


def inner_shares(kind, real, rows, reserve, rng):
    """Of both arms of a part of the training rows, what is predicted of the others, with labels."""
    inside = np.zeros(len(real[1]), bool)
    for label in np.unique(real[1]):
        own = rng.permutation(np.flatnonzero(real[1] == label))
        inside[own[: round(INNER_SHARE * len(own))]] = True
    both = arms(kind, (real[0][inside], real[1][inside]), rows, reserve, rng)
    return [predicted_shares(arm, real[0][~inside], rng) for arm in both], real[1][~inside]


def predicted_shares(arm, asked, rng):
    """The probabilities of each classifier of the panel after a fit on an arm."""
    return [softmax(SHARPNESS * one, axis=1) for one in panel_scores(*arm, asked, rng)]


def prediction_of(shares, known, truth, counts):
    """With the threshold tuned on rows of which `known` is predicted."""
    offsets = tuned_offsets(truth, known, counts)
    return Prediction(
        shares.argmax(axis=1), shares, {name: np.asarray(one) for name, one in offsets.items()}
    )


def answers(rows, design, kind, trials, seed):
    """Metric → replicates → of each trial the mean, and lower end and standard error by each test.

    The rows have five numbers, the test's before those of the resampled t-test.
    """
    said = {name: {count: [] for count in REPLICATES} for name in (*METRICS, TUNED)}
    for number in range(trials):
        labels, found = metric_trial(rows, design, kind, np.random.default_rng([seed, number]))
        for name, (gains, differences) in found.items():
            for count in REPLICATES:
                test = assess(PairedRows(labels, differences[:count], gains[:count]))
                other = assess_gains(gains[:count], held_out_ratio=design.held_out_ratio)
                both = [(one.interval.low, one.standard_error) for one in (test, other)]
                said[name][count].append((test.mean, *both[0], *both[1]))
    return said


def figures(said):
    """What the test says of one kind by each metric, after 5, 7 and 10 replicates."""
    table = {}
    for name, by_count in said.items():
        truth = float(np.mean([row[0] for row in by_count[REPLICATES[-1]]]))
        table[name] = {"true_gain": truth}
        for count, rows in by_count.items():
            mean, low, error, other_low, other_error = np.array(rows).T
            spread = float(mean.std(ddof=1))
            table[name][str(count)] = {
                "trials": len(mean),
                "spread": spread,
                **said_by(low, error, truth, spread, ""),
                **said_by(other_low, other_error, truth, spread, "resampled_"),
            }
    return table


def said_by(low, error, truth, spread, prefix):
    """False alarms, and the error claimed beside the true one."""
    return {
        f"{prefix}false_helps": int((low > max(truth, 0.0)).sum()),
        f"{prefix}claimed_over_true_error": float(np.sqrt(np.mean(error**2)) / spread),
    }


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
    for metric in (*METRICS, TUNED):
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
    parser.add_argument("--planted", action="store_true", help="planted rows as a kind too")
    parser.add_argument("--data", type=Path, default=Path(), help="folder with mnist/, adult.csv")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    file = arguments.out / "metric-test.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in arguments.families:
        rows, found = family(name, arguments.data), results.setdefault(name, {})
        for kind in (*KINDS, *((PLANTED[name],) if arguments.planted else ())):
            seed = zlib.crc32(f"{name} {kind}".encode())
            found[kind] = figures(answers(rows, DESIGNS[name], kind, arguments.trials, seed))
            print(f"{name}: {kind}", flush=True)
            file.write_text(json.dumps(results, indent=2) + "\n")
    print(markdown(results))
    print(pooled(results))


if __name__ == "__main__":
    main()

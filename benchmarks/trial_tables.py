"""The tables of `benchmarks.trial`, from the files that its rows left.

    python -m benchmarks.trial_tables benchmarks/results/trial

Prints one line for each row and consumer, with the three answers, then of what the set of each row
is made, then every arm and comparison.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from pipeline.results import PANEL, TrialResult, deciding_comparison

ORDER = (
    "digits-80-10",
    "digits-80-20",
    "mnist-100-10",
    "mnist-50-50",
    "clothing",
    "adult-450-50",
    "telco-450-50",
    "cancer-200-20",
)


def read_rows(folder):
    """The rows that were measured, in their order."""
    files = [folder / f"{name}.json" for name in ORDER]
    return [json.loads(file.read_text()) for file in files if file.exists()]


def overview(rows):
    """One line for each row and consumer."""
    heads = (
        "row",
        "consumer",
        "set − better of real and oversampled",
        "on test",
        "",
        "what GAN rows add",
        "",
        "best recipe − plain, on real rows",
        "set under the best recipe",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        result = TrialResult.model_validate(row["result"])
        lines += [
            f"| {row['row']} | {' | '.join(answers_of(result, name))} |"
            for name in (PANEL, *result.consumers)
        ]
    promoted = sum(row["result"]["promoted"] for row in rows)
    return [*lines, "", f"Promoted: {promoted} of {len(rows)}."]


def answers_of(result, name):
    """The cells of one consumer, or of the panel."""
    comparisons = [
        deciding_comparison(result, question, name)
        for question in (
            "set against real rows",
            "GAN rows in the set",
            "best recipe on real rows",
            "set under the best recipe",
        )
    ]
    the_set, gan, recipe, on_set = comparisons
    return [
        name,
        words(the_set),
        f"{the_set.test_gain_points:+.2f}",
        the_set.verdict,
        words(gan),
        gan.verdict,
        words(recipe),
        words(on_set),
    ]


def words(comparison):
    """The mean gain in points and its interval."""
    if comparison is None:
        return "not asked"
    interval = comparison.interval_points
    return f"{comparison.mean_points:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"


def sources(rows):
    """What the set of each row holds, by source."""
    lines = ["| row | the set | rows by source |", "|---|---|---|"]
    for row in rows:
        counts = {}
        for one in row["result"]["classes"]:
            for origin, n in one["in_set"].items():
                counts[origin] = counts.get(origin, 0) + n
        told = ", ".join(f"{origin} {n}" for origin, n in counts.items())
        lines.append(f"| {row['row']} | {row['result']['set_words']} | {told} |")
    return lines


def details(row):
    """Every arm and every comparison of one row."""
    result = TrialResult.model_validate(row["result"])
    metric = result.primary_metric
    lines = [f"### {row['row']}", ""]
    lines += [f"Settings: {row['settings']}. Seconds: {row['seconds']}.", ""]
    lines += ["| consumer | arm | held out | test | how |", "|---|---|---:|---:|---|"]
    lines += [
        f"| {arm.classifier} | {arm.title} | {np.mean(arm.values[metric]):.3f} "
        f"| {arm.test[metric]:.3f} | {arm.settings} |"
        for arm in result.arms
    ]
    lines += ["", "| consumer | question | arm − reference | gain | on test | verdict |"]
    lines += ["|---|---|---|---|---:|---|"]
    lines += [
        f"| {c.classifier} | {c.question} | {c.arm} − {c.reference} | {words(c)} "
        f"| {c.test_gain_points or 0:+.2f} | {c.verdict} |"
        for c in result.comparisons
    ]
    return [*lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    rows = read_rows(parser.parse_args().folder)
    told = [line for row in rows for line in details(row)]
    print("\n".join([*overview(rows), "", *sources(rows), "", *told]))


if __name__ == "__main__":
    main()

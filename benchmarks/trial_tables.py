"""The tables of `benchmarks.trial`, from the files that its rows left.

    python -m benchmarks.trial_tables benchmarks/results/trial

Prints one line for each row and classifier, with both answers, then every arm and comparison of
each row, then whether the recommended mix did harm.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from pipeline.results import TrialResult
from pipeline.trial.panel import CHOSEN_CHEAP

ORDER = ("digits-80-10", "digits-80-20", "mnist-100-10", "mnist-50-50", "clothing")


def read_rows(folder):
    files = [folder / f"{name}.json" for name in ORDER]
    return [json.loads(file.read_text()) for file in files if file.exists()]


def arms_of(result, classifier):
    return {arm.arm: arm for arm in result.arms if arm.classifier == classifier}


def against_best_cheap(result, verdict):
    """Mean held-out and test score of the mix, minus the best cheap arm's, in points."""
    arms, metric = arms_of(result, verdict.classifier), result.primary_metric
    mix, best = arms["mix"], arms[verdict.best_cheap]
    held_out = np.mean(mix.values[metric]) - np.mean(best.values[metric])
    return 100 * held_out, 100 * (mix.test[metric] - best.test[metric])


def interval_words(mean, interval):
    return f"{mean:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"


def overview(rows):
    """One line for each row and classifier, and the mean harm of the mix."""
    heads = (
        "row",
        "classifier",
        "best cheap arm",
        "mix − current practice",
        "",
        "GAN − best cheap arm",
        "",
        "GAN − the arm it is added to: held out, test",
        "gap closed by the GAN",
        "mix − best cheap arm: held out, test",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    harms = []
    for row in rows:
        result = TrialResult.model_validate(row["result"])
        for verdict in result.verdicts:
            lines.append(overview_line(row["row"], result, verdict))
            harms.append(against_best_cheap(result, verdict))
    held_out, test = np.mean(harms, axis=0)
    lines += ["", f"Mix − best cheap arm, mean of all lines: {held_out:+.2f}, on test {test:+.2f}."]
    return lines


def added_words(comparisons):
    """What the GAN's rows did to the cheap arm that inner validation chose in each replicate."""
    (base,) = [c for c in comparisons if c.reference == CHOSEN_CHEAP]
    return f"{interval_words(base.mean_points, base.interval_points)}, {base.test_gain_points:+.2f}"


def overview_line(name, result, verdict):
    own = [c for c in result.comparisons if c.classifier == verdict.classifier]
    practice = own[0]
    (best,) = [
        c for c in own if c.question == "gan against cheap" and c.reference == verdict.best_cheap
    ]
    closed = "no ceiling" if verdict.gap_closed is None else f"{100 * verdict.gap_closed:.0f} %"
    if verdict.gap_closed_interval is not None:
        low, high = verdict.gap_closed_interval.low, verdict.gap_closed_interval.high
        closed += f" ({100 * low:.0f} to {100 * high:.0f})"
    held_out, test = against_best_cheap(result, verdict)
    cells = [
        name,
        verdict.classifier,
        arms_of(result, verdict.classifier)[verdict.best_cheap].title,
        interval_words(practice.mean_points, practice.interval_points),
        verdict.verdict,
        interval_words(best.mean_points, best.interval_points),
        verdict.gan_verdict,
        added_words(own),
        closed,
        f"{held_out:+.2f}, {test:+.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def details(row):
    """Every arm and every comparison of one row."""
    result = TrialResult.model_validate(row["result"])
    metric = result.primary_metric
    lines = [f"### {row['row']}", ""]
    lines += [f"Settings: {row['settings']}. Seconds: {row['seconds']}.", ""]
    lines += ["| classifier | arm | held out | test | how |", "|---|---|---:|---:|---|"]
    lines += [
        f"| {arm.classifier} | {arm.title} | {np.mean(arm.values[metric]):.3f} "
        f"| {arm.test[metric]:.3f} | {arm.settings} |"
        for arm in result.arms
    ]
    lines += ["", "| classifier | question | arm − reference | gain | on test | verdict |"]
    lines += ["|---|---|---|---|---:|---|"]
    lines += [
        f"| {c.classifier} | {c.question} | {c.arm} − {c.reference} "
        f"| {interval_words(c.mean_points, c.interval_points)} "
        f"| {c.test_gain_points or 0:+.2f} | {c.verdict} |"
        for c in result.comparisons
    ]
    lines.append("")
    for verdict in result.verdicts:
        shares = ", ".join(f"{s.origin} {s.points:+.2f}" for s in verdict.gain_shares)
        lines.append(f"- {verdict.classifier}: gain by source: {shares}. {verdict.mix_words}")
    return [*lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    rows = read_rows(parser.parse_args().folder)
    print("\n".join([*overview(rows), "", *(line for row in rows for line in details(row))]))


if __name__ == "__main__":
    main()

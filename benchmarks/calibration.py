"""How often the trial is wrong: trials without help, and trials in which real help was planted.

    python -m benchmarks.calibration --kinds copies --trials 100 --lines FOLDER

Each trial draws its own data from scikit-learn's digits as the product's default has them (80 and
10 training rows a class, 40 for validation; of the test, which decides nothing, 10), holds a whole
trial with a panel of fast consumers, and notes both answers. `benchmarks.plain_trials` asks the
same of the test alone, with no search for a set, thousands of times. Kinds:

- copies: the "generator" returns bootstrap copies of the training rows; curation is left out, since
  it would turn away every copy.
- shuffled: the "generator" returns real pictures under labels that mean nothing, through curation.
- shuffled-uncurated: the same without curation, so that the search alone must catch it.
- planted-N: the "generator" returns real samples that nobody has seen, filling each class to N.

Trials have 5 replicates, those with planted help 10; since each replicate is what it is whatever
their number, their answers after the first 5 are told as well. Every finished trial is a line of
`calibration-KIND.jsonl` in the folder of lines, and none that has a line is held again.
"""

import argparse
import json
import time
from concurrent.futures import as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from benchmarks.known_worth import (
    accept_all,
    bootstrap_copies,
    drawn_parts,
    shuffled_labels,
    unseen_reals,
)
from pipeline.params import TrialParams
from pipeline.randomness import derive_seed
from pipeline.results import PANEL
from pipeline.samples import concatenate
from pipeline.scale.executor import SameProcessExecutor, open_executor
from pipeline.trial.findings import Findings
from pipeline.trial.pools import judge_pool
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial

REPLICATES = (5, 10)
PARAMS = TrialParams(
    preset="light", replicates=REPLICATES[0], consumers=("svm", "logistic", "knn"), advise=()
)
TRAINING = (80,) * 5 + (10,) * 5
VALIDATION = (40,) * 10
TEST = (10,) * 10
TARGETS = (15, 20, 30, 50, 80)
PLANTED = tuple(f"planted-{n}" for n in TARGETS)
KINDS = ("copies", "shuffled", "shuffled-uncurated", *PLANTED)
# What is asked → the field of `Findings` that answers.
ASKED = {"set": "verdict", "gan": "gan_verdict"}


class ForgetfulStore(TaskStore):
    """Keeps nothing: every trial here is another one."""

    def address(self, task, addresses):
        del addresses
        return task.name

    def load(self, address):
        del address

    def save(self, address, result):
        del address, result


def run_one(kind, number):
    """One trial: both answers and gains in points, after each number of replicates."""
    seed = derive_seed(20261122, "calibration", kind, number)
    training, validation, test, reserve = drawn_parts(seed, TRAINING, VALIDATION, TEST)
    development = concatenate([training, validation])
    maker = makers(reserve)[kind]
    pool = maker(training, seed)
    data = TrialData(development, test, None, pool, training, pool.counts(), np.array(TRAINING))
    params = PARAMS.model_copy(update={"replicates": replicates_of(kind)})
    outcome = run_trial(
        data,
        params,
        seed=seed,
        make=maker,
        executor=SameProcessExecutor(),
        store=ForgetfulStore(Path(), code=""),
        judge=judge_pool if kind == "shuffled" else accept_all,
    )
    after = {n: answers(data, params, outcome, n) for n in REPLICATES if n <= params.replicates}
    return {"kind": kind, "number": number, "after": after}


def answers(data, params, outcome, replicates):
    """What the first so many replicates of a trial say."""
    own = params.model_copy(update={"replicates": replicates})
    found = Findings(data, own, replace(outcome, splits=outcome.splits[:replicates]))
    gains = {
        (c.question, c.reference): c.mean_points for c in found.comparisons if c.classifier == PANEL
    }
    return {
        "set": found.verdict,
        "gan": found.gan_verdict,
        "set_points": min(gains["set against real rows", r] for r in ("real", "oversampled")),
        "gan_points": gains["GAN rows in the set", "set_without_gan"],
    }


def replicates_of(kind):
    return REPLICATES[1] if kind in PLANTED else REPLICATES[0]


def makers(reserve):
    shuffled = partial(shuffled_labels, reserve=reserve)
    planted = {f"planted-{n}": partial(unseen_reals, reserve=reserve, target=n) for n in TARGETS}
    return {
        "copies": bootstrap_copies,
        "shuffled": shuffled,
        "shuffled-uncurated": shuffled,
        **planted,
    }


def summarise(rows):
    """Shares of each answer with exact 95 % intervals, and what the gains were."""
    table = {"trials": len(rows)}
    for replicates in rows[0]["after"]:
        found = [row["after"][replicates] for row in rows]
        for question in ASKED:
            given = [one[question] for one in found]
            points = np.array([one[f"{question}_points"] for one in found])
            helped = given.count("helps")
            interval = binomtest(helped, len(rows)).proportion_ci(0.95, method="exact")
            table[f"{question} after {replicates}"] = {
                "helps": helped / len(rows),
                "interval": [interval.low, interval.high],
                "harms": given.count("harms") / len(rows),
                "points": float(points.mean()),
                "spread": float(points.std(ddof=1)),
            }
    return table


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def hold(kind, trials, folder, executor):
    """All trials of one kind that have no line yet; the table of all that have one then."""
    path, start = folder / f"calibration-{kind}.jsonl", time.monotonic()
    held = {row["number"] for row in read_lines(path)}
    waiting = [executor.submit(run_one, kind, n) for n in range(trials) if n not in held]
    with path.open("a") as lines:
        for done, future in enumerate(as_completed(waiting), start=1):
            lines.write(json.dumps(future.result()) + "\n")
            lines.flush()
            if done % 20 == 0 or done == len(waiting):
                print(
                    f"{kind}: {done} of {len(waiting)}, {time.monotonic() - start:.0f} s",
                    flush=True,
                )
    return summarise(sorted(read_lines(path), key=lambda row: row["number"])[:trials])


def markdown(table):
    """One line a kind, question and number of replicates."""
    lines = [
        "| kind | trials | asked | mean gain ± spread | helps | harms |",
        "|---|---:|---|---:|---|---:|",
    ]
    for kind, row in table.items():
        for asked, found in row.items():
            if asked != "trials":
                low, high = found["interval"]
                lines.append(
                    f"| {kind} | {row['trials']} | {asked} | {found['points']:+.2f} ± "
                    f"{found['spread']:.2f} | {100 * found['helps']:.1f} % ({100 * low:.1f} to "
                    f"{100 * high:.1f}) | {100 * found['harms']:.1f} % |"
                )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=400, help="trials of each kind")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--workers", type=int, default=None, help="processes; default one a core")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--lines", type=Path, required=True, help="folder of finished trials")
    arguments = parser.parse_args()
    arguments.lines.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "calibration.json"
    table = {}
    with open_executor("local", workers=arguments.workers) as executor:
        for kind in arguments.kinds:
            table[kind] = hold(kind, arguments.trials, arguments.lines, executor)
            file.write_text(json.dumps(table, indent=2) + "\n")
    print(markdown(table))


if __name__ == "__main__":
    main()

"""How often the trial is wrong: A/A trials, and trials in which real help was planted.

    python -m benchmarks.calibration --kinds same copies --trials 400 --lines FOLDER

Each trial draws its own data from scikit-learn's digits as the product's default has them (80 and
10 training rows a class, 40 for validation; of the test, which decides nothing, 10), holds a whole
trial with an RBF-SVM (fast, and close to the small network in score), and notes gains. Kinds:

- same: two arms with the same recipe, each fitted on its own bootstrap of the training rows.
- copies: the "generator" returns bootstrap copies of the training rows; curation is left out, since
  it would turn away every copy.
- shuffled: the "generator" returns real pictures under labels that mean nothing, through curation.
- shuffled-uncurated: the same without curation, so that the dose alone must catch it.
- planted-N: the "generator" returns real samples that nobody has seen, filling each class to N.

Trials have 5 replicates, those with planted help 10; since each replicate is what it is whatever
their number, their verdicts after the first 5 are told as well. Every finished trial is a line of
`calibration-KIND.jsonl` in the folder of lines, and none that has a line is held again.
"""

import argparse
import json
import time
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path

import numpy as np
from pipeline.trial.summary import Summary
from scipy.stats import binomtest

from benchmarks.known_worth import (
    accept_all,
    bootstrap,
    bootstrap_copies,
    drawn_parts,
    shuffled_labels,
    unseen_reals,
)
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import TrialParams
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import concatenate
from pipeline.scale.executor import SameProcessExecutor, open_executor
from pipeline.trial.learners import fit
from pipeline.trial.pools import judge_pool
from pipeline.trial.scores import score
from pipeline.trial.splits import split_replicate
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial
from pipeline.trial.verdict import assess_gains, decide, decide_against_each

CLASSIFIER = "svm"
REPLICATES = (5, 10)
PARAMS = TrialParams(
    preset="light",
    replicates=REPLICATES[0],
    classifiers=(CLASSIFIER,),
    primary_classifier=CLASSIFIER,
)
TRAINING = (80,) * 5 + (10,) * 5
VALIDATION = (40,) * 10
TEST = (10,) * 10
TARGETS = (15, 20, 30, 50, 80)
PLANTED = tuple(f"planted-{n}" for n in TARGETS)
KINDS = ("same", "copies", "shuffled", "shuffled-uncurated", *PLANTED)


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
    """One trial: gains in points of each comparison, replicate by replicate, and doses."""
    seed = derive_seed(20261122, "calibration", kind, number)
    training, validation, test, reserve = drawn_parts(seed, TRAINING, VALIDATION, TEST)
    development = concatenate([training, validation])
    if kind == "same":
        found = same_recipe(development, seed)
    else:
        maker = makers(reserve)[kind]
        pool = maker(training, seed)
        data = TrialData(development, test, None, pool, training, pool.counts(), np.array(TRAINING))
        params = PARAMS.model_copy(update={"replicates": replicates_of(kind)})
        judge = judge_pool if kind == "shuffled" else accept_all
        found = whole_trial(data, params, seed, maker, judge)
    return {"kind": kind, "number": number, **found}


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


def whole_trial(data, params, seed, make, judge):
    outcome = run_trial(
        data,
        params,
        seed=seed,
        make=make,
        executor=SameProcessExecutor(),
        store=ForgetfulStore(Path(), code=""),
        judge=judge,
    )
    summary = Summary(data, params, outcome)
    comparisons = summary.comparisons(CLASSIFIER)
    verdict = summary.verdict(CLASSIFIER, comparisons)
    doses = [row.share for row in summary.doses(CLASSIFIER) if row.origin == "gan"]
    return {
        "ratio": outcome.splits[0].held_out_ratio,
        "mix": list(comparisons[0].gains_points),
        "gan": {c.reference: list(c.gains_points) for c in comparisons[1:]},
        "best_cheap": verdict.best_cheap,
        "share": float(np.mean(doses)) if doses else 0.0,
    }


def same_recipe(development, seed):
    """Two arms that differ in luck alone, each fitted on a bootstrap of its own."""
    gains = []
    for replicate in range(PARAMS.replicates):
        split = split_replicate(
            development,
            replicate,
            folds=PARAMS.folds,
            inner_folds=4,
            seed=seed,
            training_counts=np.array(TRAINING),
        )
        training, held_out = development.take(split.training), development.take(split.held_out)
        scores = []
        for arm in range(2):
            drawn = bootstrap(training, numpy_stream(seed, "bootstrap", replicate, arm))
            fitted = fit(CLASSIFIER, TrainingSet(drawn), Recipe(), steps=1, seed=seed)
            guess = fitted.probabilities(held_out).argmax(axis=1)
            scores.append(score(held_out.labels, guess)[PARAMS.primary_metric])
        gains.append(100 * (scores[1] - scores[0]))
    return {"ratio": split.held_out_ratio, "gan": {"same": gains}, "best_cheap": "same"}


def verdicts(row, replicates):
    """The two answers after so many replicates; the mix has none in trials of two arms."""

    def answer(gains):
        found = assess_gains(gains[:replicates], held_out_ratio=row["ratio"])
        return decide(found, min_gain=PARAMS.min_gain_points)

    answers = {"gan": decide_against_each([answer(gains) for gains in row["gan"].values()])}
    return answers | ({"mix": answer(row["mix"])} if "mix" in row else {})


def summarise(rows):
    """Shares of each verdict with exact 95 % intervals, and what the gains were."""
    best = np.array([row["gan"][row["best_cheap"]] for row in rows])
    means = best.mean(axis=1)
    claimed = [assess_gains(g, held_out_ratio=rows[0]["ratio"]).standard_error for g in best]
    table = {
        "trials": len(rows),
        "gain_over_best_cheap_points": float(means.mean()),
        "spread_between_trials_points": float(means.std(ddof=1)),
        "claimed_standard_error_points": float(np.sqrt(np.mean(np.square(claimed)))),
        "gan_share": float(np.mean([row.get("share", 0.0) for row in rows])),
    }
    for replicates in [n for n in REPLICATES if n <= replicates_of(rows[0]["kind"])]:
        answers = [verdicts(row, replicates) for row in rows]
        for question in answers[0]:
            given = [answer[question] for answer in answers]
            helped = given.count("helps")
            interval = binomtest(helped, len(rows)).proportion_ci(0.95, method="exact")
            table[f"{question} after {replicates}"] = {
                "helps": helped / len(rows),
                "interval": [interval.low, interval.high],
                "harms": given.count("harms") / len(rows),
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
    """One line a kind."""
    lines = [
        "| kind | trials | gain over the best cheap arm | spread of it between trials "
        "| standard error claimed | share of GAN rows "
        + "".join(f'| "helps" after {n} ' for n in REPLICATES)
        + "| mix "
        + "|",
        "|---|---:|---:|---:|---:|---:|" + "---|" * (len(REPLICATES) + 1),
    ]
    for kind, row in table.items():
        cells = [
            f"{row['trials']}",
            f"{row['gain_over_best_cheap_points']:+.2f}",
            f"{row['spread_between_trials_points']:.2f}",
            f"{row['claimed_standard_error_points']:.2f}",
            f"{row['gan_share']:.2f}",
            *(_share(row.get(f"gan after {n}")) for n in REPLICATES),
            _share(row.get(f"mix after {REPLICATES[0]}")),
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(answer):
    if answer is None:
        return ""
    low, high = answer["interval"]
    return f"{100 * answer['helps']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


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
    table = json.loads(file.read_text()) if file.exists() else {}
    with open_executor("local", workers=arguments.workers) as executor:
        for kind in arguments.kinds:
            table[kind] = hold(kind, arguments.trials, arguments.lines, executor)
            file.write_text(json.dumps(table, indent=2) + "\n")
    print(markdown(table))


if __name__ == "__main__":
    main()

"""How often the trial is wrong: A/A trials, and trials in which real help was planted.

    python -m benchmarks.calibration --trials 400 --out benchmarks/results/calibration.json

Each trial draws its own development data from scikit-learn's digits, holds a whole trial with an
RBF-SVM (fast, and close to the small network in score), and notes the verdicts. Kinds:

- same: two arms with the same recipe, each fitted on its own bootstrap of the training rows.
- copies: the "generator" returns bootstrap copies of the training rows; curation is left out, since
  it would turn away every copy.
- shuffled: the "generator" returns real pictures under labels that mean nothing, through curation.
- shuffled-uncurated: the same without curation, so that the dose alone must catch it.
- planted-N: the "generator" returns real samples that nobody has seen, on top of N of each class,
  in a trial of 10 replicates.
"""

import argparse
import json
import time
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.datasets import load_digits

from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import TrialParams
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples, Schema
from pipeline.scale.executor import SameProcessExecutor, open_executor
from pipeline.trial.learners import fit
from pipeline.trial.replicate import judge_pool
from pipeline.trial.scores import score
from pipeline.trial.splits import split_replicate
from pipeline.trial.summary import Summary
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial
from pipeline.trial.verdict import assess_gains, decide

CLASSIFIER = "svm"
PARAMS = TrialParams(
    preset="light",
    replicates=5,
    folds=5,
    classifiers=(CLASSIFIER,),
    primary_classifier=CLASSIFIER,
)
TEST_PER_CLASS = 40
IMBALANCED = (80,) * 5 + (10,) * 5
# Of each class, real samples before and after unseen ones are planted.
PLANTED = {"planted-10": (10, 100), "planted-20": (20, 100), "planted-40": (40, 130)}
PLANTED_REPLICATES = 10
KINDS = ("same", "copies", "shuffled", "shuffled-uncurated", *PLANTED)


class ForgetfulStore(TaskStore):
    """Keeps nothing: every trial here is another one."""

    def load(self, address):
        del address

    def save(self, address, result):
        del address, result


def digits():
    source = load_digits()
    images = np.rint(source.images * 255 / 16).astype(np.uint8)[..., None]
    return Samples(
        Schema(modality="image", classes=tuple(str(k) for k in range(10)), image_shape=(8, 8, 1)),
        images,
        source.target.astype(np.int64),
        pd.DataFrame({"id": [f"digits-{row}" for row in range(len(images))]}),
    )


def drawn_parts(seed, counts):
    """Development, test and all other rows, drawn anew for each trial."""
    everything, parts = digits(), ([], [], [])
    for label, count in enumerate(counts):
        rows = np.flatnonzero(everything.labels == label)
        rows = numpy_stream(seed, "rows", label).permutation(rows)
        parts[1].append(rows[:TEST_PER_CLASS])
        parts[0].append(rows[TEST_PER_CLASS : TEST_PER_CLASS + count])
        parts[2].append(rows[TEST_PER_CLASS + count :])
    return tuple(everything.take(np.concatenate(part)) for part in parts)


def renamed(samples, prefix):
    names = [f"{prefix}-{n}" for n in range(len(samples))]
    return Samples(samples.schema, samples.values, samples.labels, pd.DataFrame({"id": names}))


def bootstrap_copies(samples, seed):
    stream, counts = np.random.default_rng(seed), np.bincount(samples.labels)
    rows = [
        stream.choice(np.flatnonzero(samples.labels == k), counts.max() - n)
        for k, n in enumerate(counts)
    ]
    return renamed(samples.take(np.concatenate(rows).astype(np.int64)), "copy")


def shuffled_labels(samples, seed, *, reserve):
    pool = unseen_reals(samples, seed, reserve=reserve, target=None)
    rows = np.random.default_rng(seed).integers(0, len(reserve), len(pool))
    return Samples(pool.schema, reserve.values[rows], pool.labels, pool.provenance)


def unseen_reals(samples, seed, *, reserve, target):
    del seed
    counts = np.bincount(samples.labels)
    target = target or counts.max()
    rows = [np.flatnonzero(reserve.labels == k)[: target - n] for k, n in enumerate(counts)]
    return renamed(reserve.take(np.concatenate(rows)), "unseen")


def accept_all(*, pool, real, confirmer, steps, seed):
    del real, confirmer, steps, seed
    count = len(pool)
    return {
        "id": pool.ids.tolist(),
        "label": pool.labels.tolist(),
        "accepted": [True] * count,
        "reason": [""] * count,
        "score": [1.0] * count,
        "nearest_real_id": [""] * count,
        "nearest_ratio": [1.0] * count,
        "nearest_distance": [1.0] * count,
    }


def run_one(kind, number):
    """One trial; what it said."""
    seed = derive_seed(20261121, "calibration", kind, number)
    if kind == "same":
        return {"kind": kind, **same_recipe(seed)}
    params = PARAMS
    counts, target = IMBALANCED, None
    if kind in PLANTED:
        params = PARAMS.model_copy(update={"replicates": PLANTED_REPLICATES})
        before, target = PLANTED[kind]
        counts = (before,) * 10
    development, test, reserve = drawn_parts(seed, counts)
    make = {
        "copies": bootstrap_copies,
        "shuffled": partial(shuffled_labels, reserve=reserve),
        "shuffled-uncurated": partial(shuffled_labels, reserve=reserve),
    }.get(kind, partial(unseen_reals, reserve=reserve, target=target))
    pool = make(development, seed)
    data = TrialData(development, test, None, pool, development, pool.counts())
    outcome = run_trial(
        data,
        params,
        seed=seed,
        make=make,
        executor=SameProcessExecutor(),
        store=ForgetfulStore(Path(), code=""),
        judge=judge_pool if kind == "shuffled" else accept_all,
    )
    summary = Summary(data, params, outcome)
    comparisons = summary.comparisons(CLASSIFIER)
    verdict = summary.verdict(CLASSIFIER, comparisons)
    against_best = next(
        c
        for c in comparisons
        if c.question == "gan against cheap" and c.reference == verdict.best_cheap
    )
    doses = [row.share for row in summary.doses(CLASSIFIER) if row.origin == "gan"]
    return {
        "kind": kind,
        "mix": verdict.verdict,
        "gan": verdict.gan_verdict,
        "best_cheap": verdict.best_cheap,
        "gan_gain_points": against_best.mean_points,
        "gan_test_gain_points": against_best.test_gain_points,
        "gan_detectable_points": against_best.detectable_points,
        "mix_gain_points": comparisons[0].mean_points,
        "gan_share": float(np.mean(doses)) if doses else 0.0,
    }


def same_recipe(seed):
    """Two arms that differ in luck alone, each fitted on a bootstrap of its own."""
    development, _, _ = drawn_parts(seed, IMBALANCED)
    gains = []
    for replicate in range(PARAMS.replicates):
        split = split_replicate(
            development, replicate, folds=PARAMS.folds, inner_folds=4, seed=seed
        )
        training, held_out = development.take(split.training), development.take(split.held_out)
        scores = []
        for arm in range(2):
            stream = numpy_stream(seed, "bootstrap", replicate, arm)
            rows = np.concatenate(
                [
                    stream.choice(np.flatnonzero(training.labels == k), n)
                    for k, n in enumerate(np.bincount(training.labels))
                ]
            )
            fitted = fit(CLASSIFIER, TrainingSet(training.take(rows)), Recipe(), steps=1, seed=seed)
            guess = fitted.probabilities(held_out).argmax(axis=1)
            scores.append(score(held_out.labels, guess)[PARAMS.primary_metric])
        gains.append(100 * (scores[1] - scores[0]))
    found = assess_gains(gains, held_out_ratio=split.held_out_ratio)
    return {"gan": decide(found, min_gain=0.0), "gan_gain_points": found.mean}


def summarise(rows):
    """Shares of each verdict by kind, with exact 95 % intervals."""
    table = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        entry = {"trials": len(own)}
        for question in ("gan", "mix"):
            if question in own[0]:
                helped = sum(row[question] == "helps" for row in own)
                interval = binomtest(helped, len(own)).proportion_ci(0.95, method="exact")
                entry[f"{question}_helps"] = helped / len(own)
                entry[f"{question}_helps_interval"] = [interval.low, interval.high]
                entry[f"{question}_harms"] = sum(r[question] == "harms" for r in own) / len(own)
        for name in (
            "gan_gain_points",
            "gan_test_gain_points",
            "gan_detectable_points",
            "mix_gain_points",
            "gan_share",
        ):
            if name in own[0]:
                entry[name] = float(np.mean([row[name] for row in own]))
        table[kind] = entry
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=400, help="trials of each kind")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--workers", type=int, default=None, help="processes; default one a core")
    parser.add_argument("--out", type=Path, default=None, help="write the table as JSON here")
    arguments = parser.parse_args()
    rows, start = [], time.monotonic()
    with open_executor("local", workers=arguments.workers) as executor:
        waiting = [
            executor.submit(run_one, kind, number)
            for kind in arguments.kinds
            for number in range(arguments.trials)
        ]
        for future in as_completed(waiting):
            rows.append(future.result())
            if len(rows) % 20 == 0 or len(rows) == len(waiting):
                print(
                    f"{len(rows)} of {len(waiting)}, {time.monotonic() - start:.0f} s", flush=True
                )
                table = summarise(sorted(rows, key=lambda row: KINDS.index(row["kind"])))
                if arguments.out:
                    arguments.out.parent.mkdir(parents=True, exist_ok=True)
                    arguments.out.write_text(json.dumps(table, indent=2) + "\n")
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()

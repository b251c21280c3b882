"""What the networks that judge rows make of them, by where their batch-norm statistics come from.

    python -m benchmarks.judge --work FOLDER                                digits 80/10
    python -m benchmarks.judge --work FOLDER --task mnist --data DIR        MNIST 100/10

DIR holds `mnist/` (IDX files). Each seed draws its own training rows and trains the product's
generator on them; its samples lie in the folder of work, so that an interrupted benchmark goes on.
The same trained networks are compared with statistics from sharp reals (share 0, what a consumer
has), from reals half of which are augmented, and from augmented reals alone (share 1).

A generated row is good when the referee gives it the label that was asked for: an RBF-SVM, which
has no batch norm, fitted on the training rows, all unseen reals, and affine copies of both.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np
from sklearn.svm import SVC

from benchmarks.gan_data import load_task
from pipeline import balance, synthesis
from pipeline.fidelity.judge import judge
from pipeline.modalities.image import classifier as image_classifier
from pipeline.modalities.image.copies import augmented_copies, deformed_copies
from pipeline.modalities.recipe import TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.params import BalanceParams, GanParams
from pipeline.samples import Samples, concatenate
from pipeline.trial.curation import curate
from pipeline.trial.learners import fit

SHARES = (0.0, 0.5, 1.0)
COPIES_PER_CLASS = 100
GENERATED_PER_CLASS = 100
REFEREE_COPIES = 2
STEPS = 400
METRICS = ("fid", "kid", "coverage")
UNCONFIRMED, OFF = "label not confirmed", "off the class's manifold"


def generated(task, path, seed):
    """The pool as the product draws it, and at least 100 rows of each class; kept in a file."""
    if not path.exists():
        params = GanParams(preset="residual", steps=1500)
        fitted = synthesis.train_generator(task.train, params, seed=seed)
        requested = balance.request(task.train.counts(), BalanceParams())
        counts = balance.pool(requested, BalanceParams())
        pool = synthesis.draw(fitted, {k: max(n, GENERATED_PER_CLASS) for k, n in counts.items()})
        np.savez(path, values=pool.values, labels=pool.labels, ids=pool.ids.astype(str))
    kept = np.load(path)
    provenance = task.train.provenance.iloc[:0].reindex(range(len(kept["ids"])))
    provenance["id"] = kept["ids"]
    return Samples(task.train.schema, kept["values"], kept["labels"], provenance)


def copies_of(rows, seed):
    """Affine, deformed, and deformed and affine copies, 100 of each class."""
    stream = np.random.default_rng(seed)
    classes = range(len(rows.schema.classes))
    parents = [stream.choice(np.flatnonzero(rows.labels == k), COPIES_PER_CLASS) for k in classes]
    parents = np.concatenate(parents)
    affine = augmented_copies(rows, parents, strength=1.0, seed=seed)
    deformed = deformed_copies(rows, parents, seed=seed)
    every = np.arange(len(deformed))
    return affine, deformed, augmented_copies(deformed, every, strength=1.0, seed=seed + 1)


def referee(reals, seed):
    parents = np.tile(np.arange(len(reals)), REFEREE_COPIES)
    rows = concatenate([reals, augmented_copies(reals, parents, strength=1.0, seed=seed)])
    return SVC(C=10.0).fit(pixels(rows), rows.labels)


def referee_accuracy(task, seed):
    """Of a referee that lacks one half of the unseen reals, on that half."""
    order = np.random.default_rng(seed).permutation(len(task.unseen))
    seen, asked = (task.unseen.take(part) for part in np.array_split(order, 2))
    known = referee(concatenate([task.train, seen]), seed)
    return known.score(pixels(asked), asked.labels)


def pixels(rows):
    return rows.values.reshape(len(rows), -1) / 255.0


def per_class(hits, labels, classes):
    return np.array([hits[labels == k].mean() for k in range(classes)])


def measure(task, pool, good, seed):
    """Percentages of one setting of the statistics; what curation rejects also class by class."""
    network = fit(
        "cnn", TrainingSet(task.train), modality_of(task.train.schema).judge, steps=STEPS, seed=seed
    )
    judged = curate(pool, task.train, confirmer="cnn", steps=STEPS, seed=seed)
    reasons = judged["reason"].to_numpy()

    def wrong(rows):
        return network.probabilities(rows).argmax(axis=1) != rows.labels

    names = ("affine", "deformed", "deformed and affine")
    found = {
        f"{name} copies mislabelled": wrong(rows).mean()
        for name, rows in zip(names, copies_of(task.train, seed), strict=True)
    }
    classes = len(pool.schema.classes)
    reals = per_class(wrong(task.unseen), task.unseen.labels, classes)
    found["unseen reals mislabelled"] = reals.mean()
    found["good generated rows mislabelled"] = wrong(pool)[good].mean()
    found["good rows not confirmed"] = (reasons == UNCONFIRMED)[good].mean()
    found["good rows off the manifold"] = (reasons == OFF)[good].mean()
    found["good rows rejected"] = (reasons != "")[good].mean()
    unconfirmed = per_class((reasons == UNCONFIRMED)[good], pool.labels[good], classes)
    rejected = per_class((reasons != "")[good], pool.labels[good], classes)
    found |= {f"not confirmed, class {k}": n for k, n in enumerate(unconfirmed)}
    found |= {f"rejected, class {k}": n for k, n in enumerate(rejected)}
    found = {name: 100 * value for name, value in found.items()}
    found["bad rows confirmed"] = float((reasons != UNCONFIRMED)[~good].sum())
    fidelity = judge(
        network.features(task.unseen),
        task.unseen.labels,
        network.features(pool),
        pool.labels,
        classes=pool.schema.classes,
        features="",
        seed=seed,
        metrics=METRICS,
    )
    for row in fidelity:
        if row.class_name is None:
            found |= {row.metric: row.value, f"{row.metric} floor": row.floor}
    return found


def markdown(results):
    """A line a figure; a column a share, with its paired change from share 0 ± standard error."""
    head = "| | " + " | ".join(f"{100 * share:.0f} % augmented" for share in SHARES) + " |"
    lines = [head, "|---|" + "---:|" * len(SHARES)]
    for name in results[SHARES[0]][0]:
        columns = [np.array([found[name] for found in results[share]]) for share in SHARES]
        cells = [f"{columns[0].mean():.2f}"]
        for column in columns[1:]:
            change = column - columns[0]
            error = change.std(ddof=1) / len(change) ** 0.5 if len(change) > 1 else float("nan")
            cells.append(f"{column.mean():.2f} ({change.mean():+.2f} ± {error:.2f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--data", type=Path, help="folder that holds mnist/")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--work", type=Path, required=True, help="folder of generated rows")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    results = {share: [] for share in SHARES}
    for seed in asked.seeds:
        task = load_task(asked.task, seed=seed, folder=asked.data)
        pool = generated(task, asked.work / f"{asked.task}-{seed}.npz", seed)
        everything = concatenate([task.train, task.unseen])
        good = referee(everything, seed).predict(pixels(pool)) == pool.labels
        for share in SHARES:
            with patch.object(image_classifier, "CHANGED_SHARE", share):
                results[share].append(measure(task, pool, good, seed))
        accuracy = 100 * referee_accuracy(task, seed)
        print(f"seed {seed}: {good.sum()} of {len(good)} generated rows are good;", end=" ")
        print(f"the referee is right about {accuracy:.1f} % of unseen reals", flush=True)
    print(markdown(results))


if __name__ == "__main__":
    main()

"""Whether rows that a teacher labelled serve plain fits better than the same rows as proposed.

    python -m benchmarks.teacher --resplits 0 1 2 3 --out benchmarks/results/teacher.json
    python -m benchmarks.teacher --mnist DIR --models svm logistic knn --fills 4 --out FILE
    python -m benchmarks.teacher --tables benchmarks/results/teacher.json

Digits, five classes of 80 rows and five of 10, drawn anew in each resplit; all other 1,347 digits
score. Or MNIST (DIR holds its IDX files), five classes of 100 and five of 10; 2,000 others score.
Every classifier is fitted plainly, on real rows and added ones. Nothing is chosen on the rows that
score. Balanced accuracy in %.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from benchmarks.trial import read_idx
from pipeline.modalities.image.classifier import train_image_classifier
from pipeline.modalities.image.columns import Pixels
from pipeline.modalities.image.modality import ImageModality
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples, concatenate
from pipeline.sources.digits import SCHEMA, Digits
from pipeline.storage import from_arrow
from pipeline.trial.teacher import fit_teacher, taught_rows
from pipeline.workspace import write_bytes

DIGITS_COUNTS, MNIST_COUNTS = ([n] * 5 + [10] * 5 for n in (80, 100))
MNIST_UNSEEN = 200  # of each class
STEPS = 400
# More rows are proposed than are wanted, since labels drawn anew move rows between classes.
PROPOSED_SHARE = 1.6
# Of the teacher's probabilities, told beside its own.
POWERS = (1.0, 1.5, 2.0, 3.0)


def digits():
    source = Digits()
    rows = np.arange(len(source.survey().rows))
    return concatenate([from_arrow(table, SCHEMA) for table in source.read(rows)])


def mnist(folder):
    """So many of MNIST's training rows as one resplit uses, the first of each class."""
    labels = read_idx(folder, "labels-idx1", header=8).astype(np.int64)
    images = read_idx(folder, "images-idx3", header=16).reshape(len(labels), 28, 28, 1)
    parts = [np.flatnonzero(labels == k)[: n + MNIST_UNSEEN] for k, n in enumerate(MNIST_COUNTS)]
    rows = np.concatenate(parts)
    schema = SCHEMA.model_copy(update={"image_shape": (28, 28, 1)})
    names = pd.DataFrame({"id": [f"mnist-{row}" for row in rows]})
    return Samples(schema, images[rows], labels[rows], names)


def part(samples, counts, seed):
    """(Training rows, all others)."""
    stream = numpy_stream(seed, "resplit")
    drawn = [
        stream.permutation(np.flatnonzero(samples.labels == k))[:n] for k, n in enumerate(counts)
    ]
    training = np.concatenate(drawn)
    return samples.take(training), samples.take(np.setdiff1d(np.arange(len(samples)), training))


def models(seed):
    return {
        "svm": lambda: SVC(C=10.0),
        "logistic": lambda: LogisticRegression(max_iter=500),
        "knn": lambda: KNeighborsClassifier(),
        "forest": lambda: RandomForestClassifier(200, random_state=seed),
        "boosting": lambda: HistGradientBoostingClassifier(random_state=seed),
    }


def guess(name, rows, unseen, seed):
    if name == "cnn":
        network = train_image_classifier(TrainingSet(rows), Recipe(), steps=STEPS, seed=seed)
        return network.probabilities(unseen).argmax(axis=1)
    model = models(seed % 2**32)[name]()
    pixels = Pixels().columns
    return model.fit(pixels(rows), rows.labels).predict(pixels(unseen))


def balanced_accuracy(truth, guessed):
    return 100 * float(np.mean([(guessed[truth == k] == k).mean() for k in np.unique(truth)]))


def repeated(real, wanted):
    parts = [np.resize(np.flatnonzero(real.labels == k), n) for k, n in enumerate(wanted)]
    return real.take(np.concatenate(parts))


def first(rows, labels, wanted):
    """Of the rows, relabelled, the first that are wanted of each class."""
    keep = np.concatenate([np.flatnonzero(labels == k)[:n] for k, n in enumerate(wanted)])
    taken = rows.take(keep)
    return Samples(taken.schema, taken.values, labels[keep], taken.provenance)


def drawn(probabilities, stream):
    edges = probabilities.cumsum(axis=1) / probabilities.sum(axis=1, keepdims=True)
    return (edges < stream.random((len(edges), 1))).sum(axis=1)


def normalised(scores):
    return scores / scores.sum(axis=1, keepdims=True)


def mean_loss(scores, labels):
    """Class-balanced negative log-likelihood, in nats."""
    each = -np.log(np.clip(normalised(scores)[np.arange(len(labels)), labels], 1e-9, 1))
    return float(np.mean([each[labels == k].mean() for k in np.unique(labels)]))


def labelled(teacher, rows, wanted, seed):
    """Rule → the rows with labels by it, from the same proposals."""
    told = teacher.probabilities(rows)
    rules = {
        "own": rows.labels,
        "argmax": told.argmax(axis=1),
        "drawn": drawn(told ** (1 / ImageModality.sharpening), numpy_stream(seed, "drawn")),
        "drawn, sharpened": drawn(told, numpy_stream(seed, "drawn")),
    }
    return {rule: first(rows, labels, wanted) for rule, labels in rules.items()}


def sets(real, teacher, fill, origins, seed):
    """Name → the rows that are added to the real ones."""
    counts = np.bincount(real.labels)
    wanted = fill * counts.max() - counts
    yield "oversampled", repeated(real, wanted)
    equal = np.full(len(counts), int(PROPOSED_SHARE * wanted.max()))
    for origin in origins:
        rows = ImageModality.makers[origin](real, equal, seed=derive_seed(seed, origin))
        rows = rows.take(numpy_stream(seed, "order", origin).permutation(len(rows)))
        for rule, added in labelled(teacher, rows, wanted, seed).items():
            yield f"{origin}, {rule}", added
    yield "taught", taught_rows(teacher, real, wanted, seed=seed)


def run(samples, counts, seed, asked):
    real, unseen = part(samples, counts, seed)
    begin = time.process_time()
    teacher = fit_teacher(real, steps=STEPS, seed=seed)
    facts = {"resplit": seed, "fit_s": time.process_time() - begin}
    begin = time.process_time()
    taught_rows(teacher, real, 4 * max(counts) - np.array(counts), seed=seed)
    facts["rows_s"] = time.process_time() - begin
    told = teacher.probabilities(unseen)
    facts["teacher"] = balanced_accuracy(unseen.labels, told.argmax(axis=1))
    for power in POWERS:
        facts[f"loss at {power:g}"] = mean_loss(
            told ** (power / ImageModality.sharpening), unseen.labels
        )
        own = normalised(teacher.probabilities(real) ** (power / ImageModality.sharpening))
        facts[f"own at {power:g}"] = float(own[np.arange(len(own)), real.labels].mean())
    scores = []

    def add(arm, fill, rows):
        for name in asked.models:
            guessed = guess(name, rows, unseen, derive_seed(seed, "student"))
            found = balanced_accuracy(unseen.labels, guessed)
            scores.append(
                {"resplit": seed, "arm": arm, "fill": fill, "model": name, "score": found}
            )

    add("real", 0, real)
    for fill in asked.fills:
        for arm, added in sets(real, teacher, fill, asked.origins, seed):
            add(arm, fill, concatenate([real, added]))
    return facts, scores


def tables(found):
    scores = pd.DataFrame([row for one in found for row in one["scores"]])
    table = scores.pivot_table(index=["fill", "arm"], columns="model", values="score", sort=False)
    mean = scores.groupby(["fill", "arm", "resplit"], sort=False)["score"].mean().unstack()
    gains = mean - mean.loc[(0, "real")]
    table["mean"] = mean.mean(axis=1)
    table["over real"] = gains.mean(axis=1)
    table["s.e."] = gains.std(axis=1) / np.sqrt(mean.shape[1])
    print(pd.DataFrame([one["facts"] for one in found]).round(2).to_string(index=False))
    print(table.round(2).to_string())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resplits", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--models", nargs="+", default=[*models(0), "cnn"])
    parser.add_argument("--origins", nargs="+", default=["deformed"])
    parser.add_argument("--fills", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tables", type=Path, nargs="+")
    asked = parser.parse_args()
    if asked.tables:
        tables([one for path in asked.tables for one in json.loads(path.read_text())])
        return
    samples, counts = (
        (mnist(asked.mnist), MNIST_COUNTS) if asked.mnist else (digits(), DIGITS_COUNTS)
    )
    found = []
    for seed in asked.resplits:
        facts, scores = run(samples, counts, seed, asked)
        found.append({"facts": facts, "scores": scores})
        print(facts, flush=True)
        if asked.out:
            write_bytes(asked.out, (json.dumps(found) + "\n").encode())
    tables(found)


if __name__ == "__main__":
    main()

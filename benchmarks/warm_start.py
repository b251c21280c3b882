"""Whether a warm start pays: `python -m benchmarks.warm_start [--seeds N]`.

A generator is trained on nine tenths of digits 80/10; then the rest is added, and one is trained on
all for so many steps, from zero and from the first. Both are scored by their coverage of reals that
neither has seen (pixels, k = 3, as many fakes as reals). One JSON document goes to standard output:
start and steps → coverage of common and of rare classes, means over the seeds.
"""

import argparse
import json

import numpy as np

from benchmarks.gan_data import Task, load_task
from pipeline import synthesis
from pipeline.manifold import coverage
from pipeline.params import GanParams
from pipeline.synthesis import FittedGenerator, Start

EARLIER_STEPS = 1250
STEPS = (100, 300, 600, 1250)
NEIGHBOURS = 3


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(parser.parse_args().seeds):
        task = load_task("digits", seed=seed, folder=None)
        earlier = _train(task, _nine_tenths(task), EARLIER_STEPS, seed, None)
        start = Start("v0.1.0", earlier)
        found.setdefault("earlier", []).append(_scores(task, earlier))
        every = np.arange(len(task.train))
        for steps in STEPS:
            for name, given in (("zero", None), ("warm", start)):
                fitted = _train(task, every, steps, seed + 100, given)
                found.setdefault(f"{name} {steps}", []).append(_scores(task, fitted))
    means = {name: np.round(np.mean(scores, axis=0), 3).tolist() for name, scores in found.items()}
    print(json.dumps(means, indent=2))


def _nine_tenths(task: Task) -> np.ndarray:
    """Rows without the last tenth of each class."""
    labels = task.train.labels
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.concatenate([of_class[: len(of_class) * 9 // 10] for of_class in rows])


def _train(
    task: Task, rows: np.ndarray, steps: int, seed: int, start: Start | None
) -> FittedGenerator:
    params = GanParams(steps=steps, batch_samples=64)
    return synthesis.train_generator(task.train.take(rows), params, seed=seed, start=start)


def _scores(task: Task, fitted: FittedGenerator) -> tuple[float, float]:
    """Coverage of common and of rare classes, means over the classes."""
    drawn = synthesis.draw(fitted, task.unseen.counts())
    pixels = [part.values.reshape(len(part), -1).astype(float) for part in (task.unseen, drawn)]
    covered = np.array(
        [
            coverage(
                pixels[0][task.unseen.labels == label],
                pixels[1][drawn.labels == label],
                neighbours=NEIGHBOURS,
            )
            for label in range(len(task.unseen.schema.classes))
        ]
    )
    is_rare = np.isin(np.arange(len(covered)), task.rare)
    return float(covered[~is_rare].mean()), float(covered[is_rare].mean())


if __name__ == "__main__":
    main()

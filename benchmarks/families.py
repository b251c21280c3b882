"""Labelled rows to draw development samples from, as plain numbers: pictures and tables.

All but digits are read from files of the caller's own: `mnist` with IDX files in it, `adult.csv`.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from benchmarks.plain_trials import Design, Family
from pipeline.sources.idx_file import read_blocks, read_header

COMPONENTS = 40
NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
WORDS = ("marital-status", "relationship", "sex", "occupation", "workclass")

# Fives common and rare classes as in the default run, on fewer rows where the family is small: a
# development sample that is much of its family would vary less from trial to trial than it should.
DESIGNS = {
    "digits": Design((40,) * 5 + (8,) * 5, (24,) * 10),
    "digits-folds": Design((80,) * 5 + (20,) * 5, (0,) * 10, folds=5),
    "mnist": Design((80,) * 5 + (10,) * 5, (40,) * 10),
    "mnist-folds": Design((80,) * 5 + (20,) * 5, (0,) * 10, folds=5),
    "mnist-4-9": Design((200, 20), (300, 300)),
    "adult": Design((400, 40), (600, 600)),
    # As many rare rows as a small table holds out: 20 a replicate, and 8 a fold.
    "adult-few": Design((400, 40), (300, 30)),
    "adult-folds": Design((400, 40), (0, 0), folds=5),
}


def family(name, data):
    """The family by name, columns centred and scaled to a root mean square of 1 altogether."""
    if name.startswith("digits"):
        found = load_digits()
        values, labels = found.data, found.target
    elif name.startswith("mnist"):
        values, labels = mnist(data / "mnist")
        if name == "mnist-4-9":
            wanted = np.isin(labels, (4, 9))
            values, labels = values[wanted], (labels[wanted] == 9).astype(int)
    else:
        values, labels = adult(data / "adult.csv")
    values = values - values.mean(axis=0)
    if values.shape[1] > 100:
        directions = np.linalg.eigh(np.cov(values.T))[1][:, -COMPONENTS:]
        values = values @ directions
    values /= np.sqrt(np.square(values).mean())
    return Family(values.astype(np.float32), labels.astype(np.int64))


def mnist(folder):
    """Pictures averaged over squares of 2×2 pixels, float64 [n, 196], and digits."""

    def read(stem):
        paths = sorted(folder.glob(f"*{stem}*"))
        return np.concatenate([np.concatenate(list(read_blocks(p, read_header(p)))) for p in paths])

    images = read("images").reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return images.reshape(len(images), -1), read("labels")


def adult(file):
    """Numbers by their spread, incomes from capital as logarithms, words one column a value."""
    table = pd.read_csv(file, skipinitialspace=True)
    numbers = table[list(NUMBERS)].astype(float)
    for name in ("capital-gain", "capital-loss"):
        numbers[name] = np.log1p(numbers[name])
    numbers = (numbers - numbers.mean()) / numbers.std()
    words = pd.get_dummies(table[list(WORDS)]).astype(float)
    return np.hstack([numbers, words]), (table["income"] == ">50K").to_numpy()

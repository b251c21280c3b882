"""What a pulled set of digits gives to whoever trains on it: plain scikit-learn fits, no weights.

    python -m benchmarks.consumer WORKSPACE [--rows train]

WORKSPACE holds a finished run on the embedded digits. Five classifiers are fitted on the released
rows as they are, and beside that on the real ones among them, plain and oversampled to balance;
all are scored on every digit that is neither in the set nor among its parents. Nothing of the
trial is used: this is what a consumer does with `load_frame`, NumPy and scikit-learn.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from pipeline.dataset.load import load_frame

CLASSIFIERS = {
    "SVM": lambda: SVC(),
    "logistic regression": lambda: LogisticRegression(max_iter=1000),
    "k-NN": lambda: KNeighborsClassifier(),
    "random forest": lambda: RandomForestClassifier(random_state=0),
    "boosting": lambda: HistGradientBoostingClassifier(random_state=0),
}


def pixels(frame):
    """Images as float64 [n, 64] in [0, 1]."""
    images = [np.asarray(Image.open(io.BytesIO(content))) for content in frame["image"]]
    return np.stack(images).reshape(len(frame), -1) / 255.0


def unseen(seen):
    """The embedded digits that are not among these rows, and their labels."""
    source = load_digits()
    images = np.rint(source.data * 255 / 16) / 255.0
    known = {row.tobytes() for row in np.rint(seen * 255).astype(np.uint8)}
    fresh = [np.rint(row * 255).astype(np.uint8).tobytes() not in known for row in images]
    return images[fresh], source.target[fresh]


def oversampled(rows, labels):
    """Rows of smaller classes repeated until all are equally many."""
    most = np.bincount(labels).max()
    order = np.concatenate(
        [np.resize(np.flatnonzero(labels == k), most) for k in np.unique(labels)]
    )
    return rows[order], labels[order]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rows", default="train", choices=("train", "balanced", "all"))
    arguments = parser.parse_args()
    frame = load_frame(arguments.workspace / "data" / "augmented", rows=arguments.rows)
    rows, labels = pixels(frame), frame["label"].to_numpy()
    is_real = ~frame["is_synthetic"].to_numpy(dtype=bool)
    real = rows[is_real], labels[is_real]
    queries, truth = unseen(real[0])
    print(f"{len(rows)} rows, {is_real.sum()} of them real; scored on {len(truth)} unseen digits\n")
    print("| classifier | real | oversampled | the set | gain over the better |")
    print("|---|---:|---:|---:|---:|")
    gains = []
    for name, make in CLASSIFIERS.items():
        scores = [
            100 * balanced_accuracy_score(truth, make().fit(*given).predict(queries))
            for given in (real, oversampled(*real), (rows, labels))
        ]
        gains.append(scores[2] - max(scores[:2]))
        told = " | ".join(f"{score:.2f}" for score in scores)
        print(f"| {name} | {told} | {gains[-1]:+.2f} |")
    print(f"\nmean gain {np.mean(gains):+.2f} points, least {min(gains):+.2f}")


if __name__ == "__main__":
    main()

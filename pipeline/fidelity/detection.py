"""Can a classifier tell synthetic samples from real ones? Cross-validated, beside real halves."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from pipeline.fidelity.judge import Draw, equal_draws
from pipeline.randomness import derive_seed
from pipeline.results import FidelityRow

FOLDS = 5
# Each is two cross-validations; the floor of one pair of halves is a draw of luck.
HALVINGS = 2
FEWEST_ROWS = 10
ITERATIONS = 60
# Samples of a leaf: with the usual 20, few rows could not be split at all.
FEWEST_IN_LEAF, MOST_IN_LEAF, LEAVES = 2, 20, 12
# Of numbers; most of the time goes into bins, and more of them found nothing more. Categories need
# one each.
BINS, MOST_BINS = 64, 255
MOST_CLASSES_AS_CATEGORIES = 255


def judge_detection(
    real: np.ndarray,
    real_labels: np.ndarray,
    fake: np.ndarray,
    fake_labels: np.ndarray,
    *,
    categorical: np.ndarray | None,
    classes: tuple[str, ...],
    features: str,
    seed: int,
    others: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[FidelityRow, ...]:
    """Area under the curve of histogram boosting that tells synthetic from real, out of fold.

    It sees the class as well, so that a right value in the wrong class is found. One classifier is
    fitted for all classes; of each class its scores of that class are told.

    Args:
        real: Real samples that the generator did not see, float64 [n, d]; NaN is a gap.
        fake: Synthetic samples, float64 [m, d].
        categorical: Which columns are codes of categories, bool [d]; None where none are.
        features: What the columns are, for the reader.
        others: Other real samples for the floor, float64 [k, d], and their classes; without any,
            the real ones are halved.

    Returns:
        0.5 where they cannot be told apart, 1 where always; the floor is that of two sets of real
        samples at equal n.

    Source: the classifier two-sample test of Lopez-Paz and Oquab 2017, arXiv:1610.06545.
    """
    if not len(fake_labels):
        return ()
    other, other_labels = others or (real, real_labels)
    drawn = equal_draws(
        real_labels,
        fake_labels,
        None,
        seed,
        other_labels=None if others is None else other_labels,
    )
    draws = list(drawn)[:HALVINGS]
    areas: list[list[dict[int | None, float]]] = [[], []]
    for number, draw in enumerate(draws):
        sides = ((fake, fake_labels, draw.drawn), (other, other_labels, draw.other))
        for found, (asked, labels, rows) in zip(areas, sides, strict=True):
            columns = np.concatenate([real[draw.reference], asked[rows]])
            of_class = np.concatenate([real_labels[draw.reference], labels[rows]])
            is_other = np.repeat([0, 1], [len(draw.reference), len(rows)])
            own = derive_seed(seed, "detection", number) % 2**32
            found.append(_areas(columns, of_class, is_other, categorical, seed=own))
    return tuple(
        _row(scope, areas, draws, fake_labels, classes, features)
        for scope in [None, *map(int, np.unique(fake_labels))]
    )


def _areas(
    columns: np.ndarray,
    labels: np.ndarray,
    is_other: np.ndarray,
    categorical: np.ndarray | None,
    *,
    seed: int,
) -> dict[int | None, float]:
    """Area of all classes together (None) and of each that has enough rows."""
    if min(np.bincount(is_other, minlength=2)) < FEWEST_ROWS:
        return {}
    seen = np.column_stack([columns, labels])
    marks = np.zeros(columns.shape[1], bool) if categorical is None else categorical
    marks = np.append(marks, labels.max() < MOST_CLASSES_AS_CATEGORIES)
    codes = seen[:, marks]
    bins = MOST_BINS if codes.size and np.nanmax(codes, initial=0) >= BINS else BINS
    leaf = max(FEWEST_IN_LEAF, min(MOST_IN_LEAF, len(seen) // LEAVES))
    scores = np.zeros(len(seen))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, held in folds.split(seen, is_other):
        model = HistGradientBoostingClassifier(
            max_iter=ITERATIONS,
            max_bins=bins,
            min_samples_leaf=leaf,
            early_stopping=False,
            categorical_features=marks if marks.any() else None,
            random_state=seed,
        )
        model.fit(seen[fitted], is_other[fitted])
        # By rank within the fold: models of different folds differ in their mean, and pooled as
        # they are, few rows would seem to be told apart worse than by guessing.
        scores[held] = rankdata(model.predict_proba(seen[held])[:, 1]) / len(held)
    areas: dict[int | None, float] = {None: float(roc_auc_score(is_other, scores))}
    for label in np.unique(labels):
        own = labels == label
        if min(np.bincount(is_other[own], minlength=2)) >= FEWEST_ROWS:
            areas[int(label)] = float(roc_auc_score(is_other[own], scores[own]))
    return areas


def _row(
    scope: int | None,
    areas: list[list[dict[int | None, float]]],
    draws: Sequence[Draw],
    fake_labels: np.ndarray,
    classes: tuple[str, ...],
    features: str,
) -> FidelityRow:
    drawn = fake_labels[draws[0].drawn]
    n = len(drawn) if scope is None else int((drawn == scope).sum())
    sides = [[each[scope] for each in side if scope in each] for side in areas]
    told = all(sides)
    return FidelityRow(
        metric="detection",
        class_name=None if scope is None else classes[scope],
        value=float(np.mean(sides[0])) if told else None,
        floor=float(np.mean(sides[1])) if told else None,
        n_samples=n,
        features=features,
        note=""
        if told
        else f"{n} samples on each side are too few to tell apart; at least {FEWEST_ROWS} are "
        "needed.",
    )

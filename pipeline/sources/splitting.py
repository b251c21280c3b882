"""Which row goes to training, validation, test, or is withheld.

Rows that belong together (one group, duplicates, near duplicates) form a cluster and never part.
Each cluster has a number that depends on nothing but the seed and its own name; a class is parted
in the order of these numbers.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams, SplitParams
from pipeline.randomness import derive_seed
from pipeline.sources.survey import Survey

TRAIN, VALIDATION, TEST, WITHHELD = "train", "validation", "test", "withheld"
SPLITS = (TRAIN, VALIDATION, TEST, WITHHELD)


def split_rows(survey: Survey, params: SourceParams, *, seed: int) -> np.ndarray:
    """The split of every row of the survey, object [n], each one of `SPLITS`.

    Raises:
        ParamsError: `thin` names an unknown class or asks for more rows than there are.
        SourceError: a class is left with fewer rows than `minimum_per_class`.
    """
    rows = survey.rows
    if rows["split"].notna().any():
        splits = rows["split"].to_numpy(object).copy()
    else:
        splits = _part(rows, params.split, seed=seed)
    splits = _thin(splits, survey, params.thin, seed=seed)
    _check_counts(splits, survey, params.minimum_per_class)
    return splits


def _part(rows: pd.DataFrame, params: SplitParams, *, seed: int) -> np.ndarray:
    cluster, name = _clusters(rows)
    order = np.array([derive_seed(seed, "split", text) for text in name])[cluster]
    splits = np.full(len(rows), TRAIN, object)
    for label in np.unique(rows["label"]):
        own = np.flatnonzero(rows["label"] == label)
        own = own[np.argsort(order[own], kind="stable")]
        n_test = params.test_per_class or round(params.test_fraction * len(own))
        n_validation = round(params.validation_fraction * len(own))
        splits[own[:n_test]] = TEST
        splits[own[n_test : n_test + n_validation]] = VALIDATION
    return splits


def _clusters(rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """The cluster of each row, int64 [n], and each cluster's name, the smallest id in it."""
    cluster = rows["twin"].to_numpy()
    _, cluster = np.unique(cluster, return_inverse=True)
    names = rows.groupby(cluster)["id"].min()
    return cluster, names.tolist()


def _thin(splits: np.ndarray, survey: Survey, thin: Mapping[str, int], *, seed: int) -> np.ndarray:
    classes = survey.schema.classes
    labels, ids = survey.rows["label"].to_numpy(), survey.rows["id"].to_numpy()
    thinned = splits.copy()
    problems = []
    for name, keep in thin.items():
        if name not in classes:
            problems.append(
                f"`source.thin` names the class {name!r}, which the source does not have; "
                f"its classes are {', '.join(classes[:20])}."
            )
            continue
        own = np.flatnonzero((splits == TRAIN) & (labels == classes.index(name)))
        if len(own) < keep:
            problems.append(
                f"`source.thin` asks to keep {keep} training rows of the class {name!r}, "
                f"which has {len(own)}; give at most {len(own)}, or leave the class out."
            )
        order = np.argsort([derive_seed(seed, "thin", ids[row]) for row in own], kind="stable")
        thinned[own[order[keep:]]] = WITHHELD
    if problems:
        raise ParamsError("The source cannot be thinned as params.yaml asks:", problems)
    return thinned


def _check_counts(splits: np.ndarray, survey: Survey, minimum: int) -> None:
    labels = survey.rows["label"].to_numpy()
    counts = np.bincount(labels[splits == TRAIN], minlength=len(survey.schema.classes))
    problems = [
        f"The class {name!r} has {n} training rows, fewer than `source.minimum_per_class` "
        f"= {minimum}; add rows, leave the class out, or lower the minimum."
        for name, n in zip(survey.schema.classes, counts, strict=True)
        if n < minimum
    ]
    if problems:
        raise SourceError("The source has classes with too few training rows:", problems)

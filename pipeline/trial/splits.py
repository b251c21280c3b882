"""How the development data are parted in each replicate: by folds, or by drawing training anew."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.errors import ParamsError
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples

# A class must leave rows to fit on, to choose on and to score on.
LEAST_ROWS_TO_FIT = 2


@dataclass(frozen=True)
class ReplicateSplit:
    """Row positions in the development data of one replicate; the four sets below nest or exclude.

    Attributes:
        training: Everything that is not held out, int64.
        held_out: Scored once, never fitted or chosen on, int64.
        fitting: The part of `training` that candidates are fitted on while choosing.
        choosing: The rest of `training`, on which doses and settings are chosen.
    """

    training: np.ndarray
    held_out: np.ndarray
    fitting: np.ndarray
    choosing: np.ndarray

    @property
    def held_out_ratio(self) -> float:
        """n_held_out / n_training."""
        return len(self.held_out) / len(self.training)


def split_replicate(
    development: Samples,
    replicate: int,
    *,
    folds: int,
    inner_folds: int,
    seed: int,
    training_counts: np.ndarray | None = None,
) -> ReplicateSplit:
    """The parts of replicate number `replicate`, whatever the number of replicates in all.

    Replicates run through the folds of one stratified shuffle, then through those of the next, so
    that every sample is held out equally often. With `training_counts`, each draws that many
    training rows of each class anew (repeated random subsampling) and holds out all others. Rows of
    one `group` stay together.

    Args:
        training_counts: Rows of each class to train on, int64 [classes]; given where the data have
            a validation split, whose rows would otherwise change the imbalance that is on trial.

    Raises:
        ParamsError: a class has too few rows for the parts asked for.
    """
    if training_counts is None:
        _check_rows(development.counts(), max(folds, LEAST_ROWS_TO_FIT + 2))
        repetition, fold = divmod(replicate, folds)
        training, held_out = _fold(development, fold, folds, derive_seed(seed, "outer", repetition))
    else:
        names = development.schema.classes
        counts = dict(zip(names, training_counts.tolist(), strict=True))
        _check_rows(counts, LEAST_ROWS_TO_FIT + 2)
        outer_seed = derive_seed(seed, "outer", replicate)
        training, held_out = _draw_training(development, training_counts, outer_seed)
    inner = development.take(training)
    smallest = min(count for count in inner.counts().values() if count)
    inner_seed = derive_seed(seed, "inner", replicate)
    fitting, choosing = _fold(inner, 0, min(inner_folds, smallest), inner_seed)
    return ReplicateSplit(training, held_out, training[fitting], training[choosing])


def out_of_fold_parts(
    samples: Samples, *, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Rows to fit on, rows to predict) a stratified fold, as many as the smallest class allows."""
    smallest = min(count for count in samples.counts().values() if count)
    folds = max(2, min(folds, smallest))
    return [_fold(samples, fold, folds, derive_seed(seed, "out of fold")) for fold in range(folds)]


def _draw_training(
    development: Samples, training_counts: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Groups in random order, each taken whole while no class gets more rows than it should."""
    groups = development.provenance.get("group", development.provenance["id"])
    codes, _ = pd.factorize(groups.where(groups.notna(), development.provenance["id"]))
    order = numpy_stream(seed, "groups").permutation(codes.max() + 1)
    rows_of = pd.Series(np.arange(len(codes))).groupby(codes).indices
    left = training_counts.copy()
    is_training = np.zeros(len(codes), bool)
    for group in order:
        rows = rows_of[group]
        needed = np.bincount(development.labels[rows], minlength=len(left))
        if (needed <= left).all():
            is_training[rows] = True
            left -= needed
    return np.flatnonzero(is_training), np.flatnonzero(~is_training)


def _fold(samples: Samples, fold: int, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    groups = samples.provenance.get("group")
    state = seed % 2**32
    if groups is not None and groups.notna().any():
        names = groups.where(groups.notna(), samples.provenance["id"]).astype(str).to_numpy()
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=state)
        parts = list(splitter.split(samples.labels, samples.labels, names))
    else:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=state)
        parts = list(splitter.split(samples.labels, samples.labels))
    fitted, left_out = parts[fold]
    return np.asarray(fitted), np.asarray(left_out)


def _check_rows(counts: Mapping[str, int], least: int) -> None:
    problems = [
        f"Class {name!r} has {count} development samples to part; the trial needs at least {least} "
        "of each class."
        for name, count in counts.items()
        if count < least
    ]
    if problems:
        raise ParamsError(
            "The trial cannot part the development data. Lower trial.folds, or add samples:",
            problems,
        )

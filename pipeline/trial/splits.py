"""How the development data are parted in each replicate: repeated stratified folds."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.errors import ParamsError
from pipeline.randomness import derive_seed
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
    development: Samples, replicate: int, *, folds: int, inner_folds: int, seed: int
) -> ReplicateSplit:
    """The parts of replicate number `replicate`, whatever the number of replicates in all.

    Replicates run through the folds of one stratified shuffle, then through those of the next, so
    that every sample is held out equally often. Rows of one `group` stay together.

    Raises:
        ParamsError: a class has too few rows for the folds asked for.
    """
    _check_rows(development, folds)
    repetition, fold = divmod(replicate, folds)
    training, held_out = _fold(development, fold, folds, derive_seed(seed, "outer", repetition))
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


def _check_rows(development: Samples, folds: int) -> None:
    counts = development.counts()
    problems = [
        f"Class {name!r} has {count} development samples; trial.folds: {folds} needs at least "
        f"{max(folds, LEAST_ROWS_TO_FIT + 2)} of each class."
        for name, count in counts.items()
        if count < max(folds, LEAST_ROWS_TO_FIT + 2)
    ]
    if problems:
        raise ParamsError(
            "The trial cannot part the development data. Lower trial.folds, or add samples:",
            problems,
        )

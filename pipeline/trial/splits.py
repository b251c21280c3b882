"""How the development data are parted in each replicate: by folds, or by drawing training anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.errors import ParamsError
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples

# A class must leave rows to fit on, to choose on and to score on.
LEAST_ROWS_TO_FIT = 2
# Of the rows that are not trained on, this share chooses settings and doses, the rest scores.
CHOOSING_SHARE = 1 / 3
# With fewer spare rows in a class, choosing takes its rows from the training part.
LEAST_ROWS_TO_SPARE = 6


@dataclass(frozen=True)
class Thinned:
    """What is taken away from the training part for the ceiling alone.

    Attributes:
        share: Of the rows of each class below, in (0, 1).
        classes: Labels of the classes that get synthetic rows, int64.
    """

    share: float
    classes: np.ndarray


@dataclass(frozen=True)
class ReplicateSplit:
    """Row positions in the development data of one replicate, int64.

    Attributes:
        training: What the scored fits are trained on.
        held_out: Scored once, never fitted or chosen on.
        fitting: What candidates are fitted on while choosing: all of `training` where other rows
            choose, otherwise a part of it.
        choosing: Where doses and settings are chosen: rows outside `training` where a validation
            split has some to spare, otherwise the rest of `training`.
        withheld: Kept from every arm for the ceiling, where thinning further was asked for.
    """

    training: np.ndarray
    held_out: np.ndarray
    fitting: np.ndarray
    choosing: np.ndarray
    withheld: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def chooses_apart(self) -> bool:
        """Whether the choosing rows lie outside `training`, so that each fit serves both uses."""
        return len(self.fitting) == len(self.training)

    @property
    def held_out_ratio(self) -> float:
        """n_held_out / n_training; choosing rows outside `training` count on neither side."""
        return len(self.held_out) / len(self.training)


def split_replicate(
    development: Samples,
    replicate: int,
    *,
    folds: int,
    inner_folds: int,
    seed: int,
    training_counts: np.ndarray | None = None,
    thinned: Thinned | None = None,
) -> ReplicateSplit:
    """The parts of replicate number `replicate`, whatever the number of replicates in all.

    Replicates run through the folds of one stratified shuffle, then through those of the next, so
    that every sample is held out equally often. With `training_counts`, each draws that many
    training rows of each class anew (repeated random subsampling); of all others a third chooses
    and the rest is held out, where every class has enough of them. Rows of one group and near
    duplicates stay together (`Samples.bonds`).

    Args:
        training_counts: Rows of each class to train on, int64 [classes]; given where the data have
            a validation split, whose rows would otherwise change the imbalance that is on trial.
        thinned: What every replicate takes away from its training part, for a ceiling to exist.

    Raises:
        ParamsError: a class has too few rows for the parts asked for.
    """
    if training_counts is None:
        _check_rows(development.counts(), max(folds, LEAST_ROWS_TO_FIT + 2))
        repetition, fold = divmod(replicate, folds)
        training, held_out = _folds(development, folds, derive_seed(seed, "outer", repetition))[
            fold
        ]
    else:
        names = development.schema.classes
        counts = dict(zip(names, training_counts.tolist(), strict=True))
        _check_rows(counts, LEAST_ROWS_TO_FIT + 2)
        outer_seed = derive_seed(seed, "outer", replicate)
        training, spared = _draw(development, training_counts, outer_seed)
        apart = _choose_apart(development, spared, derive_seed(seed, "apart", replicate))
        if apart is not None:
            choosing, held_out = apart
            training, withheld = _thin(development, training, thinned, seed, replicate)
            return ReplicateSplit(training, held_out, training, choosing, withheld)
        held_out = spared
    training, withheld = _thin(development, training, thinned, seed, replicate)
    inner = development.take(training)
    smallest = min(count for count in inner.counts().values() if count)
    inner_seed = derive_seed(seed, "inner", replicate)
    fitting, chosen = _folds(inner, min(inner_folds, smallest), inner_seed)[0]
    return ReplicateSplit(training, held_out, training[fitting], training[chosen], withheld)


def can_choose_apart(spare_counts: Sequence[int]) -> bool:
    """Whether so many rows of each class, beside the training rows, can both choose and score."""
    return min(spare_counts) >= LEAST_ROWS_TO_SPARE


def out_of_fold_parts(
    samples: Samples, *, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Rows to fit on, rows to predict) a stratified fold, as many as the smallest class allows."""
    smallest = min(count for count in samples.counts().values() if count)
    folds = max(2, min(folds, smallest))
    return _folds(samples, folds, derive_seed(seed, "out of fold"))


def _thin(
    development: Samples, training: np.ndarray, thinned: Thinned | None, seed: int, replicate: int
) -> tuple[np.ndarray, np.ndarray]:
    """(Training, withheld); a class keeps the rows that fitting and choosing need."""
    if thinned is None:
        return training, np.zeros(0, np.int64)
    own = development.take(training)
    counts = np.bincount(own.labels, minlength=len(development.schema.classes))
    wanted = np.zeros_like(counts)
    most = np.maximum(counts - LEAST_ROWS_TO_FIT - 2, 0)
    wanted[thinned.classes] = np.minimum(np.round(thinned.share * counts), most)[thinned.classes]
    taken, kept = _draw(own, wanted, derive_seed(seed, "thinned", replicate))
    return training[kept], training[taken]


def _choose_apart(
    development: Samples, spared: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """(Choosing, held out) out of the spared rows; None where a class has too few for both."""
    rest = development.take(spared)
    present = np.bincount(development.labels, minlength=len(development.schema.classes)) > 0
    counts = np.bincount(rest.labels, minlength=len(present))
    if not can_choose_apart(counts[present].tolist()):
        return None
    choosing, held_out = _draw(rest, np.round(counts * CHOOSING_SHARE).astype(np.int64), seed)
    # Groups are never parted, so that the counts can miss a class.
    for rows in (choosing, held_out):
        if not np.array_equal(np.unique(rest.labels[rows]), np.flatnonzero(present)):
            return None
    return spared[choosing], spared[held_out]


def _draw(samples: Samples, wanted: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(Drawn, rest): groups in random order, each whole while no class gets more than `wanted`."""
    codes, _ = pd.factorize(samples.bonds)
    order = numpy_stream(seed, "groups").permutation(codes.max() + 1)
    rows_of = pd.Series(np.arange(len(codes))).groupby(codes).indices
    left = wanted.copy()
    is_drawn = np.zeros(len(codes), bool)
    for group in order:
        rows = rows_of[group]
        needed = np.bincount(samples.labels[rows], minlength=len(left))
        if (needed <= left).all():
            is_drawn[rows] = True
            left -= needed
    return np.flatnonzero(is_drawn), np.flatnonzero(~is_drawn)


def _folds(samples: Samples, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Rows to fit on, rows left out) of each fold of one shuffle; bonds are whole."""
    bonds = samples.bonds
    is_bound = bool((bonds != samples.ids).any())
    kind = StratifiedGroupKFold if is_bound else StratifiedKFold
    splitter = kind(folds, shuffle=True, random_state=seed % 2**32)
    groups = bonds.astype(str) if is_bound else None
    return list(splitter.split(samples.labels, samples.labels, groups))


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

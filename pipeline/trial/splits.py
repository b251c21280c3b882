"""How the development data are parted in each replicate: by folds, or by drawing training anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.params import TrialParams
from pipeline.randomness import derive_seed, numpy_stream
from pipeline.samples import Samples
from pipeline.trial.enough import (
    LEAST_ROWS_TO_FIT,
    bonds_per_class,
    lacking,
    lacking_error,
    refuse_scarce,
    refuse_scarce_draws,
    seeds,
)

# Of the training part, one fold of so many chooses where no other rows do.
INNER_FOLDS = 4
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


def split_replicates(
    development: Samples,
    params: TrialParams,
    *,
    seed: int,
    training_counts: np.ndarray | None = None,
    thinned: Thinned | None = None,
) -> tuple[ReplicateSplit, ...]:
    """The parts of every replicate of a trial; see `split_replicate`.

    Args:
        seed: Of the whole run.
    """
    return tuple(
        split_replicate(
            development,
            replicate,
            folds=params.folds,
            inner_folds=INNER_FOLDS,
            seed=derive_seed(seed, "trial splits"),
            training_counts=training_counts,
            thinned=thinned,
        )
        for replicate in range(params.replicates)
    )


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
        ParamsError: a class has too few rows, or too few groups, for the parts asked for.
    """
    if training_counts is None:
        refuse_scarce(development, folds=folds)
        repetition, fold = divmod(replicate, folds)
        outer_seed = derive_seed(seed, "outer", repetition)
        training, held_out = _outer_folds(development, folds, outer_seed)[fold]
    else:
        refuse_scarce_draws(development, training_counts)
        outer_seed = derive_seed(seed, "outer", replicate)
        training, held_out = _outer_draw(development, training_counts, outer_seed)
        apart = _choose_apart(development, held_out, derive_seed(seed, "apart", replicate))
        if apart is not None:
            choosing, held_out = apart
            training, withheld = _thin(development, training, thinned, seed, replicate)
            return ReplicateSplit(training, held_out, training, choosing, withheld)
    training, withheld = _thin(development, training, thinned, seed, replicate)
    fitting, choosing = _inner_fold(
        development, training, inner_folds, derive_seed(seed, "inner", replicate)
    )
    return ReplicateSplit(training, held_out, fitting, choosing, withheld)


def can_choose_apart(spare_counts: Sequence[int]) -> bool:
    """Whether so many rows of each class, beside the training rows, can both choose and score."""
    return min(spare_counts) >= LEAST_ROWS_TO_SPARE


def out_of_fold_parts(
    samples: Samples, *, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Rows to fit on, rows to predict) a stratified fold, as many as the smallest class allows.

    A class that is one group is missing from the rows to fit on in one of the folds. Rows that are
    one group altogether are parted all the same: there is no other way, and nothing is scored here.
    """
    bonds = bonds_per_class(samples)
    folds = max(2, min(folds, *bonds[bonds > 0]))
    own = derive_seed(seed, "out of fold")
    if len(set(samples.bonds)) < 2:
        return _folds(samples, folds, own, bonds=samples.ids)
    return [(seen, unseen) for seen, unseen in _folds(samples, folds, own) if len(unseen)]


def _outer_folds(
    development: Samples, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Training, held out) of each fold of the first shuffle that leaves no class out anywhere."""
    missing: set[str] = set()
    for own in seeds(seed):
        found = _folds(development, folds, own)
        few = [lacking(development, training, bonds_each=2) for training, _ in found]
        few += [lacking(development, held_out) for _, held_out in found]
        if not any(few):
            return found
        missing |= set().union(*few)
    way_out = "Lower `trial.folds`, or add groups" if folds > 2 else "Add groups"
    raise lacking_error(development, sorted(missing), "in and beside every fold", way_out)


def _outer_draw(
    development: Samples, training_counts: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(Training, rest) of the first draw that leaves no class out of either."""
    missing: set[str] = set()
    for own in seeds(seed):
        training, rest = _draw(development, training_counts, own)
        few = {*lacking(development, training, bonds_each=2), *lacking(development, rest)}
        if not few:
            return training, rest
        missing |= few
    way_out = "Add groups, or leave out the validation split"
    raise lacking_error(development, sorted(missing), "to train on and to hold out", way_out)


def _inner_fold(
    development: Samples, training: np.ndarray, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(Fitting, choosing): a fold of the training part in which both hold every class."""
    inner = development.take(training)
    folds = min(folds, *bonds_per_class(inner))
    missing: set[str] = set()
    for own in seeds(seed):
        for fitting, choosing in _folds(inner, folds, own):
            few = {
                *lacking(inner, fitting, rows_each=LEAST_ROWS_TO_FIT),
                *lacking(inner, choosing),
            }
            if not few:
                return training[fitting], training[choosing]
            missing |= few
    way_out = "Add groups"
    raise lacking_error(development, sorted(missing), "to fit on and to choose by", way_out)


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
    for one in seeds(derive_seed(seed, "thinned", replicate)):
        taken, kept = _draw(own, wanted, one)
        if not lacking(own, kept, bonds_each=2):
            return training[kept], training[taken]
    names = lacking(own, kept, bonds_each=2)
    raise lacking_error(
        development, names, "to train on", "Lower `trial.thin_further`, or add groups"
    )


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


def _folds(
    samples: Samples, folds: int, seed: int, *, bonds: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(Rows to fit on, rows left out) of each fold of one shuffle; bonds are whole."""
    bonds = samples.bonds if bonds is None else bonds
    is_bound = bool((bonds != samples.ids).any())
    kind = StratifiedGroupKFold if is_bound else StratifiedKFold
    splitter = kind(folds, shuffle=True, random_state=seed % 2**32)
    groups = bonds.astype(str) if is_bound else None
    return list(splitter.split(samples.labels, samples.labels, groups))

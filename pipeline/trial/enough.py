"""Whether every class has enough rows, and enough that may part, for a trial to be held."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.errors import ParamsError
from pipeline.modalities.registry import modality_of
from pipeline.randomness import derive_seed
from pipeline.samples import Samples

# A class must leave rows to fit on, to choose on and to score on.
LEAST_ROWS_TO_FIT = 2
# `trial.folds` may be so many.
FOLDS = range(2, 21)
# Shuffles tried before it is said that none leaves every class in every part.
SHUFFLES = 20


def bonds_per_class(samples: Samples, rows: np.ndarray | None = None) -> np.ndarray:
    """Groups, sets of near duplicates and single rows of each class, int64 [classes].

    Args:
        rows: Positions of the rows that count, int64; all where left out.
    """
    codes, _ = pd.factorize(samples.bonds)
    pairs = np.stack([samples.labels, codes], axis=1)
    pairs = np.unique(pairs if rows is None else pairs[rows], axis=0)
    return np.bincount(pairs[:, 0], minlength=len(samples.schema.classes))


def seeds(seed: int) -> Iterator[int]:
    """The seed itself, then others, for shuffles of groups that may leave a class out by chance."""
    yield seed
    for number in range(1, SHUFFLES):
        yield derive_seed(seed, "shuffle", number)


def lacking(
    samples: Samples, rows: np.ndarray, *, rows_each: int = 1, bonds_each: int = 1
) -> list[str]:
    """The classes of which these rows hold too few."""
    names = samples.schema.classes
    counts = np.bincount(samples.labels[rows], minlength=len(names))
    few = (counts < rows_each) | (bonds_per_class(samples, rows) < bonds_each)
    return [name for name, is_lacking in zip(names, few, strict=True) if is_lacking]


def refuse_scarce(development: Samples, *, folds: int) -> None:
    """Refuse folds of which one would lack a class, or leave too few rows of it to fit on.

    Raises:
        ParamsError: naming each such class, what it has, and the numbers of folds that would do.
    """
    counts, bonds = development.counts(), bonds_per_class(development)
    problems = [
        _too_few(name, n, bonds[label], _least(folds, n, bonds[label]))
        for label, (name, n) in enumerate(counts.items())
        if bonds[label] < _least(folds, n, bonds[label])
    ]
    if not problems:
        return
    possible = [
        number
        for number in FOLDS
        if all(
            bonds[label] >= _least(number, n, bonds[label])
            for label, n in enumerate(counts.values())
        )
    ]
    loose = _line_for_near_duplicates(development)
    way_out = f"Add samples{loose}:"
    if possible:
        several = f"from {possible[0]} to {possible[-1]}" if len(possible) > 1 else f"{possible[0]}"
        way_out = f"Set `trial.folds`, which is {folds}, to {several}, or add samples{loose}:"
    raise ParamsError(f"The trial cannot part the development data. {way_out}", problems)


def refuse_scarce_draws(development: Samples, training_counts: np.ndarray) -> None:
    """Refuse to draw training rows anew where a class has too few to draw, or none to hold out.

    Raises:
        ParamsError: naming each such class.
    """
    problems = []
    bonds = bonds_per_class(development)
    least = LEAST_ROWS_TO_FIT + 2
    for label, (name, n) in enumerate(development.counts().items()):
        drawn = int(training_counts[label])
        if drawn < least:
            problems.append(
                f"Class {name!r} has {drawn} training samples to part; the trial needs at least "
                f"{least} of each class."
            )
        elif n <= drawn:
            problems.append(f"Class {name!r} has no validation samples; the trial holds out some.")
        elif bonds[label] < 3:
            problems.append(_too_few(name, n, bonds[label], 3))
    if problems:
        raise ParamsError(
            "The trial cannot part the training and validation data. Add samples"
            f"{_line_for_near_duplicates(development)}:",
            problems,
        )


def lacking_error(development: Samples, names: list[str], part: str, way_out: str) -> ParamsError:
    """What to raise where no shuffle leaves enough of these classes in a part of the data."""
    bonds = dict(zip(development.schema.classes, bonds_per_class(development), strict=True))
    counts = development.counts()
    problems = [f"Class {name!r} has {_described(counts[name], bonds[name])}." for name in names]
    return ParamsError(
        f"The trial cannot part the development data: rows of one group and near duplicates are "
        f"never parted, and none of {SHUFFLES} shuffles leaves enough of each class {part}. "
        f"{way_out}{_line_for_near_duplicates(development)}:",
        problems,
    )


def _line_for_near_duplicates(development: Samples) -> str:
    """The line that parts near duplicates where they keep pictures together; else nothing.

    Equal rows of a table stay together whatever params.yaml says.
    """
    line = modality_of(development.schema).parting_duplicates
    if not line or "cluster" not in development.provenance:
        return ""
    provenance = development.provenance.drop(columns="cluster")
    parted = replace(development, provenance=provenance).bonds
    if len(set(parted)) <= len(set(development.bonds)):
        return ""
    return f", or {line}"


def _least(folds: int, rows: int, bonds: int) -> int:
    """How many bonds a class needs for each fold, and what is left when one is held out.

    Of what is left some choose and others are fitted on: two at least where those are single rows.
    """
    left = 2 if bonds < rows else 1 + LEAST_ROWS_TO_FIT
    least = folds
    while least - -(-least // folds) < left:
        least += 1
    return least


def _too_few(name: str, rows: int, bonds: int, least: int) -> str:
    unit = "of each class" if bonds == rows else "groups of each class, since none is ever parted"
    return (
        f"Class {name!r} has {_described(rows, bonds)} to part; the trial needs at least "
        f"{least} {unit}."
    )


def _described(rows: int, bonds: int) -> str:
    within = (
        "" if bonds == rows else f" in {bonds} groups (of one patient, say, or near duplicates)"
    )
    return f"{rows} development samples{within}"

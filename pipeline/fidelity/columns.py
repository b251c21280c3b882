"""Columns and pairs of columns of a table: synthetic against real, and real against real."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from pipeline.fidelity.association import associations
from pipeline.fidelity.judge import Draw, equal_draws
from pipeline.modalities.column_codes import ColumnCodes
from pipeline.results import ColumnRow, ColumnsResult, FidelityRow, PairRow

FEATURES = "the columns as they are released"
# Pairs are told of the first so many columns; there are 496 of them.
MOST_PAIRED_COLUMNS = 32
MOST_PAIRS_KEPT = 60
FEWEST_ROWS = 2


class Measured(NamedTuple):
    """Of each column or pair, float64 [d]: synthetic against real, and real against real."""

    value: np.ndarray
    floor: np.ndarray


@dataclass(frozen=True)
class Measure:
    """What is measured of several columns or pairs.

    Attributes:
        name: Its metric; that of the largest is `<name>_worst`.
        what: Each column or pair by name.
        distances: (real, other) → float64 [d] in [0, 1] for correlations up to 2.
    """

    name: str
    what: tuple[str, ...]
    distances: Callable[[np.ndarray, np.ndarray], np.ndarray]


def judge_columns(
    codes: ColumnCodes,
    labels: tuple[np.ndarray, np.ndarray, np.ndarray],
    *,
    classes: tuple[str, ...],
    seed: int,
) -> tuple[tuple[FidelityRow, ...], ColumnsResult]:
    """Mean and worst distance of columns and pairs, overall and per class, and each one's own.

    Every number is a mean over several draws of equally many rows of each class on both sides, so
    that a pool that holds scarce classes only is compared with the same classes.

    Args:
        codes: Real rows that the generator did not see, synthetic rows, and other real rows, such
            as those that it saw: between these and the first lies the floor.
        labels: Classes of the three, int64 [n] each.
    """
    real_labels, fake_labels, other_labels = labels
    _, fake, _ = codes.parts
    if not len(fake):
        return (), ColumnsResult()
    rows: list[FidelityRow] = []
    result = ColumnsResult()
    for scope in [None, *map(int, np.unique(fake_labels))]:
        draws = list(equal_draws(real_labels, fake_labels, scope, seed, other_labels=other_labels))
        name = None if scope is None else classes[scope]
        n = len(draws[0].drawn)
        found = {}
        for measure in measures(codes):
            if n < FEWEST_ROWS:
                rows += _untold(measure, name, n)
                continue
            found[measure.name] = _measured(measure, codes, draws)
            rows += _summed(measure, found[measure.name], name, n)
        if scope is None and found:
            result = _told(codes, found, draws)
    return tuple(rows), result


def measures(codes: ColumnCodes) -> tuple[Measure, ...]:
    """Those that the columns have something for."""
    gaps = [bool(np.isnan(part).any()) for part in _columns_of(codes)]
    paired = _paired(codes)
    every = (
        Measure("ks", _names(codes, codes.is_number), _on(codes.is_number, kolmogorov_smirnov)),
        Measure("tv", _names(codes, ~codes.is_number), _on(~codes.is_number, total_variation)),
        Measure("missing", _names(codes, np.array(gaps, bool)), _on(np.array(gaps, bool), _gaps)),
        Measure(
            "pairs",
            tuple(f"{codes.names[a]} and {codes.names[b]}" for a, b in paired),
            lambda one, other: np.abs(_pairs(codes, one) - _pairs(codes, other)),
        ),
    )
    return tuple(measure for measure in every if measure.what)


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> float:
    """Largest difference of two distribution functions, float64 [n] and [m], gaps left out.

    Returns:
        In [0, 1]; 1 where one side alone has values, 0 where neither has.
    """
    first, second = (np.sort(each[~np.isnan(each)]) for each in (first, second))
    if not len(first) or not len(second):
        return float(len(first) != len(second))
    at = np.concatenate([first, second])
    below = [np.searchsorted(each, at, side="right") / len(each) for each in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def total_variation(first: np.ndarray, second: np.ndarray) -> float:
    """Half the sum of the differences of shares of categories, codes as float64, gaps left out.

    Returns:
        In [0, 1]; 1 where one side alone has values, 0 where neither has.
    """
    first, second = (each[~np.isnan(each)].astype(np.int64) for each in (first, second))
    if not len(first) or not len(second):
        return float(len(first) != len(second))
    width = int(max(first.max(), second.max())) + 1
    shares = [np.bincount(each, minlength=width) / len(each) for each in (first, second)]
    return float(0.5 * np.abs(shares[0] - shares[1]).sum())


def _gaps(first: np.ndarray, second: np.ndarray) -> float:
    """Difference of the shares of missing cells: the total variation of being missing."""
    return float(abs(np.isnan(first).mean() - np.isnan(second).mean()))


def _on(
    chosen: np.ndarray, distance: Callable[[np.ndarray, np.ndarray], float]
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The distance of each of the chosen columns."""
    places = np.flatnonzero(chosen)
    return lambda one, other: np.array([distance(one[:, k], other[:, k]) for k in places])


def _names(codes: ColumnCodes, chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(codes.names[place] for place in np.flatnonzero(chosen))


def _columns_of(codes: ColumnCodes) -> list[np.ndarray]:
    return [np.concatenate([part[:, k] for part in codes.parts]) for k in range(len(codes.names))]


def _paired(codes: ColumnCodes) -> list[tuple[int, int]]:
    return list(combinations(range(min(len(codes.names), MOST_PAIRED_COLUMNS)), 2))


def _pairs(codes: ColumnCodes, rows: np.ndarray) -> np.ndarray:
    """The association of each pair, float64 [pairs]."""
    found = associations(rows[:, :MOST_PAIRED_COLUMNS], codes.is_number[:MOST_PAIRED_COLUMNS])
    return found[np.triu_indices(len(found), 1)]


def _measured(measure: Measure, codes: ColumnCodes, draws: Sequence[Draw]) -> Measured:
    real, fake, other = codes.parts
    pairs = [
        (
            measure.distances(real[draw.reference], fake[draw.drawn]),
            measure.distances(real[draw.reference], other[draw.other]),
        )
        for draw in draws
    ]
    return Measured(*(np.mean([pair[side] for pair in pairs], axis=0) for side in (0, 1)))


def _summed(measure: Measure, found: Measured, scope: str | None, n: int) -> list[FidelityRow]:
    """The mean over the columns, and the largest of them by name."""
    worst = int(found.value.argmax())
    told = {"class_name": scope, "n_samples": n, "features": FEATURES}
    return [
        FidelityRow(
            metric=measure.name,
            value=float(found.value.mean()),
            floor=float(found.floor.mean()),
            **told,
        ),
        FidelityRow(
            metric=f"{measure.name}_worst",
            value=float(found.value[worst]),
            floor=float(found.floor.max()),
            where=measure.what[worst],
            **told,
        ),
    ]


def _untold(measure: Measure, scope: str | None, n: int) -> list[FidelityRow]:
    note = f"{n} rows on each side tell nothing of columns; at least {FEWEST_ROWS} are needed."
    return [
        FidelityRow(
            metric=metric,
            class_name=scope,
            value=None,
            n_samples=n,
            features=FEATURES,
            note=note,
        )
        for metric in (measure.name, f"{measure.name}_worst")
    ]


def _told(codes: ColumnCodes, found: dict[str, Measured], draws: Sequence[Draw]) -> ColumnsResult:
    """Each column and pair by itself, the worst first."""
    real, fake, _ = codes.parts
    shares = [
        np.isnan(part[np.concatenate(rows)]).mean(axis=0)
        for part, rows in (
            (real, [draw.reference for draw in draws]),
            (fake, [draw.drawn for draw in draws]),
        )
    ]
    columns = []
    for metric, chosen in (("ks", codes.is_number), ("tv", ~codes.is_number)):
        for place, k in enumerate(np.flatnonzero(chosen)):
            columns.append(
                ColumnRow(
                    name=codes.names[k],
                    kind=codes.kinds[k],
                    metric=metric,
                    value=float(found[metric].value[place]),
                    floor=float(found[metric].floor[place]),
                    missing_real=float(shares[0][k]),
                    missing_synthetic=float(shares[1][k]),
                )
            )
    columns.sort(key=lambda row: -_distance(row))
    return ColumnsResult(
        columns=tuple(columns),
        pairs=_pair_rows(codes, found.get("pairs"), draws),
        n_samples=len(draws[0].drawn),
    )


def _distance(row: ColumnRow) -> float:
    """How much a column differs: in its values or in what is missing."""
    return max(row.value, abs(row.missing_real - row.missing_synthetic))


def _pair_rows(
    codes: ColumnCodes, found: Measured | None, draws: Sequence[Draw]
) -> tuple[PairRow, ...]:
    if found is None:
        return ()
    real, fake, _ = codes.parts
    sides = [
        np.mean([_pairs(codes, rows) for rows in each], axis=0)
        for each in (
            [real[draw.reference] for draw in draws],
            [fake[draw.drawn] for draw in draws],
        )
    ]
    paired = _paired(codes)
    order = np.argsort(-found.value, kind="stable")[:MOST_PAIRS_KEPT]
    return tuple(
        PairRow(
            first=codes.names[paired[place][0]],
            second=codes.names[paired[place][1]],
            real=float(sides[0][place]),
            synthetic=float(sides[1][place]),
            difference=float(found.value[place]),
            floor=float(found.floor[place]),
        )
        for place in order
    )

"""Which row goes to training, validation, test, or is withheld.

Rows that belong together (one group, duplicates, near duplicates) form a cluster and never part.
Each cluster has a lot, a number in [0, 1) that depends on nothing but the seed and the names in it.

Under the stable rule a cluster is test where its lot is under the test fraction, so that a row
stays where it was when data are added. No rule without a memory can be stable and exact at once:
any five rows owe one to the test split, any six still owe only one, so that all fives would have to
pick the same row. The exact rule takes the clusters in the order of their lots until the count is
reached.
"""

import numpy as np
import pandas as pd

from pipeline.errors import SourceError
from pipeline.params import SourceParams, SplitParams
from pipeline.sources.clusters import cluster_lots, cluster_rows
from pipeline.sources.split_counts import check_counts
from pipeline.sources.survey import Notice, Survey, warning
from pipeline.sources.thinning import notices_of_thinning, withheld_rows

TRAIN, VALIDATION, TEST, WITHHELD = "train", "validation", "test", "withheld"
SPLITS = (TRAIN, VALIDATION, TEST, WITHHELD)
# Under the stable rule a class's share is mended where chance left it further away than this.
LEAST_OF_SHARE, MOST_OF_SHARE = 0.5, 1.5


def split_rows(survey: Survey, params: SourceParams) -> np.ndarray:
    """The split of every row of the survey, object [n], each one of `SPLITS`.

    Raises:
        ParamsError: `thin` names an unknown class or asks for more rows than there are.
        SourceError: a class is left with too few rows, or a declared group crosses given splits.
    """
    rows, seed = survey.rows, params.split.seed
    if rows["split"].notna().any():
        _refuse_crossing_groups(rows)
        splits = rows["split"].to_numpy(object).copy()
        if not (splits == TEST).any():
            is_train = splits == TRAIN
            taken = params.split.model_copy(
                update={"validation_fraction": 0.0, "validation_per_class": None}
            )
            splits[is_train] = part(rows[is_train].reset_index(drop=True), taken)
    else:
        splits = part(rows, params.split)
    if params.thin:
        splits[withheld_rows(survey, splits == TRAIN, params.thin, seed=seed)] = WITHHELD
    check_counts(splits, survey, params)
    return splits


def split_notices(survey: Survey, splits: np.ndarray, params: SourceParams) -> tuple[Notice, ...]:
    """What a reader should know of how the rows were split, beside the survey's own notices."""
    thinned = notices_of_thinning(survey, splits == TRAIN, splits == WITHHELD, params.thin)
    given = set(survey.rows["split"].dropna())
    if given and TEST not in given:
        made = warning(
            f"The source gives {' and '.join(sorted(given))} and no test split; "
            f"{int((splits == TEST).sum()):,} of its training rows were set apart as the test "
            "split, by `source.split`."
        )
        return (made, *thinned)
    return thinned


def part(rows: pd.DataFrame, params: SplitParams) -> np.ndarray:
    """Train, validation or test for every row, whole clusters together."""
    clusters = cluster_rows(rows)
    lots = cluster_lots(rows, clusters, seed=params.seed, purpose="split")
    n_classes = int(rows["label"].max()) + 1
    counts = np.zeros((len(lots), n_classes), np.int64)
    np.add.at(counts, (clusters, rows["label"].to_numpy()), 1)
    sizes = counts.sum(axis=0)
    if params.test_per_class:
        share = np.full(n_classes, float(params.test_per_class))
    else:
        share = params.test_fraction * sizes
    is_exact = params.rule == "exact" or params.test_per_class is not None
    is_test = _chosen(counts, lots, share, exact=is_exact, below=params.test_fraction)
    splits = np.where(is_test, TEST, TRAIN).astype(object)
    if params.validation_per_class:
        later = np.where(is_test, 2.0, lots)
        share = np.full(n_classes, float(params.validation_per_class))
        is_validation = ~is_test & _chosen(counts, later, share, exact=True, below=1.0)
        splits[is_validation] = VALIDATION
    elif params.validation_fraction:
        # The next stretch of lots, so that neither split depends on the other's bounds.
        later = np.where(is_test, 2.0, lots - (0.0 if is_exact else params.test_fraction))
        is_validation = ~is_test & _chosen(
            counts,
            later,
            params.validation_fraction * sizes,
            exact=is_exact,
            below=params.validation_fraction,
        )
        splits[is_validation] = VALIDATION
    return np.asarray(splits[clusters], object)


def _chosen(
    counts: np.ndarray, lots: np.ndarray, share: np.ndarray, *, exact: bool, below: float
) -> np.ndarray:
    """Which clusters to take, bool [clusters], so that each class gets about its share of rows.

    Args:
        counts: Rows of each class in each cluster, int64 [clusters, classes].
        lots: float64 [clusters]; clusters with small ones are taken first, with 1 or more never.
        share: Rows due of each class, float64 [classes].
        exact: Take until the share is reached, else take the lots in [0, `below`).
        below: See `exact`.
    """
    due = np.rint(share).astype(np.int64)
    taken = np.zeros(len(lots), bool) if exact else (lots >= 0) & (lots < below)
    least = due if exact else np.maximum(1, np.floor(share * LEAST_OF_SHARE)).astype(np.int64)
    most = due if exact else np.maximum(1, np.ceil(share * MOST_OF_SHARE)).astype(np.int64)
    order = np.argsort(lots, kind="stable")
    have = counts[taken].sum(axis=0)
    # Give back the largest lots where there are too many, then add the smallest where too few.
    for cluster in order[::-1]:
        has = counts[cluster] > 0
        if (have <= most).all():
            break
        is_spare = taken[cluster] and (have - counts[cluster] >= least)[has].all()
        if is_spare and (have > most)[has].any():
            taken[cluster] = False
            have = have - counts[cluster]
    for cluster in order:
        has = counts[cluster] > 0
        if (have >= least).all():
            break
        if taken[cluster] or lots[cluster] > 1 or not (have < least)[has].any():
            continue
        if (have + counts[cluster] <= np.maximum(most, due))[has].all():
            taken[cluster] = True
            have = have + counts[cluster]
    return taken


def _refuse_crossing_groups(rows: pd.DataFrame) -> None:
    grouped = rows[rows["group"].notna()]
    splits_of = grouped.groupby("group")["split"].unique()
    problems = [
        f"The group {group!r} has rows in {' and '.join(sorted(splits))}; the source's own splits "
        "are used as given: move the group into one of them."
        for group, splits in splits_of.items()
        if len(splits) > 1
    ]
    if problems:
        raise SourceError("Groups cross the splits that the source gives:", problems)

"""Which training rows are withheld, so that scarcity can be tried on plentiful data.

What is withheld may train the trial's ceiling while what is kept is held out, so that clusters are
withheld whole: another picture of the same patient would otherwise tell the ceiling the answer.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.errors import ParamsError
from pipeline.sources.clusters import cluster_lots, cluster_rows
from pipeline.sources.survey import Notice, Survey, warning
from pipeline.sources.words import counted


def withheld_rows(
    survey: Survey, is_train: np.ndarray, thin: Mapping[str, int], *, seed: int
) -> np.ndarray:
    """The training rows to withhold, bool [n]: whole clusters, in the order of their lots.

    Args:
        is_train: The rows of the training split, bool [n].
        thin: Class name → training rows to keep; kept as nearly as whole clusters allow, and never
            fewer than the rows of one.

    Raises:
        ParamsError: `thin` names an unknown class or asks for more rows than there are.
    """
    labels = survey.rows["label"].to_numpy()
    n_train = np.bincount(labels[is_train], minlength=len(survey.schema.classes))
    _refuse_impossible(n_train, survey, thin)
    thinned = [survey.schema.classes.index(name) for name in thin]
    clusters = cluster_rows(survey.rows)
    lots = cluster_lots(survey.rows, clusters, seed=seed, purpose="thin")
    counts = np.stack(
        [np.bincount(clusters[is_train & (labels == k)], minlength=len(lots)) for k in thinned],
        axis=1,
    )
    concerned = np.flatnonzero(counts.any(axis=1))
    concerned = concerned[np.argsort(lots[concerned], kind="stable")]
    is_withheld = np.zeros(len(lots), bool)
    is_withheld[concerned] = ~_kept(counts[concerned], np.array(list(thin.values())))
    return np.asarray(is_train & is_withheld[clusters])


def notices_of_thinning(
    survey: Survey, is_train: np.ndarray, is_withheld: np.ndarray, thin: Mapping[str, int]
) -> tuple[Notice, ...]:
    """Where whole clusters gave other counts than were asked for."""
    return tuple(warning(text) for text in _remarks(survey, is_train, is_withheld, thin))


def _remarks(
    survey: Survey, is_train: np.ndarray, is_withheld: np.ndarray, thin: Mapping[str, int]
) -> Iterator[str]:
    labels = survey.rows["label"].to_numpy()
    for label, name in enumerate(survey.schema.classes):
        kept, taken = (int((part & (labels == label)).sum()) for part in (is_train, is_withheld))
        if kept != thin.get(name, kept):
            yield (
                f"`source.thin` asks to keep {thin[name]} training rows of the class {name!r}; "
                f"{kept} are kept, since rows of one group and near duplicates stay together."
            )
        elif taken and name not in thin:
            yield (
                f"{counted(taken, 'training row')} of the class {name!r} are withheld as well, "
                "since rows of one group and near duplicates stay with those of a "
                "thinned class."
            )


def _kept(counts: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Which clusters to keep, bool [clusters], so that each class keeps about its number of rows.

    Args:
        counts: Rows of each thinned class in each cluster, int64 [clusters, classes].
        keep: Rows to keep of each, int64 [classes].
    """
    left = keep.copy()
    is_kept = np.zeros(len(counts), bool)
    for cluster, needed in enumerate(counts):
        if not left.any():
            break
        if (needed <= left).all():
            is_kept[cluster] = True
            left -= needed
    # What is left fits nowhere; a cluster too many may still come nearer, or be the only way to
    # keep anything of a class.
    while not is_kept.all():
        spare = np.flatnonzero(~is_kept)
        missed = np.abs(left - counts[spare]).sum(axis=1)
        is_empty = left == keep
        if is_empty.any():
            missed = np.where(counts[spare][:, is_empty].any(axis=1), missed, np.inf)
        elif missed.min() >= np.abs(left).sum():
            break
        nearest = spare[np.argmin(missed)]
        is_kept[nearest] = True
        left -= counts[nearest]
    return is_kept


def _refuse_impossible(n_train: np.ndarray, survey: Survey, thin: Mapping[str, int]) -> None:
    classes = survey.schema.classes
    problems = []
    for name, keep in thin.items():
        if name not in classes:
            problems.append(
                f"`source.thin` names the class {name!r}, which the source does not have; "
                f"its classes are {', '.join(classes[:20])}."
            )
            continue
        found = int(n_train[classes.index(name)])
        if found < keep:
            problems.append(
                f"`source.thin` asks to keep {keep} training rows of the class {name!r}, "
                f"which has {found}; give at most {found}, or leave the class out."
            )
    if problems:
        raise ParamsError("The source cannot be thinned as params.yaml asks:", problems)

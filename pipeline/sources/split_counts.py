"""Whether every class has rows in the splits that need some, and what to do where it has not."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.samples import Schema
from pipeline.sources.clusters import cluster_rows
from pipeline.sources.survey import Survey
from pipeline.sources.words import counted


def check_counts(splits: np.ndarray, survey: Survey, params: SourceParams) -> None:
    """Check the training and the test rows of every class.

    Args:
        splits: Of every row, object [n]: "train", "validation", "test" or "withheld".

    Raises:
        SourceError: a class has fewer training rows than `source.minimum_per_class`, or no test
            rows.
    """
    problems = list(_problems(splits, survey, params))
    if problems:
        raise SourceError("The source has classes with too few rows:", problems)


def _problems(splits: np.ndarray, survey: Survey, params: SourceParams) -> Iterator[str]:
    rows = survey.rows
    labels = rows["label"].to_numpy()
    clusters = cluster_rows(rows)
    has_twin = rows["twin"].duplicated(keep=False).to_numpy()
    for label, name in enumerate(survey.schema.classes):
        own = labels == label
        n_train, n_test = (int((own & (splits == split)).sum()) for split in ("train", "test"))
        n_bound = len(np.unique(clusters[own]))
        bound = partial(_bound, survey.schema, own, n_bound, has_twin)
        given = rows["split"][own]
        if n_train < params.minimum_per_class:
            more = _more(bool(given.notna().any()), "train")
            lower = f"leave the class out, or set `source.minimum_per_class: {n_train}`"
            otherwise = lower if n_train else "or leave the class out"
            yield (
                f"The class {name!r} has {n_train} training rows (and {n_test} test rows), fewer "
                f"than `source.minimum_per_class` = {params.minimum_per_class}"
                f"{bound()}; {more}, {otherwise}."
            )
        elif n_test == 0:
            more = _more(bool((rows["split"] == "test").any()), "test")
            yield f"The class {name!r} has no test rows{bound()}; {more}, or leave the class out."


def _more(is_given: bool, split: str) -> str:
    """The way to more rows: those of a split that the source gives are never moved."""
    if is_given:
        return f"add rows of it to the {split} split that the source gives"
    return "add rows of it, in groups of their own where groups are declared"


def _bound(schema: Schema, own: np.ndarray, n_bound: int, has_twin: np.ndarray) -> str:
    """What keeps the rows of a class together, with the line that lets go, where something does."""
    n = int(own.sum())
    if n_bound == n:
        return ""
    kept = f", since its {counted(n, 'row')} stay together in {counted(n_bound, 'cluster')}"
    # The line is about images: equal rows of a table stay together whatever params.yaml says.
    if schema.image_shape is None or not (own & has_twin).any():
        return kept
    return f"{kept} (`source.near_duplicates: warn` parts near duplicates)"

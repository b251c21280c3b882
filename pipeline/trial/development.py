"""The rows that a trial parts, from the folder that the prepare stage wrote."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from pipeline import balance
from pipeline.params import Params
from pipeline.samples import Samples, concatenate
from pipeline.storage import has_split, read_rows, read_split
from pipeline.trial.splits import Thinned, split_replicates


def read_development(
    prepared: Path, *, read: Callable[[Path, str], Samples] = read_split
) -> tuple[Samples, Samples, np.ndarray | None]:
    """Training rows; these with validation rows; how many of each class a replicate trains on.

    Args:
        read: `read_rows` where only labels and provenance are of interest.

    Returns:
        The counts, int64 [classes], are None without a validation split: replicates are folds then.
    """
    train = read(prepared, "train")
    if not has_split(prepared, "validation"):
        return train, train, None
    development = concatenate([train, read(prepared, "validation")])
    return train, development, np.array(list(train.counts().values()))


def thinned_by(
    development: Samples, requested: Mapping[str, int], *, share: float, has_withheld: bool
) -> Thinned | None:
    """What each replicate takes away so that there is a ceiling; None where nothing."""
    if has_withheld or not share:
        return None
    needy = [k for k, name in enumerate(development.schema.classes) if requested.get(name, 0)]
    return Thinned(share, np.array(needy, np.int64))


def refuse_unpartable(prepared: Path, params: Params) -> None:
    """Part the rows as the trial will, which comes hours later, after a generator was trained.

    Raises:
        ParamsError: a class has too few rows, or too few groups, for the parts asked for.
    """
    _, development, training_counts = read_development(prepared, read=read_rows)
    refuse_unpartable_rows(
        development, training_counts, params, has_withheld=has_split(prepared, "withheld")
    )


def refuse_unpartable_rows(
    development: Samples, training_counts: np.ndarray | None, params: Params, *, has_withheld: bool
) -> None:
    """The same of rows that are at hand, with or without their values; see `read_development`."""
    counts = development.counts()
    if training_counts is not None:
        counts = dict(zip(counts, training_counts.tolist(), strict=True))
    split_replicates(
        development,
        params.trial,
        seed=params.seed,
        training_counts=training_counts,
        thinned=thinned_by(
            development,
            balance.request(counts, params.balance),
            share=params.trial.thin_further,
            has_withheld=has_withheld,
        ),
    )

"""Which near duplicates are linked, so that no split parts them, and the sentences that say so.

Pictures of a fixed camera look the same without being copies of one another. Linked, they would be
one cluster, which goes to one split whole and leaves the others empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.samples import Schema
from pipeline.sources.survey import Notice, warning
from pipeline.sources.twins import joined
from pipeline.sources.words import counted

Policy = Literal["link", "warn", "off"]
# A burst of photographs, or all copies of one picture, are few; more is no duplicate.
MOST_ROWS = 10
MOST_SHARE = 0.05
MOST_OF_A_CLASS = 0.5
LEAST_OF_A_CLASS = 3


@dataclass(frozen=True)
class NearDuplicates:
    """What was found, int64 [pairs, 2] row positions each.

    Attributes:
        linked: Pairs that no split parts.
        told: Pairs that are told only, since `source.near_duplicates: warn` asks for it.
        crowded: Pairs of clusters that are too large to be duplicates; told and not linked.
    """

    linked: np.ndarray
    told: np.ndarray
    crowded: np.ndarray


def judged(pairs: np.ndarray, labels: np.ndarray, policy: Policy | None) -> NearDuplicates:
    """What becomes of the pairs that were found.

    Args:
        pairs: Row positions, int64 [pairs, 2].
        labels: Of all rows, int64 [n].
        policy: `source.near_duplicates`; None: linked, but for clusters that are too large.
    """
    none = pairs[:0]
    if policy == "warn":
        return NearDuplicates(none, pairs, none)
    if policy is not None:
        return NearDuplicates(pairs, none, none)
    clusters = joined(len(labels), pairs)
    is_crowd = _too_large(clusters, labels)[clusters[pairs[:, 0]]]
    return NearDuplicates(pairs[~is_crowd], none, pairs[is_crowd])


def _too_large(clusters: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which clusters hold too many rows, or most of a class, bool [clusters]."""
    sizes = np.bincount(clusters)
    in_class = np.zeros((len(sizes), int(labels.max()) + 1), np.int64)
    np.add.at(in_class, (clusters, labels), 1)
    of_class = in_class.sum(axis=0)
    most_of_one = (in_class >= LEAST_OF_A_CLASS) & (in_class > MOST_OF_A_CLASS * of_class)
    too_many = sizes > max(MOST_ROWS, MOST_SHARE * len(labels))
    return np.asarray(too_many | most_of_one.any(axis=1))


def notices_of_near(found: NearDuplicates, rows: pd.DataFrame, schema: Schema) -> Iterator[Notice]:
    """What was linked, what was not, and the line of params.yaml that changes it."""
    paths = rows["source_path"].to_numpy()
    linked = "such pictures stay together in the splits that are made here"
    told = "they are not linked, as `source.near_duplicates: warn` asks"
    for pairs, consequence in (
        (found.linked, f"{linked}; `source.near_duplicates: warn` parts them."),
        (found.told, f"{told}; `link` links them."),
    ):
        if len(pairs):
            yield warning(
                f"{_pictures(pairs)} have a near duplicate ({_example(pairs, paths)}); "
                f"{consequence}"
            )
    if len(found.crowded):
        yield warning(
            f"{_pictures(found.crowded)} look nearly the same as others "
            f"({_example(found.crowded, paths)}), too many to be copies, as of a fixed camera; "
            "they are not linked. `source.near_duplicates: link` links them, `off` does not look."
        )
    yield from _about_labels(found.linked, rows, schema)
    yield from _about_given_splits(found, rows)


def _about_labels(pairs: np.ndarray, rows: pd.DataFrame, schema: Schema) -> Iterator[Notice]:
    paths = rows["source_path"].to_numpy()
    classes = np.array(schema.classes, object)[rows["label"].to_numpy()]
    crossing = _differing(pairs, classes)
    if len(crossing):
        one, other = crossing[0]
        yield warning(
            f"{counted(len(crossing), 'pair')} of near duplicates in two classes, such as "
            f"{paths[one]} ({classes[one]!r}) and {paths[other]} ({classes[other]!r}); one label "
            "of each pair is probably wrong."
        )


def _about_given_splits(found: NearDuplicates, rows: pd.DataFrame) -> Iterator[Notice]:
    if not rows["split"].notna().any():
        return
    paths = rows["source_path"].to_numpy()
    apart = _differing(np.concatenate([found.linked, found.told]), rows["split"].to_numpy())
    if len(apart):
        yield warning(
            f"{counted(len(apart), 'pair')} of near duplicates in different splits "
            f"({_example(apart, paths)}); scores may be too good."
        )


def _pictures(pairs: np.ndarray) -> str:
    return f"{len(np.unique(pairs)):,} pictures"


def _example(pairs: np.ndarray, paths: np.ndarray) -> str:
    return f"for instance {paths[pairs[0, 0]]} and {paths[pairs[0, 1]]}"


def _differing(pairs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The pairs, int64 [m, 2], whose two rows differ in their value."""
    differing: np.ndarray = pairs[values[pairs[:, 0]] != values[pairs[:, 1]]]
    return differing

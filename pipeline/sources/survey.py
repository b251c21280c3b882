"""What a source found: one row a sample, without the samples themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipeline.samples import Schema
from pipeline.sources.clusters import cluster_names

BATCH_ROWS = 1_000


class Notice(BaseModel):
    """Something a reader should know about the raw data, though they can be used.

    Attributes:
        kind: "warning": odd, kept as it is; "converted": changed, and how.
        message: One or two whole sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["warning", "converted"]
    message: str


def warning(message: str) -> Notice:
    """A notice of something odd that was kept."""
    return Notice(kind="warning", message=message)


def converted(message: str) -> Notice:
    """A notice of something that was changed."""
    return Notice(kind="converted", message=message)


@dataclass(frozen=True)
class Survey:
    """Everything about the raw rows but their values.

    Attributes:
        schema: What one sample is.
        rows: One row a sample, in source order, with the columns
            `id`: text, unique, the same when other data are added;
            `label`: int64, index into `schema.classes`;
            `source_path`: text, where the row lies in the source;
            `split`: text, the split that the source itself gives, or missing;
            `group`: text, rows of one group (a patient, a writer) never part; or missing;
            `twin`: int64, rows of one number are duplicates or nearly so and never part.
        notices: What was odd or converted.
        sample: How many rows were decoded, where a plan looked at some only; None: all.
    """

    schema: Schema
    rows: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    sample: int | None = None

    def counts(self) -> dict[str, int]:
        """Rows of each class by name, in label order."""
        found = np.bincount(self.rows["label"], minlength=len(self.schema.classes))
        return {name: int(n) for name, n in zip(self.schema.classes, found, strict=True)}

    @cached_property
    def provenance(self) -> pd.DataFrame:
        """What the samples keep of their rows, one row a sample, with index 0…n-1.

        Columns `id` and `source_path`; `group` where any is declared; `cluster` where any row has a
        twin: see `cluster_names`.
        """
        names = ["id", "source_path"]
        if self.rows["group"].notna().any():
            names.append("group")
        kept = self.rows[names]
        clusters = cluster_names(self.rows)
        if clusters is not None:
            kept = kept.assign(cluster=clusters)
        return kept.reset_index(drop=True)


class Source(Protocol):
    """One raw format. `survey` comes first; `read` may then be called any number of times."""

    def survey(self) -> Survey:
        """Look at every row once and validate it.

        Raises:
            SourceError: the data cannot be used; every problem of the pass is listed.
        """
        ...

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """The samples at these row positions of the survey, in that order, in the storage layout.

        Tables are small (`BATCH_ROWS`), so that memory does not grow with the number of rows.
        """
        ...


def make_rows(
    ids: Sequence[str],
    labels: np.ndarray,
    source_paths: Sequence[str],
    *,
    splits: Sequence[str | None] | None = None,
    groups: Sequence[str | None] | None = None,
    twins: np.ndarray | None = None,
) -> pd.DataFrame:
    """The `rows` of a survey; every row is its own twin where none are given."""
    n = len(ids)
    return pd.DataFrame(
        {
            "id": pd.Series(list(ids), dtype=object),
            "label": np.asarray(labels, np.int64),
            "source_path": pd.Series(list(source_paths), dtype=object),
            "split": pd.Series([None] * n if splits is None else list(splits), dtype=object),
            "group": pd.Series([None] * n if groups is None else list(groups), dtype=object),
            "twin": np.arange(n) if twins is None else np.asarray(twins, np.int64),
        }
    )

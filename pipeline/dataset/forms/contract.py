"""What a released set asks of its kind of data."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.dataset.wanted import Format
from pipeline.samples import Samples, Schema

if TYPE_CHECKING:
    from pipeline.dataset.torch_rows import AugmentedDataset


class Numbers(Protocol):
    """Values as an array of one type."""

    @property
    def dtype(self) -> type[np.generic]:
        """Of the array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""

    @property
    def columns(self) -> list[dict[str, Any]] | None:
        """What is told of each column beside the array; None where nothing is to be told."""

    def of(self, samples: Samples) -> np.ndarray:
        """[n, *shape]."""


class Form(Protocol):
    """A kind of data in a released set.

    Attributes:
        noun: What a whole set is called.
        task: Its task in the terms of the Hugging Face hub.
        formats: Those in which it can be pulled.
        network: The classifier whose recipe `load_torch` can apply.
        applied: What it applies of that recipe, in words.
    """

    noun: str
    task: str
    formats: tuple[Format, ...]
    network: str
    applied: str

    def refusal(self, form: Format) -> str:
        """Why it cannot be had in a format that is none of `formats`, in a sentence."""

    def told(self, schema: Schema) -> Mapping[str, str]:
        """Name of each column of the values → what a reader of the card is told of it."""

    def csv_names(self, schema: Schema) -> list[str]:
        """The names of the columns of a CSV file that hold the values.

        Raises:
            VersionError: there are too many.
        """

    def csv_cells(self, samples: Samples) -> Iterator[list[Any]]:
        """The cells of each row."""

    def numbers(self, schema: Schema, parts: Iterable[Samples]) -> Numbers:
        """How values become one array.

        Args:
            parts: All rows, one part at a time, from which categories are learned.
        """

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """The rows of a set's files as a data frame, in the types in which they are stored."""

    def torch(self) -> "type[AugmentedDataset]":
        """The class of its torch Dataset; torch is imported when this is asked."""

    def digests(self, table: pa.Table, schema: Schema) -> np.ndarray:
        """Of each row's content, object [n]; nothing is decoded."""

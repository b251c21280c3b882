"""What a consumer wants of an augmented set: which rows, in which form. Light to import."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Format = Literal["parquet", "images", "csv", "numpy"]
# The configs of a set, as the Hugging Face library calls them:
# train      the recommended set: real rows, and the rows that the trial added to them
# balanced   real rows and GAN rows, of each class exactly as many as were asked for
# synthetic  every GAN row
# all        every row
Rows = Literal["train", "balanced", "synthetic", "all"]
# Class name → source of rows → number of rows.
RowCounts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Selection:
    """Rows by config and class.

    Attributes:
        rows: The config.
        classes: Names of the classes to keep; empty for all.
    """

    rows: Rows = "train"
    classes: tuple[str, ...] = ()

    @property
    def takes_all(self) -> bool:
        return self.rows == "all" and not self.classes

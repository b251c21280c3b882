"""What a consumer wants of an augmented set: which rows, in which form. Light to import."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["parquet", "images", "csv", "numpy"]


@dataclass(frozen=True)
class Selection:
    """Rows by origin and class.

    Attributes:
        synthetic: True for synthetic rows only, False for real rows only, None for both.
        classes: Names of the classes to keep; empty for all.
    """

    synthetic: bool | None = None
    classes: tuple[str, ...] = ()

    @property
    def takes_all(self) -> bool:
        return self.synthetic is None and not self.classes

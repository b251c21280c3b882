"""What fixes a pair of table networks: the encoding and the copula fitted on rows, and shapes."""

from dataclasses import dataclass
from typing import Any

from pipeline.samples import Samples


@dataclass(frozen=True)
class TableDesign:
    """Everything that fixes a generator of rows; stored beside the weights."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, content: Any) -> "TableDesign":
        """The design that `to_json` told."""
        raise NotImplementedError


def choose_design(
    samples: Samples, *, networks: str, width: int | None, deviation: bool
) -> TableDesign:
    """Fit the design on the rows that a generator trains on."""
    raise NotImplementedError

"""What fixes a pair of table networks: the encoding fitted on rows, and shapes."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from pipeline.errors import ArtifactError, ParamsError
from pipeline.modalities.rarity import FEWEST_ROWS
from pipeline.modalities.table.encoding import TableEncoding, fit_encoding
from pipeline.modalities.table.layout import Layout
from pipeline.modalities.table.problems import problem_of
from pipeline.outside import read_outside_json
from pipeline.samples import Samples

Size = Annotated[int, Field(ge=1, le=2**16)]

WIDTH, EMBEDDING, NOISE = 128, 16, 16
WAY_OUT = "Train the generator again."


@dataclass(frozen=True)
class TableDesign:
    """Everything that fixes a generator of rows but its weights; stored beside them.

    Attributes:
        encoding: Of the columns, fitted on the training rows.
        width: Units of a hidden layer.
        noise_dim: Latent numbers beside the copula's.
        embedding_dim: Of a class.
        deviation: Whether the discriminator sees the spread within a class.
    """

    encoding: TableEncoding
    n_classes: Size
    width: Size
    noise_dim: Size
    embedding_dim: Size
    deviation: bool = True

    @cached_property
    def layout(self) -> Layout:
        """Where each column stands in a row of the networks' form."""
        return Layout(self.encoding)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        # Through JSON, so that tuples are lists in a design that was never stored, too.
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content

    @classmethod
    def from_json(cls, content: Any) -> "TableDesign":
        """The design that `to_json` told.

        Raises:
            ArtifactError: the content is of another format, or its parts contradict each other.
        """
        where = "the generator's design"
        design = read_outside_json(json.dumps(content), cls, where=where, way_out=WAY_OUT)
        problem = problem_of(design.encoding)
        if problem:
            raise ArtifactError(f"{where} cannot be used: {problem}. {WAY_OUT}")
        return design


def choose_design(
    samples: Samples, *, networks: str, width: int | None, deviation: bool
) -> TableDesign:
    """Fit the design on the rows that a generator trains on.

    Raises:
        ParamsError: there are no networks of that kind for tables, or no column varies.
    """
    if networks not in ("auto", "table"):
        raise ParamsError(
            f"There are no {networks} networks for tables; take the preset 'residual'."
        )
    encoding = fit_encoding(samples)
    if not encoding.numbers and not encoding.blocks:
        raise ParamsError(
            "No column of the table can be learned: each is constant, empty, free text, or of "
            f"categories that fewer than {FEWEST_ROWS} rows hold; a generator needs at least one "
            "that varies."
        )
    return TableDesign(
        encoding=encoding,
        n_classes=len(samples.schema.classes),
        width=width or WIDTH,
        noise_dim=NOISE,
        embedding_dim=EMBEDDING,
        deviation=deviation,
    )

"""Cells of an exported table's provenance."""

from collections.abc import Iterator
from typing import Any

from pipeline.formulas import harmless
from pipeline.samples import Samples


def provenance_rows(samples: Samples) -> tuple[list[str], Iterator[list[Any]]]:
    """The names of the provenance columns, and each row's cells, harmless."""
    frame = samples.provenance
    rows = ([harmless(cell) for cell in row] for row in frame.itertuples(index=False, name=None))
    return [str(name) for name in frame.columns], rows

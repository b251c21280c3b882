"""How many rows hide one another: a category of fewer may name a person."""

from pipeline.samples import Column

FEWEST_ROWS = 5


def fewest_rows(column: Column) -> int:
    """How many rows a category of the column needs to be generated."""
    return 1 if column.keeps_rare else FEWEST_ROWS

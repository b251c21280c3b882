"""Tables on the terminal."""

from rich.table import Table
from rich.text import Text

from pipeline.terminal import one_line


class PlainTable(Table):
    """A table whose cells are text as it is, one line each: no markup, nothing that is obeyed."""

    def add_row(self, *cells: object) -> None:  # type: ignore[override]
        """Add a row of values."""
        super().add_row(*(Text(one_line(cell)) for cell in cells))


def table_of(*headings: str) -> PlainTable:
    """An empty table without lines; its cells fold rather than being cut."""
    table = PlainTable(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(Text(one_line(heading)), overflow="fold")
    return table

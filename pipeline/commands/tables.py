"""Tables on the terminal."""

from rich.table import Table


def table_of(*headings: str) -> Table:
    """An empty table without lines; its cells fold rather than being cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def plain(text: object) -> str:
    """Text from outside, whose square brackets rich would take for markup."""
    return str(text).replace("[", r"\[")

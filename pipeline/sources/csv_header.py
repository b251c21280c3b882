"""Whether the first row of a text table names its columns, or is a row like the others."""

import re

NUMBER = re.compile(r"[+-]?([0-9][0-9.,]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*")
MARKS = {"", "?", "na", "n/a", "nan", "null", "none", "-"}
MOSTLY = 0.8
# Fewer rows tell nothing of what is usual in a column.
FEWEST_ROWS = 5


def has_header(rows: list[list[str]]) -> bool | None:
    """True for a header, false for a row of data, None where both readings are possible.

    Args:
        rows: The first rows of the table, the first of all included.
    """
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if len(rest) < FEWEST_ROWS:
        return True
    votes = [_vote(cell.strip(), [row[k].strip() for row in rest]) for k, cell in enumerate(first)]
    if True in votes or not any(vote is False for vote in votes):
        return True
    return None if None in votes else False


def _vote(cell: str, column: list[str]) -> bool | None:
    """Of one column: its first cell names it, is one of its values, or tells nothing."""
    known = [value for value in column if value.lower() not in MARKS]
    if not known:
        return None if cell else False
    for pattern in (NUMBER, DATE):
        share = sum(bool(pattern.fullmatch(value)) for value in known) / len(known)
        if share >= MOSTLY:
            if pattern.fullmatch(cell):
                return False
            return cell.lower() not in MARKS or None
    if NUMBER.fullmatch(cell):
        return None
    return False if cell in known else None

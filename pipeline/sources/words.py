"""Numbers beside their nouns."""


def counted(n: int, one: str, many: str | None = None) -> str:
    """`n` and its noun: counted(1, "row") is "1 row", counted(2000, "row") is "2,000 rows"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"

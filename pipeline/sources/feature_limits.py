"""What a generator of tables can be given: how many columns, and which of their categories."""

from collections.abc import Sequence

import pyarrow.compute as pc

from pipeline.errors import SourceError
from pipeline.modalities.rarity import FEWEST_ROWS
from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, warning
from pipeline.sources.typed_columns import Typed
from pipeline.sources.words import counted

# The generator's first layer and the copula grow with the square of the columns.
MOST_COLUMNS = 1_000
SHOWN = 3


def refuse_many_columns(headline: str, n: int) -> None:
    """Refuse a table that is too wide for a generator.

    Raises:
        SourceError: it has more features than a generator can learn.
    """
    if n > MOST_COLUMNS:
        problem = (
            f"It has {n:,} feature columns; a generator learns at most {MOST_COLUMNS:,}: list "
            "columns in `source.table.leave_out`, or write a table with those that matter."
        )
        raise SourceError(headline, [problem])


def rare_categories(typed: Sequence[Typed]) -> list[Notice]:
    """A sentence for each column with categories that so few rows hold that none is generated."""
    notices = []
    for column in typed:
        if column.column.kind != "categorical" or column.column.keeps_rare:
            continue
        counts = pc.value_counts(pc.drop_null(column.values))
        few = [
            text
            for text, n in zip(
                counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True
            )
            if n < FEWEST_ROWS
        ]
        if few:
            shown = ", ".join(repr(text[:40]) for text in sorted(few)[:SHOWN])
            more = ", …" if len(few) > SHOWN else ""
            name = column.column.name
            told = (
                f"The column {name!r} has {counted(len(few), 'category', 'categories')} that fewer "
                f"than {FEWEST_ROWS} rows hold ({shown}{more}); such a category could name a "
                "person and is not generated. "
                f"`source.table.rare_categories: [{quoted(name)}]` has it generated."
            )
            notices.append(warning(told))
    return notices

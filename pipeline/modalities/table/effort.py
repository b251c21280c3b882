"""What a run on a table costs."""

from pipeline.modalities.effort import Effort
from pipeline.samples import Schema


def effort_of(schema: Schema) -> Effort:
    """Fits of classifiers take longer with more rows, and nothing can be made smaller."""
    n = len(schema.columns)
    kinds = sorted({column.kind for column in schema.columns})
    columns = f"{n:,} feature column{'' if n == 1 else 's'}"
    return Effort(
        words=f"a table of {columns}",
        timed_with=f"rows of {columns}",
        stored_share=1.0,
        work=1.0,
        kind={
            "columns": {
                kind: sum(column.kind == kind for column in schema.columns) for kind in kinds
            },
            "categories": sum(len(column.categories) for column in schema.columns),
        },
        fits_by_rows=True,
    )

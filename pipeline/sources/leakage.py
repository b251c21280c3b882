"""Columns that tell the label by themselves: mostly they were written after it was known."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.column_types import as_numbers
from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, warning
from pipeline.sources.typed_columns import Typed

# Of every class, so that a rare one counts as much as a common one.
NEARLY = 0.99
# Leaves of a single column's tree, beyond one a class; each holds several rows.
SPARE_LEAVES, LEAF_ROWS = 2, 3
MOST_ROWS, MOST_COLUMNS = 20_000, 1_000
# With fewer rows a column tells the classes by chance.
FEWEST_ROWS = 30


def leaks(typed: Sequence[Typed], labels: np.ndarray) -> list[Notice]:
    """A sentence for each column from which nearly every row's class can be read.

    A tree on the one column is asked for the recall of every class, on the rows that it saw.

    Args:
        labels: int64 [n].
    """
    n, n_classes = len(labels), len(np.unique(labels))
    if n < FEWEST_ROWS or n_classes < 2:
        return []
    # Scikit-learn is slow to import.
    from sklearn.tree import DecisionTreeClassifier

    rows = np.linspace(0, n - 1, min(n, MOST_ROWS)).astype(np.int64)
    asked = labels[rows]
    tree = DecisionTreeClassifier(
        class_weight="balanced",
        max_leaf_nodes=n_classes + SPARE_LEAVES,
        min_samples_leaf=LEAF_ROWS,
        random_state=0,
    )
    notices = []
    for column in typed[:MOST_COLUMNS]:
        cells = _numbers(column.values.take(pa.array(rows)), asked)
        if cells is None:
            continue
        found = tree.fit(cells, asked).predict(cells)
        recall = np.mean([(found[asked == k] == k).mean() for k in np.unique(asked)])
        if recall >= NEARLY:
            notices.append(_about(column.column.name, float(recall)))
    return notices


def _numbers(values: pa.ChunkedArray, labels: np.ndarray) -> np.ndarray | None:
    """The column as float64 [n, 1]: numbers as they are, categories by their classes."""
    if pc.count_distinct(values, mode="all").as_py() < 2:
        return None
    if not (pa.types.is_string(values.type) or pa.types.is_boolean(values.type)):
        return as_numbers(values.to_pandas()).reshape(-1, 1)
    texts = pc.fill_null(pc.cast(values, pa.string()), "").combine_chunks()
    codes = np.asarray(texts.dictionary_encode().indices)
    counts = np.bincount(codes)
    if (counts < LEAF_ROWS).mean() > 0.5:
        return None
    # Categories in the order of their classes, so that few leaves can tell them.
    means = np.bincount(codes, weights=labels) / counts
    return np.asarray(means[codes], np.float64).reshape(-1, 1)


def _about(name: str, recall: float) -> Notice:
    share = "every row's class" if recall == 1 else f"the class of {recall:.1%} of the rows"
    return warning(
        f"The column {name!r} alone tells {share}. If it is known only once the label is, it is "
        f"leakage: `source.table.leave_out: [{quoted(name)}]`."
    )

"""Two augmented sets, row by row: what was added, removed and kept of each class."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.codecs.registry import codec_of
from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.selection import label_column, prefix_of, selected_tables
from pipeline.dataset.wanted import Rows, Selection
from pipeline.storage import read_schema

KEY = ["id", "class_name", "is_synthetic", "content"]


@dataclass(frozen=True)
class RowChange:
    """Rows of one class and origin that only the new set has, only the old one, and both."""

    class_name: str
    synthetic: bool
    added: int
    removed: int
    kept: int


def compare_rows(old: Path, new: Path, rows: Rows = "all") -> list[RowChange]:
    """Compare the rows of a config in two augmented sets in Parquet.

    A row is kept when its identifier, class, origin and content (pixels or features) are the same;
    a row that was relabelled or whose picture changed counts as removed and added.

    Returns:
        One entry for each class of either set and origin, real before synthetic, in label order.
    """
    frames = [row_keys(folder, rows) for folder in (old, new)]
    merged = frames[0].merge(frames[1], how="outer", on=KEY, indicator=True)
    counts = merged.groupby(["class_name", "is_synthetic", "_merge"], observed=False).size()
    classes = [*dict.fromkeys((*read_schema(old).classes, *read_schema(new).classes))]

    def count(name: str, synthetic: bool, side: str) -> int:
        key = (name, synthetic, side)
        return int(counts[key]) if key in counts.index else 0

    return [
        RowChange(
            class_name=name,
            synthetic=synthetic,
            added=count(name, synthetic, "right_only"),
            removed=count(name, synthetic, "left_only"),
            kept=count(name, synthetic, "both"),
        )
        for name in classes
        for synthetic in (False, True)
    ]


def row_keys(directory: Path, rows: Rows = "all") -> pd.DataFrame:
    """One line a row: id, class name, origin, and a hash of the content; nothing is decoded."""
    schema = read_schema(directory)
    form = form_of(schema)
    prefix, label = prefix_of(schema), label_column(schema)
    content = codec_of(schema).value_columns(schema)
    columns = [f"{prefix}id", f"{prefix}is_synthetic", label, *content]
    parts = []
    for _, table in selected_tables(directory, Selection(rows), columns):
        frame = table.select(columns[:3]).to_pandas()
        frame.columns = pd.Index(["id", "is_synthetic", "class_name"])
        frame["class_name"] = [schema.classes[k] for k in frame["class_name"]]
        frame["content"] = form.digests(table, schema)
        parts.append(frame)
    joined: pd.DataFrame = pd.concat(parts or [pd.DataFrame(columns=KEY)], ignore_index=True)[KEY]
    return joined

"""An augmented set as NumPy arrays, one file each, none of them pickled."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.column_types import as_numbers
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.errors import VersionError
from pipeline.samples import Samples, Schema
from pipeline.storage import read_schema
from pipeline.workspace import write_json


def export_numpy(source: Path, target: Path, selection: Selection) -> None:
    """Write `values.npy`, `labels.npy`, `weights.npy`, `is_synthetic.npy`, `ids.npy`, classes.json.

    Where the set tells them also `in_train.npy` and `in_balanced.npy`, bool [n], and each list of
    probabilities by its name, float64 [n, classes], NaN in rows without.

    `values.npy` is uint8 [n, height, width, channels] for images. For tables it is float64
    [n, columns]; `columns.json` names the columns, and for one of text the categories whose
    positions the numbers are; missing values are NaN. Labels are int64, weights float64.
    """
    schema = read_schema(source)
    total = sum(len(samples) for samples in selected_shards(source, selection))
    tables = schema.modality == "table"
    categories = _categories(source, selection, schema) if tables else {}
    shape = (len(schema.columns),) if tables else schema.image_shape
    assert shape is not None
    values = np.lib.format.open_memmap(
        target / "values.npy",
        mode="w+",
        dtype=np.float64 if tables else np.uint8,
        shape=(total, *shape),
    )
    rest: list[Samples] = []
    row = 0
    for samples in selected_shards(source, selection):
        values[row : row + len(samples)] = (
            _numbers(samples, categories) if tables else samples.values
        )
        row += len(samples)
        rest.append(samples)
    values.flush()
    _save_rows(target, rest)
    write_json(target / "classes.json", list(schema.classes))
    if tables:
        names = [{"name": c.name, "categories": categories.get(c.name)} for c in schema.columns]
        write_json(target / "columns.json", names)


def _save_rows(target: Path, parts: Iterable[Samples]) -> None:
    parts = list(parts)
    frame = pd.concat([samples.provenance for samples in parts], ignore_index=True)
    arrays = {
        "labels": np.concatenate([samples.labels for samples in parts]).astype(np.int64),
        "weights": frame["weight"].to_numpy(dtype=np.float64),
        "is_synthetic": frame["is_synthetic"].to_numpy(dtype=bool),
        "ids": frame["id"].to_numpy(dtype=str),
    }
    for name in ("in_train", "in_balanced"):
        if name in frame:
            arrays[name] = frame[name].to_numpy(dtype=bool)
    for column in frame.columns:
        kind = frame[column].dtype
        if isinstance(kind, pd.ArrowDtype) and pa.types.is_list(kind.pyarrow_dtype):
            arrays[column] = _matrix(frame[column], n_columns=len(parts[0].schema.classes))
    for name, array in arrays.items():
        np.save(target / f"{name}.npy", array, allow_pickle=False)


def _matrix(column: pd.Series, *, n_columns: int) -> np.ndarray:
    """Lists of `n_columns` numbers, float64 [n, n_columns]; NaN where a row has none."""
    nothing = [np.nan] * n_columns
    rows = [nothing if cell is None else cell for cell in pa.array(column).to_pylist()]
    return np.array(rows, np.float64)


def _categories(source: Path, selection: Selection, schema: Schema) -> dict[str, list[str]]:
    """Column of text → its values, sorted, over all selected rows."""
    found: dict[str, set[str]] = {
        column.name: set(column.categories)
        for column in schema.columns
        if column.kind in ("categorical", "text")
    }
    for samples in selected_shards(source, selection):
        for name, values in found.items():
            values.update(samples.values[name].dropna().astype(str))
    return {name: sorted(values) for name, values in found.items()}


def _numbers(samples: Samples, categories: dict[str, list[str]]) -> np.ndarray:
    """Float64 [n, columns]; datetimes as seconds since 1970."""
    columns = []
    for column in samples.schema.columns:
        values = samples.values[column.name]
        if column.name in categories:
            codes = pd.Categorical(values.astype("string"), categories[column.name]).codes
            columns.append(np.where(codes < 0, np.nan, codes.astype(float)))
        else:
            columns.append(_floats(values, column.name))
    return np.column_stack(columns) if columns else np.empty((len(samples), 0))


def _floats(values: pd.Series, name: str) -> np.ndarray:
    try:
        return as_numbers(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        raise VersionError(
            f"The column {name!r} holds something other than numbers; pull it as parquet or csv."
        ) from None

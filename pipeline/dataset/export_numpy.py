"""An augmented set as NumPy arrays, one file each, none of them pickled."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.samples import Samples
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
    numbers = form_of(schema).numbers(schema, selected_shards(source, selection))
    values = np.lib.format.open_memmap(
        target / "values.npy", mode="w+", dtype=numbers.dtype, shape=(total, *numbers.shape)
    )
    rest: list[Samples] = []
    row = 0
    for samples in selected_shards(source, selection):
        values[row : row + len(samples)] = numbers.of(samples)
        row += len(samples)
        # Values are on disk; what is known of the rows is all that stays in memory.
        rest.append(replace(samples, values=np.empty((len(samples), 0), np.uint8)))
    values.flush()
    _save_rows(target, rest)
    write_json(target / "classes.json", list(schema.classes))
    if numbers.columns is not None:
        write_json(target / "columns.json", numbers.columns)


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

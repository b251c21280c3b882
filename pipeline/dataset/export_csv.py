"""An augmented set as one CSV file."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.dataset.cells import provenance_rows
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.errors import VersionError
from pipeline.formulas import harmless
from pipeline.samples import Samples, Schema
from pipeline.storage import TABLE_PROVENANCE_PREFIX, read_schema

MOST_PIXELS = 4096


def export_csv(source: Path, target: Path, selection: Selection) -> None:
    """Write `train.csv`, named by the rows: class name, what is known of the row, its values.

    Pixels are columns `pixel_0, pixel_1, …` (rows of the image one after the other, channels
    last), integers from 0 to 255.

    Raises:
        VersionError: an image has more than 4096 pixel values.
    """
    schema = read_schema(source)
    features = _feature_names(schema)
    with (target / f"{selection.rows}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        is_first = True
        for samples in selected_shards(source, selection):
            header, rows = provenance_rows(samples)
            if is_first:
                writer.writerow(map(harmless, [*_row_names(schema, header), *features]))
                is_first = False
            for label, row, values in zip(samples.labels, rows, _values(samples), strict=True):
                writer.writerow([harmless(schema.classes[label]), *row, *values])


def _row_names(schema: Schema, provenance: list[str]) -> list[str]:
    if schema.modality == "image":
        return ["label", *provenance]
    return [schema.label_column, *(TABLE_PROVENANCE_PREFIX + name for name in provenance)]


def _feature_names(schema: Schema) -> list[str]:
    if schema.modality == "table":
        return [column.name for column in schema.columns]
    assert schema.image_shape is not None
    height, width, channels = schema.image_shape
    if height * width * channels > MOST_PIXELS:
        raise VersionError(
            f"Images of {height}×{width} pixels make no useful CSV (over {MOST_PIXELS} columns); "
            "pull them as parquet, images or numpy."
        )
    return [f"pixel_{position}" for position in range(height * width * channels)]


def _values(samples: Samples) -> Iterator[list[Any]]:
    if samples.schema.modality == "image":
        return (image.ravel().tolist() for image in samples.values)
    frame = samples.values
    return ([harmless(cell) for cell in row] for row in frame.itertuples(index=False, name=None))

"""An augmented set as one CSV file."""

import csv
from pathlib import Path

from pipeline.codecs.registry import codec_of
from pipeline.dataset.cells import provenance_rows
from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.formulas import harmless
from pipeline.storage import read_schema


def export_csv(source: Path, target: Path, selection: Selection) -> None:
    """Write `train.csv`, named by the rows: class name, what is known of the row, its values.

    Pixels are columns `pixel_0, pixel_1, …` (rows of the image one after the other, channels
    last), integers from 0 to 255. Columns of a table keep their names; a gap is an empty cell.

    Raises:
        VersionError: an image has more than 4096 pixel values.
    """
    schema = read_schema(source)
    form, codec = form_of(schema), codec_of(schema)
    features = form.csv_names(schema)
    with (target / f"{selection.rows}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        is_first = True
        for samples in selected_shards(source, selection):
            names, rows = provenance_rows(samples)
            if is_first:
                known = [codec.prefix + name for name in names]
                head = [codec.label_column(schema), *known, *features]
                writer.writerow(map(harmless, head))
                is_first = False
            cells = form.csv_cells(samples)
            for label, row, values in zip(samples.labels, rows, cells, strict=True):
                writer.writerow([harmless(schema.classes[label]), *row, *values])

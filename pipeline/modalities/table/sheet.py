"""A few rows of each class, to be looked at in a spreadsheet."""

import csv
import io

from pipeline.formulas import harmless
from pipeline.samples import Samples


def sheet(samples: Samples, *, rows: int) -> bytes:
    """The first `rows` rows of each class as CSV, their class first, UTF-8 with a header.

    Texts that a spreadsheet would run are escaped, see `pipeline.formulas`.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    schema = samples.schema
    names = [schema.label_column, *(column.name for column in schema.columns)]
    writer.writerow(map(harmless, names))
    for label, name in enumerate(schema.classes):
        shown = samples.take((samples.labels == label).nonzero()[0][:rows])
        for cells in shown.values.itertuples(index=False, name=None):
            writer.writerow(map(harmless, [name, *cells]))
    return file.getvalue().encode()

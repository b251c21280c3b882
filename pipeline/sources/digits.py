"""The embedded default: scikit-learn's handwritten digits, 1,797 grey pictures of 8×8 px.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test
half); licence CC BY 4.0. They ship inside scikit-learn, so that nothing is downloaded.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.samples import Samples, Schema
from pipeline.sources.survey import BATCH_ROWS, Survey, make_rows
from pipeline.storage import to_arrow

SCHEMA = Schema(
    modality="image", classes=tuple(str(digit) for digit in range(10)), image_shape=(8, 8, 1)
)
INK_LEVELS = 16


class Digits:
    """The digits as a source; it needs neither a path nor settings."""

    def __init__(self) -> None:
        # scikit-learn takes over a second to import, which the other sources need not pay.
        from sklearn.datasets import load_digits

        bunch = load_digits()
        # Ink is counted from 0 to 16; 255 / 16 is no whole number, so levels are rounded.
        self._images = np.rint(bunch.images * (255 / INK_LEVELS)).astype(np.uint8)[..., None]
        n = len(self._images)
        rows = make_rows(
            [f"digits-{index:04d}" for index in range(n)],
            bunch.target,
            [f"sklearn.datasets.load_digits()[{index}]" for index in range(n)],
        )
        self._survey = Survey(schema=SCHEMA, rows=rows)

    def survey(self) -> Survey:
        """All 1,797 rows; nothing can be wrong with them."""
        return self._survey

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """The digits at these positions."""
        for start in range(0, len(positions), BATCH_ROWS):
            chosen = positions[start : start + BATCH_ROWS]
            yield to_arrow(
                Samples(
                    schema=SCHEMA,
                    values=self._images[chosen],
                    labels=self._survey.rows["label"].to_numpy()[chosen],
                    provenance=self._survey.provenance.iloc[chosen].reset_index(drop=True),
                )
            )

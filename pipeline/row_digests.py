"""One hash a row, over its content and label: the same row is known again wherever it stands."""

import hashlib

import pandas as pd

from pipeline.samples import Samples

# Of 64 hexadecimal digits; 64 bits tell a hundred million rows apart.
SHOWN = 16


def row_digests(samples: Samples) -> list[bytes]:
    """SHA-256 of every row's values and label, in the samples' order."""
    if isinstance(samples.values, pd.DataFrame):
        rows = pd.util.hash_pandas_object(samples.values, index=False).to_numpy()
        parts = [row.tobytes() for row in rows]
    else:
        parts = [image.tobytes() for image in samples.values]
    return [
        hashlib.sha256(part + int(label).to_bytes(8, "big")).digest()
        for part, label in zip(parts, samples.labels, strict=True)
    ]


def row_names(samples: Samples) -> list[str]:
    """The same, as 16 hexadecimal digits a row."""
    return [digest.hex()[:SHOWN] for digest in row_digests(samples)]

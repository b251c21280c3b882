"""What the source data are, whatever seed split them: one hash over all their rows."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from pipeline.storage import from_arrow, read_schema


def source_digest(prepared: Path) -> str:
    """SHA-256 over the sorted hashes of every row (values and label) in every split.

    The order of the rows and the split they fell into do not matter, so that another seed alone
    gives the same digest.
    """
    schema = read_schema(prepared)
    hashes: list[np.ndarray] = []
    for path in sorted(prepared.glob("*/part-*.parquet")):
        samples = from_arrow(pq.read_table(path), schema)
        if isinstance(samples.values, pd.DataFrame):
            rows = pd.util.hash_pandas_object(samples.values, index=False).to_numpy()
            parts = [row.tobytes() for row in rows]
        else:
            parts = [image.tobytes() for image in samples.values]
        hashes.append(
            np.array(
                [
                    hashlib.sha256(part + int(label).to_bytes(8, "big")).digest()
                    for part, label in zip(parts, samples.labels, strict=True)
                ],
                dtype="S32",
            )
        )
    digest = hashlib.sha256()
    for one in sorted(b for part in hashes for b in part.tolist()):
        digest.update(one.ljust(32, b"\0"))
    return digest.hexdigest()

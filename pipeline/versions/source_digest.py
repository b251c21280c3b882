"""What the source data are, whatever seed split them: one hash over all their rows."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.row_digests import row_digests
from pipeline.storage import from_arrow, read_schema


def source_digest(prepared: Path) -> str:
    """SHA-256 over the sorted hashes of every row (values and label) in every split.

    The order of the rows and the split they fell into do not matter, so that another seed alone
    gives the same digest.
    """
    schema = read_schema(prepared)
    parts = sorted(prepared.glob("*/part-*.parquet"))
    found = [
        digest for path in parts for digest in row_digests(from_arrow(pq.read_table(path), schema))
    ]
    return hashlib.sha256(b"".join(sorted(found))).hexdigest()

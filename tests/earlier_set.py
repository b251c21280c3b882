"""An augmented set as releases before the configs wrote it, made by hand."""

from pathlib import Path

from pipeline.samples import Samples, concatenate
from pipeline.storage import write_schema, write_split
from pipeline.workspace import writing
from tests.hand_made import images, pool_images, real_images

COLUMNS = {
    "id": "string",
    "is_synthetic": "bool",
    "source": "string",
    "source_path": "string",
    "generator": "string",
    "draw": "Int64",
    "score": "Float64",
    "weight": "Float64",
}
CARD = """---
pretty_name: augmented
license: unknown
configs:
- config_name: default
  data_files:
  - split: train
    path: train/*.parquet
---

# augmented
"""


def earlier_rows() -> Samples:
    """Eight real rows of weight 1, four GAN rows of weight 0.25 and a SMOTE row of weight 0.5."""
    pool = pool_images()
    parts = [
        (real_images(), "real", 1.0),
        (pool.take([2, 4, 6, 8]), "gan", 0.25),
        (images([1], ids=["smote-1-0"]), "smote", 0.5),
    ]
    described = []
    for part, source, weight in parts:
        frame = part.provenance.reindex(columns=[*COLUMNS])
        frame = frame.assign(source=source, is_synthetic=source != "real", weight=weight)
        described.append(Samples(part.schema, part.values, part.labels, frame.astype(COLUMNS)))
    return concatenate(described)


def write_earlier_set(directory: Path) -> Path:
    """The set's folder, as a release of that time wrote it."""
    samples = earlier_rows()
    facts = {
        "generators": ["0123456789ab"],
        "rows": {
            "cat": {"gan": 0, "real": 6, "smote": 0},
            "dog": {"gan": 4, "real": 2, "smote": 1},
        },
        "schema": samples.schema.model_dump(mode="json"),
        "verdict": "helps",
        "weights": {"gan": 0.25, "smote": 0.5},
        "seed": 0,
    }
    with writing(directory, facts) as folder:
        write_schema(folder, samples.schema)
        write_split(folder, "train", samples)
        (folder / "README.md").write_text(CARD)
    return directory

"""Probabilities beside rows: one list a row, the same wherever it was written, read or joined."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from datasets import load_dataset

from pipeline.row_digests import frame_digest
from pipeline.samples import Column, Samples, Schema, concatenate
from pipeline.storage import PROBABILITIES, read_split, write_schema, write_split

IMAGES = Schema(modality="image", classes=("cat", "dog"), image_shape=(4, 4, 1))
TABLE = Schema(
    modality="table",
    classes=("cat", "dog"),
    columns=(Column(name="weight", kind="continuous"),),
)
CELLS = [[0.25, 0.75], [0.1, 0.9]]


def plain(schema, names):
    is_image = schema.modality == "image"
    values = np.zeros((2, 4, 4, 1), np.uint8) if is_image else pd.DataFrame({"weight": [1.0, 2.0]})
    return Samples(schema, values, np.array([0, 1]), pd.DataFrame({"id": names}))


def with_probabilities(samples, cells):
    column = pd.array(cells, dtype=PROBABILITIES)
    return replace(samples, provenance=samples.provenance.assign(probabilities=column))


@pytest.fixture(params=[IMAGES, TABLE], ids=["images", "table"])
def written(request, tmp_path):
    """Rows without probabilities before rows with them, and the folder where both are stored."""
    schema = request.param
    labelled = with_probabilities(plain(schema, ["c", "d"]), CELLS)
    samples = concatenate([plain(schema, ["a", "b"]), labelled])
    write_schema(tmp_path, schema)
    write_split(tmp_path, "train", samples)
    return samples, tmp_path


def test_probabilities_are_read_as_they_were_written(written):
    samples, folder = written
    read = read_split(folder, "train").provenance["probabilities"]
    assert read.dtype == samples.provenance["probabilities"].dtype == PROBABILITIES
    assert read.isna().tolist() == [True, True, False, False]
    assert np.allclose(read[2:].tolist(), CELLS)


def test_what_was_read_is_written_with_the_same_bytes(written):
    _, folder = written
    write_split(folder, "again", read_split(folder, "train"))
    first, again = (folder / split / "part-00000.parquet" for split in ("train", "again"))
    assert first.read_bytes() == again.read_bytes()


def test_a_row_without_probabilities_is_stored_without_them(written):
    samples, folder = written
    write_split(folder, "first", samples.take([0, 1]))
    assert read_split(folder, "first").provenance["probabilities"].isna().all()


def test_another_probability_is_another_digest():
    rows = plain(IMAGES, ["a", "b"])
    same, other = [[0.25, 0.75], [0.1, 0.9]], [[0.25, 0.75], [0.100001, 0.9]]
    made = [
        frame_digest(with_probabilities(rows, cells).provenance) for cells in (CELLS, same, other)
    ]
    assert made[0] == made[1] != made[2]


def test_hugging_face_datasets_reads_probabilities_unasked(written, tmp_path):
    _, folder = written
    rows = load_dataset(str(folder / "train"), split="train", cache_dir=str(tmp_path / "cache"))
    (name,) = [column for column in rows.column_names if column.endswith("probabilities")]
    assert rows.features[name].feature.dtype == "float32"
    assert rows[0][name] is None
    assert np.allclose(rows[3][name], CELLS[1])

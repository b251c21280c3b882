"""Every line of params.yaml that the refusal of pictures names is applied, and works."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.splitting import split_rows
from tests.raw_data import idx_bytes, image_folder, picture, picture_table, save
from tests.sources.remedies import settings_in, with_setting


def refusal_of(path, kind, settings):
    params = SourceParams.model_validate({"kind": kind, "path": str(path)} | settings)
    try:
        source = open_source(params, root=path.parent, scratch=path.parent / "scratch")
        split_rows(source.survey(), params)
    except (ParamsError, SourceError) as error:
        return str(error)
    return None


def deep(number):
    stream = io.BytesIO()
    values = picture(number)[:, :, 0].astype(np.uint16) * 257
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def folder_of_16_bits(root):
    image_folder(root)
    (root / "cat" / "deep.png").write_bytes(deep(800))


def folders_of_two_readings(root):
    image_folder(root / "animal", {"cat": 20, "dog": 20})
    image_folder(root / "vehicle", {"car": 20, "bus": 20}, start=100)


def flat_splits(root):
    image_folder(root, {"train": 20, "test": 20})


def a_folder_inside_a_class(root):
    image_folder(root)
    save(root / "cat" / "kitten" / "a.png", picture(800))


def a_small_class(root):
    image_folder(root, {"cat": 30, "dog": 4})


def a_fixed_camera(root):
    for number, name in enumerate(("good", "bad")):
        for k in range(12):
            noise = np.random.default_rng(100 * number + k).integers(0, 3, (64, 64, 1))
            part = np.full((64, 64, 1), 90) + noise
            part[20:40, 20:40] += 60 + 50 * number
            save(root / name / f"{k}.png", part.astype(np.uint8))


def a_small_class_of_idx(root):
    root.mkdir()
    labels = np.array([0] * 30 + [1] * 4, np.uint8)
    pixels = np.stack([picture(k)[:, :, 0] for k in range(34)])
    (root / "train-images-idx3-ubyte").write_bytes(idx_bytes(pixels))
    (root / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


def a_small_class_of_parquet(root):
    root.mkdir()
    pq.write_table(picture_table(range(34), [0] * 30 + [1] * 4), root / "all.parquet")


def parquet_of_16_bits(root):
    root.mkdir()
    table = picture_table(range(40), [k % 2 for k in range(40)])
    content = table.column("image").combine_chunks().field("bytes").to_pylist()
    image = pa.StructArray.from_arrays(
        [pa.array([deep(800), *content[1:]], pa.binary()), pa.array(list(map(str, range(40))))],
        names=["bytes", "path"],
    )
    place = table.schema.get_field_index("image")
    table = table.set_column(place, table.schema.field("image"), image)
    pq.write_table(table, root / "all.parquet")


FAULTS = [
    (folder_of_16_bits, "image_folder", {}, ["sixteen_bit"]),
    (folders_of_two_readings, "image_folder", {}, ["folders", "folders"]),
    (flat_splits, "image_folder", {}, ["folders"]),
    (a_folder_inside_a_class, "image_folder", {}, ["folders"]),
    (a_small_class, "image_folder", {}, ["minimum_per_class"]),
    (a_fixed_camera, "image_folder", {"near_duplicates": "link"}, ["near_duplicates"]),
    (a_small_class_of_idx, "idx", {}, ["minimum_per_class"]),
    (a_small_class_of_parquet, "parquet", {}, ["minimum_per_class"]),
    (parquet_of_16_bits, "parquet", {}, ["sixteen_bit"]),
]


@pytest.mark.parametrize(
    ("made", "kind", "settings", "keys"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS]
)
def test_each_line_that_the_refusal_of_pictures_names_works(tmp_path, made, kind, settings, keys):
    root = tmp_path / "raw"
    made(root)
    message = refusal_of(root, kind, settings)
    assert message is not None
    found = settings_in(message)
    assert set(keys) <= {key for key, _ in found}, message
    for key, value in found:
        assert refusal_of(root, kind, with_setting(settings, key, value)) is None, (key, value)

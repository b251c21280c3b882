"""Parquet: pictures in the Hugging Face layout, plain tables, and what is refused of both."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.storage import from_arrow
from tests.raw_data import frame, parquet_folder, picture, picture_table, released_folder


def looked_at(path, **settings):
    params = SourceParams.model_validate({"kind": "parquet", "path": str(path)} | settings)
    source = open_source(params, root=path.parent, scratch=path.parent / "scratch")
    return source, source.survey()


def refused(path, **settings):
    with pytest.raises((SourceError, ParamsError)) as caught:
        looked_at(path, **settings)
    return str(caught.value)


TABLE = {"kind": "table", "label_column": "income"}


def test_pictures_and_class_names_are_read(tmp_path):
    source, survey = looked_at(parquet_folder(tmp_path / "raw"))
    assert survey.schema.classes == ("cat", "dog")
    values = from_arrow(next(iter(source.read(np.arange(50)))), survey.schema).values
    assert all((values[k] == picture(k)).all() for k in range(50))


def test_files_named_after_splits_are_used_as_given(tmp_path):
    root = parquet_folder(tmp_path / "raw")
    (root / "data-00000-of-00001.parquet").rename(root / "train-00000-of-00001.parquet")
    pq.write_table(picture_table(range(90, 110), [0, 1] * 10), root / "test-00000.parquet")
    assert looked_at(root)[1].rows["split"].value_counts().to_dict() == {"train": 50, "test": 20}


def test_synthetic_rows_of_a_released_version_are_left_out(tmp_path):
    table = picture_table(range(40), [0, 1] * 20, is_synthetic=pa.array([False] * 30 + [True] * 10))
    pq.write_table(table, tmp_path / "raw.parquet")
    survey = looked_at(tmp_path / "raw.parquet")[1]
    assert len(survey.rows) == 30
    assert "10 synthetic rows were left out" in survey.notices[0].message


def test_a_released_version_keeps_the_groups_of_its_source(tmp_path):
    rows = looked_at(released_folder(tmp_path / "raw", n=30))[1].rows
    assert rows["group"].tolist() == [f"patient {number // 3}" for number in range(30)]


def test_a_column_named_group_means_nothing_in_files_of_others(tmp_path):
    table = picture_table(range(20), [0, 1] * 10, group=pa.array(["same"] * 20))
    pq.write_table(table, tmp_path / "raw.parquet")
    assert looked_at(tmp_path / "raw.parquet")[1].rows["group"].isna().all()


def test_labels_may_be_texts(tmp_path):
    table = picture_table(range(20), [0, 1] * 10).drop_columns("label")
    table = table.append_column("kind", pa.array(["owl", "elk"] * 10))
    pq.write_table(table, tmp_path / "raw.parquet")
    assert looked_at(tmp_path / "raw.parquet", label_column="kind")[1].schema.classes == (
        "elk",
        "owl",
    )


def test_a_file_without_a_footer_is_refused(tmp_path):
    (tmp_path / "raw.parquet").write_bytes(b"PAR1" + b"x" * 1000)
    assert "is no whole Parquet file" in refused(tmp_path / "raw.parquet")


def test_a_truncated_file_is_refused(tmp_path):
    path = parquet_folder(tmp_path / "raw") / "data-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert "is no whole Parquet file" in refused(tmp_path / "raw")


def test_damage_inside_a_file_is_refused(tmp_path):
    path = parquet_folder(tmp_path / "raw") / "data-00000-of-00001.parquet"
    content = bytearray(path.read_bytes())
    content[200:4000] = b"\0" * 3800
    path.write_bytes(bytes(content))
    assert "cannot be used" in refused(tmp_path / "raw")


def test_a_folder_without_parquet_is_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    assert "holds no .parquet file" in refused(tmp_path / "raw")


def test_a_nested_column_is_refused(tmp_path):
    data = frame().assign(marks=[[1, 2]] * 60)
    data.to_parquet(tmp_path / "raw.parquet")
    assert "has the nested column 'marks'" in refused(tmp_path / "raw.parquet", **TABLE)


def test_parts_with_different_schemas_are_refused(tmp_path):
    root = tmp_path / "raw"
    root.mkdir()
    frame().to_parquet(root / "part-0.parquet")
    frame().astype({"age": float}).to_parquet(root / "part-1.parquet")
    message = refused(root, **TABLE)
    assert "has a part part-1.parquet with another schema than part-0.parquet" in message
    assert "'age' is double, not int64" in message


def test_a_compression_bomb_is_refused_from_its_metadata(tmp_path):
    n = 60_000_000
    zeros = pa.array(np.zeros(n, np.int64))
    table = pa.table({"a": zeros, "income": pa.array(np.zeros(n, np.int8))})
    path = tmp_path / "raw.parquet"
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 2**20
    assert "promises" in refused(path, **TABLE)


def test_a_label_outside_the_named_classes_is_refused(tmp_path):
    pq.write_table(picture_table(range(20), [0, 1] * 9 + [2, 0]), tmp_path / "raw.parquet")
    assert "raw.parquet[18] has the label 2, which is no class" in refused(tmp_path / "raw.parquet")


def test_a_missing_label_column_is_told(tmp_path):
    message = refused(parquet_folder(tmp_path / "raw"), label_column="kind")
    assert "`source.label_column` is 'kind', which the files do not have" in message


def test_a_table_read_as_pictures_is_told_so(tmp_path):
    frame().to_parquet(tmp_path / "raw.parquet")
    message = refused(tmp_path / "raw.parquet", label_column="income")
    assert "set `source.kind: table`" in message


def test_a_picture_that_is_only_a_path_is_refused(tmp_path):
    table = picture_table(range(20), [0, 1] * 10)
    image = pa.StructArray.from_arrays(
        [pa.array([None] * 20, pa.binary()), pa.array(["a.png"] * 20)], names=["bytes", "path"]
    )
    pq.write_table(table.set_column(0, "image", image), tmp_path / "raw.parquet")
    assert "raw.parquet[0] has no bytes; only pictures inside the file" in refused(
        tmp_path / "raw.parquet"
    )


def test_a_parquet_table_has_the_kinds_of_its_csv(tmp_path):
    data = frame().drop(columns="patient").assign(since=lambda d: pd.to_datetime(d["since"]))
    data = data.assign(member=data["member"] == "true")
    data.to_parquet(tmp_path / "raw.parquet")
    data.to_csv(tmp_path / "raw.csv", index=False)
    kinds = [
        [column.kind for column in looked_at(tmp_path / name, **TABLE)[1].schema.columns]
        for name in ("raw.parquet", "raw.csv")
    ]
    assert kinds[0] == kinds[1]


def test_moments_of_a_parquet_table_stay_moments(tmp_path):
    data = frame().drop(columns="patient").assign(since=lambda d: pd.to_datetime(d["since"]))
    data.to_parquet(tmp_path / "raw.parquet")
    survey = looked_at(tmp_path / "raw.parquet", **TABLE)[1]
    assert {c.name: c.kind for c in survey.schema.columns}["since"] == "datetime"

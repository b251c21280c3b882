"""What `init` says of a path, and why."""

import pandas as pd
import pytest

from pipeline.errors import SourceError
from pipeline.sources.recognise import recognise
from tests.raw_data import (
    csv_file,
    frame,
    idx_folder,
    image_folder,
    parquet_folder,
    split_folder,
    text_file,
)


def test_folders_of_pictures_are_recognised(tmp_path):
    found = recognise(image_folder(tmp_path / "raw"))
    assert found.kind == "image_folder"
    assert found.reason == "Folders of pictures: 50 pictures of 2 classes."
    assert set(found.sizes) == {(12, 12)}


def test_given_splits_are_told(tmp_path):
    reason = recognise(split_folder(tmp_path / "raw")).reason
    assert reason.endswith("2 classes, with the splits test, train, validation.")


def test_idx_files_are_recognised(tmp_path):
    found = recognise(idx_folder(tmp_path / "raw", zipped=True))
    assert found.kind == "idx"
    assert "train-images-idx3-ubyte.gz with 50 pictures" in found.reason


def test_parquet_with_pictures_is_recognised(tmp_path):
    found = recognise(parquet_folder(tmp_path / "raw"))
    assert (found.kind, found.label_column) == ("parquet", "label")
    assert "pictures of the classes cat, dog" in found.reason
    assert set(found.sizes) == {(12, 12)}


def test_a_plain_parquet_file_is_a_table(tmp_path):
    frame().to_parquet(tmp_path / "raw.parquet")
    found = recognise(tmp_path / "raw.parquet", label="income")
    assert (found.kind, found.label_column) == ("table", "income")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_is_recognised_with_its_delimiter(tmp_path, mark):
    path = text_file(tmp_path / "raw.csv", frame().to_csv(index=False, sep=mark))
    found = recognise(path, label="income")
    assert found.kind == "table"
    assert found.settings == ({} if mark == "," else {"table": {"delimiter": mark}})


def test_a_folder_with_one_table_is_that_table(tmp_path):
    csv_file(tmp_path / "raw" / "people.csv")
    assert recognise(tmp_path / "raw", label="income").path == tmp_path / "raw" / "people.csv"


def test_a_column_named_label_is_taken(tmp_path):
    path = csv_file(tmp_path / "raw.csv", frame().rename(columns={"income": "label"}))
    assert recognise(path).label_column == "label"


def test_an_uncertain_label_is_asked_for_with_the_columns(tmp_path):
    with pytest.raises(SourceError, match="name it with --label, one of age, height"):
        recognise(csv_file(tmp_path / "raw.csv"))


def test_a_label_that_is_no_column_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"has no column 'incom' \(--label\)"):
        recognise(csv_file(tmp_path / "raw.csv"), label="incom")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raw.zip", "is an archive; unpack it"),
        ("raw.npy", "is a .npy file, which is not known"),
        ("train-images-idx3-ubyte.gz", "is one IDX file; name the folder"),
        ("raw.parquet", "is no whole Parquet file"),
    ],
)
def test_a_file_that_is_no_source_is_refused_with_the_way_out(tmp_path, name, words):
    with pytest.raises(SourceError, match=words):
        recognise(text_file(tmp_path / name, b"\x00\x01"))


def test_nothing_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="There is nothing at"):
        recognise(tmp_path / "nowhere")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"holds nothing that is known \(nothing\)"):
        recognise(tmp_path)


def test_one_class_folder_alone_is_told_so(tmp_path):
    root = image_folder(tmp_path / "raw")
    with pytest.raises(SourceError, match="holds pictures directly"):
        recognise(root / "cat")


def test_several_tables_in_a_folder_are_refused(tmp_path):
    for name in ("a", "b"):
        csv_file(tmp_path / "raw" / f"{name}.csv", pd.DataFrame({"label": [1]}))
    with pytest.raises(SourceError, match=r"holds several tables \(a.csv, b.csv\)"):
        recognise(tmp_path / "raw")

"""What is refused before DVC hashes the raw data, which would hang or end with words of its own."""

import os

import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.precheck import refuse_at_once
from tests.raw_data import csv_file, image_folder, picture, save


def checked(path, kind="image_folder"):
    refuse_at_once(SourceParams(kind=kind, path=str(path)), root=path.parent)


def test_good_data_pass(tmp_path):
    checked(image_folder(tmp_path / "raw"))
    checked(csv_file(tmp_path / "raw.csv"), kind="table")


def test_the_digits_need_no_check(tmp_path):
    refuse_at_once(SourceParams(), root=tmp_path)


def test_a_pipe_anywhere_below_is_refused(tmp_path):
    root = image_folder(tmp_path / "raw")
    os.mkfifo(root / "cat" / ".hidden")
    with pytest.raises(SourceError, match=r"cat/\.hidden is a pipe, socket or device"):
        checked(root)


def test_a_pipe_in_place_of_a_table_is_refused(tmp_path):
    os.mkfifo(tmp_path / "raw.csv")
    with pytest.raises(SourceError, match=r"raw\.csv is a pipe, socket or device"):
        checked(tmp_path / "raw.csv", kind="table")


def test_a_name_that_is_no_utf8_is_refused(tmp_path):
    root = image_folder(tmp_path / "raw")
    (root / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    with pytest.raises(SourceError, match="is not valid UTF-8; rename it"):
        checked(root)


def test_a_broken_link_is_refused(tmp_path):
    root = image_folder(tmp_path / "raw")
    (root / "cat" / "gone.png").symlink_to(root / "nowhere.png")
    with pytest.raises(SourceError, match=r"cat/gone\.png leads nowhere"):
        checked(root)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    root = image_folder(tmp_path / "raw")
    save(tmp_path / "outside.png", picture(1))
    (root / "cat" / "a.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(SourceError, match="is a symbolic link out of the folder"):
        checked(root)


def test_data_that_are_gone_are_told(tmp_path):
    with pytest.raises(SourceError, match="There is nothing at"):
        checked(tmp_path / "raw")

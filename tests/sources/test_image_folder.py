"""Every bad layout of an image folder, one test each, by the sentence that a user reads."""

import os
import socket

import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.splitting import split_rows
from tests.raw_data import image_folder, picture, save, split_folder
from tests.sources.picture_folder import looked_at, said


def test_a_plain_folder_has_nothing_to_tell(notices):
    assert notices() == []


def test_an_empty_root_is_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(SourceError, match="is empty; one folder a class"):
        looked_at(tmp_path / "raw")


def test_a_root_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="There is nothing at"):
        looked_at(tmp_path / "raw")


def test_pictures_directly_in_the_root_are_refused(root, refusal):
    save(root / "loose.png", picture(1))
    assert "holds 1 picture directly (such as loose.png)" in refusal()


def test_one_class_only_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"one class only \('cat'\); at least two"):
        looked_at(image_folder(tmp_path / "raw", {"cat": 8}))


def test_an_empty_class_folder_is_refused(root, refusal):
    (root / "emu").mkdir()
    assert "The class folder emu is empty; add pictures" in refusal()


def test_a_class_below_the_minimum_is_refused(tmp_path):
    _, survey = looked_at(image_folder(tmp_path / "raw", {"cat": 30, "dog": 5}))
    with pytest.raises(SourceError, match="The class 'dog' has 3 training rows"):
        split_rows(survey, SourceParams())


def test_files_of_the_desktop_are_ignored_and_counted(root, notices):
    for name in (".DS_Store", "Thumbs.db"):
        (root / "cat" / name).write_bytes(b"x")
    told = notices()
    assert said(told, "warning", "2 files were ignored: .DS_Store (1), Thumbs.db (1).")


def test_a_link_out_of_the_root_is_refused(root, refusal, tmp_path):
    save(tmp_path / "outside.png", picture(900))
    (root / "cat" / "a.png").symlink_to(tmp_path / "outside.png")
    assert "cat/a.png is a symbolic link out of the folder" in refusal()


def test_a_link_in_a_loop_is_refused(root, refusal):
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "self").symlink_to(root / "cat" / "self")
    message = refusal()
    assert "cat/loop is a symbolic link to a folder that holds it, which is a loop" in message
    assert "cat/self is a symbolic link that leads nowhere or in a circle" in message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\nb", "holds a line break or control character"),
        ("-rf", "begins with `-`"),
        ("x\\..\\x", "would leave its folder as a path"),
        (" cat", "begins or ends with a space"),
    ],
)
def test_a_hostile_class_name_is_refused(root, refusal, name, words):
    save(root / name / "a.png", picture(900))
    assert words in refusal()


def test_a_class_name_that_is_no_utf8_is_refused(root, refusal):
    (root / os.fsdecode(b"\xff\xfe")).mkdir()
    assert "is not valid UTF-8; rename it" in refusal()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_rights_is_refused(root, refusal):
    (root / "cat" / "0000.png").chmod(0)
    assert "cat/0000.png cannot be read (Permission denied)" in refusal()


def test_a_pipe_is_refused_and_does_not_hang(root, refusal):
    os.mkfifo(root / "cat" / "a.png")
    assert "cat/a.png is a pipe, socket or device" in refusal()


def test_a_socket_is_refused(root, refusal, monkeypatch):
    monkeypatch.chdir(root / "cat")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("a.png")
        assert "cat/a.png is a pipe, socket or device" in refusal()


def test_a_folder_inside_a_class_is_refused(root, refusal):
    save(root / "cat" / "more" / "a.png", picture(900))
    assert "cat/more is a folder inside the class folder 'cat'" in refusal()


def test_splits_beside_classes_are_refused(root, refusal):
    save(root / "train" / "cat" / "a.png", picture(900))
    assert "holds train beside cat, dog" in refusal()


def test_a_train_folder_alone_gives_no_split(tmp_path):
    image_folder(tmp_path / "raw" / "train")
    _, survey = looked_at(tmp_path / "raw")
    assert survey.rows["split"].isna().all()
    assert set(split_rows(survey, SourceParams())) == {"train", "test"}
    assert any("holds train alone" in notice.message for notice in survey.notices)


def test_a_class_that_training_lacks_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    save(root / "test" / "emu" / "a.png", picture(900))
    with pytest.raises(
        SourceError, match="The class 'emu' has pictures in test/ but none in train"
    ):
        looked_at(root)


def test_splits_are_used_as_given(tmp_path):
    _, survey = looked_at(split_folder(tmp_path / "raw"))
    splits = split_rows(survey, SourceParams())
    folders = survey.rows["source_path"].str.split("/").str[0]
    assert (folders == splits).all()


def test_class_names_that_differ_in_case_only_are_told(root, notices):
    for number in range(6):
        save(root / "Cat" / f"{number}.png", picture(700 + number))
    assert said(notices(), "warning", "'Cat' and 'cat' differ only in case")


def test_all_problems_are_told_in_one_pass(root, refusal):
    for number in range(30):
        (root / "cat" / f"bad{number:02d}.png").write_bytes(b"")
    message = refusal()
    assert message.count("is empty (0 bytes)") == 20
    assert "… and 10 more." in message

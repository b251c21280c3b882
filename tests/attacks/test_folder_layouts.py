"""Folders of pictures as people have them: the one reading is taken, several are asked about."""

import pytest

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.recognise import recognise
from pipeline.sources.splitting import split_notices, split_rows
from tests.raw_data import csv_file, frame, image_folder, picture, save, split_folder
from tests.sources.picture_folder import looked_at


def told(survey):
    return " ".join(notice.message for notice in survey.notices)


def read(root, **settings):
    """What `init` recognises and what the first stage reads must be the same."""
    found = recognise(root, folders=settings.get("folders"))
    assert found.kind == "image_folder"
    assert found.folders == settings.get("folders")
    return looked_at(root, **settings)[1]


@pytest.mark.parametrize("wrapper", ["dataset", "images", "a/b/c", "train", "Training_Set"])
def test_a_wrapper_is_taken_off_and_told(tmp_path, wrapper):
    root = tmp_path / "raw"
    image_folder(root / wrapper)
    survey = read(root)
    assert survey.schema.classes == ("cat", "dog")
    assert survey.rows["split"].isna().all()
    assert wrapper.split("/")[0] in told(survey)


def test_splits_inside_a_wrapper_are_used(tmp_path):
    split_folder(tmp_path / "raw" / "x")
    survey = read(tmp_path / "raw")
    assert set(survey.rows["split"]) == {"train", "validation", "test"}
    assert survey.schema.classes == ("cat", "dog")


def test_a_wrapper_inside_each_split_is_taken_off(tmp_path):
    root = tmp_path / "raw"
    image_folder(root / "training_set" / "training_set")
    image_folder(root / "test_set" / "test_set", start=100)
    survey = read(root)
    assert survey.rows["split"].value_counts().to_dict() == {"train": 50, "test": 50}


def test_splits_inside_each_class_are_used(tmp_path):
    root = tmp_path / "raw"
    for number, name in enumerate(("cat", "dog")):
        image_folder(root / name, {"train": 20, "test": 8}, start=100 * number)
    survey = read(root)
    assert survey.schema.classes == ("cat", "dog")
    assert survey.rows["split"].value_counts().to_dict() == {"train": 40, "test": 16}


def test_one_folder_inside_each_class_is_looked_through(tmp_path):
    root = tmp_path / "raw"
    image_folder(root / "cat", {"images": 20})
    image_folder(root / "dog", {"images": 20}, start=100)
    assert read(root).schema.classes == ("cat", "dog")


@pytest.mark.parametrize(
    "names", [("bus", "car", "train"), ("dev", "ops"), ("test", "train", "van"), ("val", "x")]
)
def test_a_class_may_be_called_like_a_split(tmp_path, names):
    survey = read(image_folder(tmp_path / "raw", dict.fromkeys(names, 12)))
    assert survey.schema.classes == names
    assert survey.rows["split"].isna().all()


def test_classes_that_are_all_called_like_splits_are_asked_about(tmp_path):
    root = image_folder(tmp_path / "raw", {"train": 12, "test": 12})
    with pytest.raises(SourceError, match=r"set `source\.folders: class`"):
        looked_at(root)
    with pytest.raises(SourceError, match="init --folders class"):
        recognise(root)
    assert read(root, folders="class").schema.classes == ("test", "train")


def two_levels(root):
    for number, kind in enumerate(("animal", "vehicle")):
        image_folder(root / kind, {f"a{kind}": 12, f"b{kind}": 12}, start=100 * number)
    return root


@pytest.mark.parametrize(
    ("folders", "classes"),
    [
        ("class/any", ("animal", "vehicle")),
        ("any/class", ("aanimal", "avehicle", "banimal", "bvehicle")),
    ],
)
def test_two_readings_are_asked_about_and_both_lines_work(tmp_path, folders, classes):
    root = two_levels(tmp_path / "raw")
    for look in (looked_at, recognise):
        with pytest.raises(SourceError) as caught:
            look(root)
        assert f"`source.folders: {folders}` (`equipoise init --folders {folders}`)" in str(
            caught.value
        )
    assert read(root, folders=folders).schema.classes == classes


def test_a_folder_inside_one_class_is_asked_about_and_the_line_works(tmp_path):
    root = image_folder(tmp_path / "raw")
    save(root / "cat" / "more" / "a.png", picture(900))
    with pytest.raises(SourceError, match=r"set `source\.folders: class/any`"):
        looked_at(root)
    assert len(read(root, folders="class/any").rows) == 51


def test_sites_above_splits_above_classes_can_be_said(tmp_path):
    root = tmp_path / "raw"
    split_folder(root / "site1")
    for split in ("train", "test"):
        image_folder(root / "site2" / split, start=500 if split == "train" else 700)
    survey = read(root, folders="any/split/class")
    assert survey.schema.classes == ("cat", "dog")
    assert set(survey.rows["split"]) == {"train", "validation", "test"}


@pytest.mark.parametrize("folders", ["", "klass", "class/class", "split", "split/split/class"])
def test_a_line_that_says_nothing_is_refused(tmp_path, folders):
    with pytest.raises(ValueError, match="one word a level of folders is expected"):
        SourceParams(folders=folders)
    with pytest.raises(ParamsError, match="--folders is"):
        recognise(image_folder(tmp_path / "raw"), folders=folders)


def test_a_line_that_does_not_suit_the_folders_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cat holds pictures at level 1"):
        looked_at(image_folder(tmp_path / "raw"), folders="any/class")
    with pytest.raises(SourceError, match="is no split, though"):
        looked_at(two_levels(tmp_path / "other"), folders="split/class")


def test_a_test_split_is_made_of_train_where_there_is_none(tmp_path):
    root = tmp_path / "raw"
    image_folder(root / "train")
    image_folder(root / "valid", {"cat": 6, "dog": 6}, start=100)
    survey = read(root)
    params = SourceParams()
    splits = split_rows(survey, params)
    counts = {name: int((splits == name).sum()) for name in ("train", "validation", "test")}
    assert counts["validation"] == 12
    assert counts["test"] >= 5
    assert sum(counts.values()) == 62
    (notice,) = split_notices(survey, splits, params)
    assert "The source gives train and validation and no test split" in notice.message


def test_only_test_and_validation_are_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    (root / "train").rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="but no train folder"):
        looked_at(root)


JUNK = {
    ".DS_Store": b"x",
    "Icon\r": b"",
    "._0000.png": b"x",
    "desktop.ini": b"x",
    "Thumbs.db": b"x",
    "notes.txt": b"x",
    "labels.csv": b"a,b",
    "0000.json": b"{}",
    "@eaDir/0000.png/x.jpg": b"x",
    "__MACOSX/._a.png": b"x",
    ".cache/x.parquet": b"x",
}


@pytest.mark.parametrize("at", ["", "cat"])
@pytest.mark.parametrize("name", JUNK)
def test_what_systems_and_people_leave_behind_is_ignored_and_counted(tmp_path, name, at):
    root = image_folder(tmp_path / "raw")
    path = root / at / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(JUNK[name])
    survey = read(root)
    assert len(survey.rows) == 50
    assert "1 file" in told(survey)


@pytest.mark.parametrize("name", ["metadata.parquet", ".cache/0.parquet", ".git/x.parquet"])
def test_a_folder_of_pictures_with_a_parquet_file_is_one_of_pictures(tmp_path, name):
    root = image_folder(tmp_path / "raw")
    (root / name).parent.mkdir(exist_ok=True)
    frame().to_parquet(root / name)
    assert len(read(root).rows) == 50


def test_a_folder_of_pictures_with_a_table_is_one_of_pictures(tmp_path):
    root = image_folder(tmp_path / "raw")
    csv_file(root / "metadata.csv")
    assert len(read(root).rows) == 50


def test_parquet_beside_a_picture_of_a_readme_is_parquet(tmp_path):
    frame().to_parquet(tmp_path / "part.parquet")
    save(tmp_path / "assets" / "figure.png", picture(1))
    assert recognise(tmp_path, label="income").kind == "table"


def test_a_folder_without_pictures_beside_the_classes_is_left_out_and_told(tmp_path):
    root = image_folder(tmp_path / "raw")
    (root / "annotations").mkdir()
    (root / "annotations" / "0000.xml").write_text("<x/>")
    survey = read(root)
    assert survey.schema.classes == ("cat", "dog")
    assert "The folder annotations holds no pictures; it is left out." in told(survey)


def test_a_picture_of_another_format_is_refused_and_not_ignored(tmp_path):
    root = image_folder(tmp_path / "raw")
    (root / "cat" / "a.heic").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(SourceError, match=r"cat/a\.heic is a picture of another format"):
        looked_at(root)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("trainset", "testset"),
        ("train_2024", "test_2024"),
        ("my data train", "my data test"),
        ("pets-train", "pets-test"),
    ],
)
def test_a_split_is_found_by_the_first_or_last_word_of_a_folder(tmp_path, train, test):
    root = tmp_path / "raw"
    image_folder(root / train)
    image_folder(root / test, start=100)
    survey = read(root)
    assert survey.schema.classes == ("cat", "dog")
    assert survey.rows["split"].value_counts().to_dict() == {"train": 50, "test": 50}


@pytest.mark.parametrize("names", [("test_tube", "beaker"), ("crash_test", "street", "fire-train")])
def test_a_class_whose_name_has_the_word_of_a_split_stays_a_class(tmp_path, names):
    image_folder(tmp_path / "raw", dict.fromkeys(names, 10))
    assert read(tmp_path / "raw").schema.classes == tuple(sorted(names))


@pytest.mark.parametrize("name", ["holdout", "eval", "unseen"])
def test_a_folder_beside_train_that_tells_no_split_is_asked_about(tmp_path, name):
    root = tmp_path / "raw"
    image_folder(root / "train")
    image_folder(root / name, start=100)
    with pytest.raises(SourceError) as caught:
        read(root)
    message = str(caught.value)
    assert f"holds train beside {name}, whose names tell no split; rename them" in message
    assert "any/class" not in message
    (root / name).rename(root / "test")
    assert read(root).rows["split"].value_counts().to_dict() == {"train": 50, "test": 50}


def test_pictures_directly_in_a_split_are_told_with_a_way_that_works(tmp_path):
    root = tmp_path / "raw"
    image_folder(root / "train")
    for number in range(3):
        save(root / "test" / f"{number}.png", picture(500 + number))
    with pytest.raises(SourceError, match="holds test with pictures directly in it, beside"):
        read(root)
    (root / "test").rename(tmp_path / "elsewhere")
    assert read(root).schema.classes == ("cat", "dog")


@pytest.mark.parametrize("name", ["README", "LICENSE", "labels"])
def test_a_text_without_an_ending_is_left_out_and_counted(tmp_path, name):
    root = tmp_path / "raw"
    image_folder(root)
    (root / name).write_text("about these pictures")
    (root / "cat" / name).write_text("about cats")
    survey = read(root)
    assert len(survey.rows) == 50
    assert f"2 files were ignored: {name} (2)" in told(survey)


def test_a_picture_without_an_ending_is_still_read(tmp_path):
    root = tmp_path / "raw"
    image_folder(root)
    save(root / "cat" / "more.png", picture(700))
    (root / "cat" / "more.png").rename(root / "cat" / "more")
    assert len(read(root).rows) == 51

"""Pictures that are equal, nearly so, or of one group: they never part."""

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.splitting import split_rows
from tests.raw_data import image_folder, picture, save, split_folder
from tests.sources.picture_folder import looked_at, said


def test_the_same_picture_in_two_classes_is_refused(root, refusal):
    save(root / "dog" / "again.png", picture(0))
    message = refusal()
    assert "cat/0000.png and dog/again.png are the same picture in two classes" in message


def test_the_same_picture_in_another_format_counts_as_the_same(root, refusal):
    save(root / "dog" / "again.bmp", picture(0))
    assert "are the same picture in two classes" in refusal()


def test_duplicates_inside_a_class_are_told_and_one_is_kept(root, notices):
    save(root / "cat" / "again.png", picture(0))
    assert said(notices(), "warning", "1 exact duplicate inside a class")
    assert len(looked_at(root)[1].rows) == 50


def test_a_test_picture_that_is_also_in_train_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    save(root / "test" / "cat" / "again.png", picture(0))
    with pytest.raises(SourceError, match="are the same picture in two splits"):
        looked_at(root)


def test_a_near_duplicate_stays_in_the_split_of_its_original(tmp_path):
    root = tmp_path / "raw"
    image_folder(root, {"cat": 60, "dog": 60})
    for number in range(0, 120, 2):
        name = "cat" if number < 60 else "dog"
        brighter = (picture(number).astype(int) * 9 // 10 + 12).astype(np.uint8)
        save(root / name / f"{number:04d}_brighter.png", brighter)
    _, survey = looked_at(root)
    splits = split_rows(survey, SourceParams())
    place = dict(zip(survey.rows["source_path"], splits, strict=True))
    pairs = [(path, path.replace("_brighter", "")) for path in place if "_brighter" in path]
    assert len(pairs) == 60
    assert all(place[copy] == place[original] for copy, original in pairs)
    # The trial parts the rows once more, and knows nothing of the survey but what rows carry.
    kept = survey.provenance.set_index("source_path")["cluster"]
    assert all(kept[copy] == kept[original] for copy, original in pairs)
    assert kept.nunique() == 60


def test_different_pictures_are_no_near_duplicates(root):
    survey = looked_at(root)[1]
    assert survey.rows["twin"].is_unique
    assert list(survey.provenance) == ["id", "source_path"]


def test_a_pattern_in_the_file_name_keeps_a_patient_together(tmp_path):
    root = tmp_path / "raw"
    for number in range(90):
        name = f"patient{number % 30:02d}_{number}.png"
        save(root / ("cat" if number % 2 else "dog") / name, picture(number))
    settings = {"split": {"group_pattern": r"(patient\d+)_"}}
    _, survey = looked_at(root, **settings)
    params = SourceParams.model_validate(settings)
    rows = survey.rows.assign(place=split_rows(survey, params))
    assert rows["group"].nunique() == 30
    assert (rows.groupby("group")["place"].nunique() == 1).all()


def test_a_group_that_crosses_given_splits_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    _, survey = looked_at(root, split={"group_pattern": r"/(\d)\d*"})
    with pytest.raises(SourceError, match="The group '0' has rows in test and train") as caught:
        split_rows(survey, SourceParams())
    assert caught.value.exit_code == 2

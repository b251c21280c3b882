"""Parquet with several columns of pictures: asked about, and the line that is named works."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.recognise import recognise
from pipeline.storage import from_arrow
from tests.raw_data import picture, picture_table
from tests.sources.remedies import settings_in


@pytest.fixture
def raw(tmp_path):
    labels = [k % 2 for k in range(30)]
    table = picture_table(range(30), labels)
    other = picture_table(range(100, 130), labels)
    path = tmp_path / "raw.parquet"
    pq.write_table(table.append_column("mask", other.column("image")), path)
    return path


def looked_at(raw, **settings):
    params = SourceParams(kind="parquet", path=str(raw), **settings)
    source = open_source(params, root=raw.parent, scratch=raw.parent / "scratch")
    return source, source.survey()


def test_the_stage_asks_with_the_names_and_the_key(raw):
    with pytest.raises(ParamsError) as caught:
        looked_at(raw)
    assert "There are 2 columns of pictures: image, mask" in str(caught.value)
    assert "`source.image_column`" in str(caught.value)


def test_init_asks_with_the_option(raw):
    with pytest.raises(SourceError, match="with --image, one of image, mask"):
        recognise(raw)


@pytest.mark.parametrize(("name", "first"), [("image", 0), ("mask", 100)])
def test_the_named_column_is_read(raw, name, first):
    assert recognise(raw, image=name).image_column == name
    source, survey = looked_at(raw, image_column=name)
    rows = survey.rows.index.to_numpy()
    values = from_arrow(next(iter(source.read(rows))), survey.schema).values
    assert (values[3] == picture(first + 3)).all()


def test_a_name_that_is_no_column_of_pictures_is_refused(raw):
    with pytest.raises(ParamsError, match="is no column of pictures; those are image, mask"):
        looked_at(raw, image_column="label")
    with pytest.raises(SourceError, match="no column of pictures 'label'"):
        recognise(raw, image="label")


def spelled(tmp_path, labels, name="raw.parquet", start=0):
    table = picture_table(range(start, start + 30), [0] * 30).replace_schema_metadata(None)
    place = table.schema.get_field_index("label")
    cells = pa.array([labels[k % len(labels)] for k in range(30)])
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table.set_column(place, "label", cells), path)
    return path


def test_labels_that_are_one_number_are_asked_about_and_each_line_works(tmp_path):
    raw = spelled(tmp_path, ["1", "1.0", "2"])
    with pytest.raises(SourceError, match="one number written in two ways") as caught:
        looked_at(raw, label_column="label")
    assert settings_in(str(caught.value)) == [
        ("table.equal_labels", "merge"),
        ("table.equal_labels", "apart"),
    ]
    classes = {
        way: looked_at(raw, label_column="label", table={"equal_labels": way})[1].schema.classes
        for way in ("merge", "apart")
    }
    assert classes == {"merge": ("1", "2"), "apart": ("1", "1.0", "2")}


@pytest.mark.parametrize(
    ("train", "test"), [("pets_train", "pets_test"), ("trainset", "testset"), ("train1", "test1")]
)
def test_splits_of_pictures_are_found_wherever_the_word_stands(tmp_path, train, test):
    spelled(tmp_path, ["a", "b"], f"raw/{train}.parquet")
    spelled(tmp_path, ["a", "b"], f"raw/{test}.parquet", start=100)
    rows = looked_at(tmp_path / "raw", label_column="label")[1].rows
    assert rows["split"].value_counts().to_dict() == {"train": 30, "test": 30}


@pytest.mark.parametrize("other", ["part", "pets"])
@pytest.mark.parametrize("kept_back", ["holdout", "pets_eval", "submission"])
def test_pictures_that_nobody_should_train_on_are_not_merged(tmp_path, other, kept_back):
    spelled(tmp_path, ["a", "b"], f"raw/{other}.parquet")
    spelled(tmp_path, ["a", "b"], f"raw/{kept_back}.parquet", start=100)
    with pytest.raises(SourceError, match=f"holds {kept_back}.parquet beside other files"):
        looked_at(tmp_path / "raw", label_column="label")
    (tmp_path / "raw" / f"{other}.parquet").rename(tmp_path / "raw" / "train.parquet")
    (tmp_path / "raw" / f"{kept_back}.parquet").rename(tmp_path / "raw" / "test.parquet")
    rows = looked_at(tmp_path / "raw", label_column="label")[1].rows
    assert rows["split"].value_counts().to_dict() == {"train": 30, "test": 30}

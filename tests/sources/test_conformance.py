"""What every source promises, whatever its format."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.splitting import TEST, split_rows
from pipeline.storage import from_arrow
from tests.raw_data import (
    csv_file,
    frame,
    idx_folder,
    image_folder,
    parquet_folder,
    released_folder,
    split_folder,
)


@dataclass(frozen=True)
class Case:
    """How to write the raw data, how to add some, and how to read them."""

    write: Any
    grow: Any
    settings: dict


def _table_parquet(path, data=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    (frame() if data is None else data).to_parquet(path)


CASES = {
    "digits": Case(None, None, {"kind": "digits"}),
    "image_folder": Case(
        lambda at: image_folder(at / "raw"),
        lambda at: image_folder(at / "raw", {"cat": 9, "dog": 40}, start=500),
        {"kind": "image_folder", "path": "raw"},
    ),
    "image_folder_with_splits": Case(
        lambda at: split_folder(at / "raw"),
        lambda at: image_folder(at / "raw" / "train", {"cat": 9, "dog": 9}, start=500),
        {"kind": "image_folder", "path": "raw"},
    ),
    "idx": Case(
        lambda at: idx_folder(at / "raw"),
        lambda at: idx_folder(at / "raw", n=90),
        {"kind": "idx", "path": "raw"},
    ),
    "idx_gzip": Case(
        lambda at: idx_folder(at / "raw", zipped=True),
        lambda at: idx_folder(at / "raw", n=90, zipped=True),
        {"kind": "idx", "path": "raw"},
    ),
    "csv": Case(
        lambda at: csv_file(at / "raw.csv"),
        lambda at: csv_file(at / "raw.csv", frame(100)),
        {
            "kind": "table",
            "path": "raw.csv",
            "label_column": "income",
            "split": {"group_column": "patient"},
        },
    ),
    "table_parquet": Case(
        lambda at: _table_parquet(at / "raw.parquet"),
        lambda at: _table_parquet(at / "raw.parquet", frame(100)),
        {
            "kind": "table",
            "path": "raw.parquet",
            "label_column": "income",
            "table": {"leave_out": ["patient"]},
        },
    ),
    "parquet": Case(
        lambda at: parquet_folder(at / "raw"),
        lambda at: parquet_folder(at / "raw", n=90),
        {"kind": "parquet", "path": "raw"},
    ),
    "released_version": Case(
        lambda at: released_folder(at / "raw"),
        lambda at: released_folder(at / "raw", n=90),
        {"kind": "parquet", "path": "raw"},
    ),
}


@pytest.fixture(params=list(CASES))
def case(request, tmp_path):
    case = CASES[request.param]
    if case.write:
        case.write(tmp_path)
    return case


@pytest.fixture
def params(case):
    return SourceParams.model_validate(case.settings)


@pytest.fixture
def source(params, case, tmp_path):
    return open_source(params, root=tmp_path, scratch=tmp_path / "scratch")


def everything(source, survey):
    tables = list(source.read(np.arange(len(survey.rows))))
    return from_arrow(pa.concat_tables(tables), survey.schema)


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_row_has_an_identifier_of_its_own(source):
    ids = source.survey().rows["id"]
    assert ids.is_unique
    assert ids.map(type).eq(str).all()


def test_labels_index_the_classes_and_every_class_has_rows(source):
    survey = source.survey()
    assert set(survey.rows["label"]) == set(range(len(survey.schema.classes)))
    assert sum(survey.counts().values()) == len(survey.rows)


def test_reading_gives_the_rows_asked_for_in_their_order(source):
    survey = source.survey()
    positions = np.random.default_rng(3).permutation(len(survey.rows))[:17]
    table = pa.concat_tables(source.read(positions))
    wanted = survey.rows.iloc[positions]
    samples = from_arrow(table, survey.schema)
    assert list(samples.ids) == list(wanted["id"])
    assert list(samples.labels) == list(wanted["label"])


def test_values_have_the_shape_that_the_schema_promises(source):
    survey = source.survey()
    samples = everything(source, survey)
    if survey.schema.modality == "image":
        assert samples.values.shape[1:] == survey.schema.image_shape
        assert samples.values.dtype == np.uint8
    else:
        assert list(samples.values.columns) == [column.name for column in survey.schema.columns]


def test_a_row_reads_the_same_alone_as_among_all(source):
    survey = source.survey()
    whole = everything(source, survey)
    alone = from_arrow(next(iter(source.read(np.array([5])))), survey.schema)
    if survey.schema.modality == "image":
        assert (alone.values[0] == whole.values[5]).all()
    else:
        assert alone.values.iloc[0].equals(whole.values.iloc[5])


def test_looking_twice_finds_the_same(params, source, tmp_path):
    again = open_source(params, root=tmp_path, scratch=tmp_path / "scratch")
    assert source.survey().rows.equals(again.survey().rows)


def test_the_raw_data_are_left_as_they_are(source, tmp_path):
    before = fingerprint(tmp_path)
    survey = source.survey()
    everything(source, survey)
    assert fingerprint(tmp_path) == before


def test_rows_stay_in_their_split_when_data_are_added(case, params, source, tmp_path):
    if case.grow is None:
        pytest.skip("the embedded digits never grow")
    first = source.survey()
    place = dict(zip(first.rows["id"], split_rows(first, params), strict=True))
    case.grow(tmp_path)
    second = open_source(params, root=tmp_path, scratch=tmp_path / "scratch").survey()
    later = dict(zip(second.rows["id"], split_rows(second, params), strict=True))
    assert len(later) > len(place)
    assert {row: later[row] for row in place} == place


def test_every_class_is_in_training_and_in_test(params, source):
    survey = source.survey()
    splits = split_rows(survey, params)
    for split in ("train", TEST):
        assert set(survey.rows["label"][splits == split]) == set(range(len(survey.schema.classes)))


def test_a_group_never_crosses_splits(params, source):
    survey = source.survey()
    rows = survey.rows.assign(place=split_rows(survey, params))
    grouped = rows[rows["group"].notna()]
    assert (grouped.groupby("group")["place"].nunique() == 1).all()


def test_notices_are_sentences(source):
    for notice in source.survey().notices:
        assert notice.message[0].isupper() or notice.message[0].isdigit()
        assert notice.message.endswith(".")

"""What files' names and folders say of a table: splits, partitions, times with and without zone."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.params import SourceParams
from pipeline.sources.recognise import recognise
from pipeline.sources.splitting import split_rows
from tests.raw_data import csv_file, frame, text_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import kinds, looked_at, plain, values


def part(n, start):
    return frame(n, start=start).drop(columns="patient")


def parts(folder, names, suffix, write):
    folder.mkdir(parents=True)
    for k, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(part(30, 100 * k), folder / f"{name}{suffix}")
    return folder


def to_csv(data, path):
    data.to_csv(path, index=False)


def to_parquet(data, path):
    data.to_parquet(path)


WRITERS = pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".csv", to_csv),
        (".tsv", lambda d, p: d.to_csv(p, index=False, sep="\t")),
        (".parquet", to_parquet),
    ],
)


@WRITERS
@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"),
        ("train-00000-of-00001", "test-00000-of-00001"),
        ("train/part-0", "test/part-0"),
        ("split=train/a", "split=test/a"),
        ("Training", "testing"),
    ],
)
def test_splits_that_names_tell_are_used_as_given(tmp_path, suffix, write, names):
    folder = parts(tmp_path / "raw", names, suffix, write)
    survey = looked_at(folder)[1]
    assert survey.rows["split"].value_counts().to_dict() == {"train": 30, "test": 30}
    places = split_rows(survey, SourceParams())
    is_train = survey.rows["source_path"].str.lower().str.contains("train")
    assert set(places[is_train]) == {"train"}
    assert recognise(folder, label="income").path == folder


@pytest.mark.parametrize("name", ["validation", "dev", "val", "valid"])
def test_a_validation_split_is_used_as_given(tmp_path, name):
    folder = parts(tmp_path / "raw", ("train", name, "test"), ".csv", to_csv)
    assert looked_at(folder)[1].rows["split"].value_counts()["validation"] == 30


def test_a_missing_test_split_is_made_of_train(tmp_path):
    folder = parts(tmp_path / "raw", ("train", "validation"), ".csv", to_csv)
    survey = looked_at(folder)[1]
    places = split_rows(survey, SourceParams())
    assert {"train", "validation", "test"} == set(places)
    is_train = survey.rows["source_path"].str.startswith("train")
    assert set(places[~is_train]) == {"validation"}


def test_parts_without_splits_are_one_table(tmp_path):
    folder = parts(tmp_path / "raw", ("part-0", "part-1"), ".csv", to_csv)
    survey = looked_at(folder)[1]
    assert len(survey.rows) == 60
    assert survey.rows["split"].isna().all()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("train", "test", "other"), "beside other.csv, whose name tells none"),
        (("test", "validation"), "and no training file"),
        (("customers", "orders"), "holds several tables (customers.csv, orders.csv)"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(tmp_path, names, words):
    assert words in refusal_of(parts(tmp_path / "raw", names, ".csv", to_csv))


def test_a_test_file_without_labels_is_refused_with_both_names(tmp_path):
    folder = parts(tmp_path / "raw", ("train", "test"), ".csv", to_csv)
    part(30, 0).drop(columns="income").to_csv(folder / "test.csv", index=False)
    message = refusal_of(folder)
    assert "test.csv lacks 'income', which train.csv has" in message
    assert refusal_of(folder / "train.csv") is None


def test_columns_in_another_order_are_put_in_the_same_and_told(tmp_path):
    folder = parts(tmp_path / "raw", ("train", "test"), ".csv", to_csv)
    data = part(30, 500)
    data[data.columns[::-1]].to_csv(folder / "test.csv", index=False)
    survey = looked_at(folder)[1]
    assert any("stand in another order" in notice.message for notice in survey.notices)


def test_a_bad_cell_is_told_with_its_file(tmp_path):
    folder = parts(tmp_path / "raw", ("train", "test"), ".csv", to_csv)
    data = part(30, 100).astype({"age": object})
    data.loc[4, "age"] = "old"
    data.to_csv(folder / "test.csv", index=False)
    assert "'old' in test.csv, line 6" in refusal_of(folder)


@WRITERS
def test_folders_that_name_a_value_become_a_column_and_are_told(tmp_path, suffix, write):
    folder = parts(
        tmp_path / "raw", ("site=Bern/part-0", "site=S%C3%A3o Paulo/part-0"), suffix, write
    )
    source, survey = looked_at(folder)
    assert set(values(source, survey)["site"]) == {"Bern", "São Paulo"}
    assert any("folders' names give the column 'site'" in n.message for n in survey.notices)
    assert "site" in recognise(folder, label="income").reason or suffix == ".parquet"


def test_folders_may_name_the_class(tmp_path):
    folder = tmp_path / "raw"
    for name in ("good", "bad"):
        (folder / f"kind={name}").mkdir(parents=True)
        part(30, len(name) * 100).drop(columns="income").to_parquet(
            folder / f"kind={name}" / "p.parquet"
        )
    assert looked_at(folder, label="kind")[1].schema.classes == ("bad", "good")
    assert recognise(folder, label="kind").label_column == "kind"


def test_a_missing_value_of_a_partition_is_missing(tmp_path):
    names = ("site=Bern/p", "site=__HIVE_DEFAULT_PARTITION__/p")
    source, survey = looked_at(parts(tmp_path / "raw", names, ".parquet", to_parquet))
    assert values(source, survey)["site"].isna().sum() == 30


def test_a_folder_that_contradicts_its_column_is_refused(tmp_path):
    folder = parts(tmp_path / "raw", ("town=Bern/p", "town=Rom/p"), ".parquet", to_parquet)
    assert "has the column 'town', whose cells" in refusal_of(folder)


def moments(*cells):
    data = plain()
    return data.assign(since=[cells[k % len(cells)] for k in range(len(data))])


def test_times_with_and_without_a_zone_are_asked_about_and_the_remedy_works(path):
    file = csv_file(path, moments("2024-01-01T10:00:00", "2024-01-01T10:00:00+02:00"))
    message = refusal_of(file)
    assert (
        "has 20 times with a zone and 20 without, the first ('2024-01-01T10:00:00') in line 2"
        in message
    )
    assert [said for _, _, said in each_remedy(file)] == [None]


def test_times_of_several_zones_are_kept_in_utc_and_told(path):
    data = moments("2024-01-01T10:00:00+02:00", "2024-01-01 10:00:00Z")
    source, survey = looked_at(csv_file(path, data))
    read = values(source, survey)["since"]
    assert read[0] == pd.Timestamp("2024-01-01 08:00", tz="UTC")
    assert survey.schema.columns[-1].type == "timestamp[us, tz=UTC]"
    assert any("'since' are kept in UTC" in notice.message for notice in survey.notices)


def test_digits_below_a_microsecond_are_kept(path):
    source, survey = looked_at(
        csv_file(path, moments("2024-01-01T10:00:00.000000001", "2024-01-02"))
    )
    assert values(source, survey)["since"][0].nanosecond == 1


def test_years_far_away_are_kept(path):
    source, survey = looked_at(csv_file(path, moments("0001-01-01", "9999-12-31")))
    assert str(values(source, survey)["since"][0]).startswith("0001-01-01")


def test_equal_rows_in_train_and_test_are_told(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("train", "test"):
        plain().to_csv(folder / f"{name}.csv", index=False)
    survey = looked_at(folder)[1]
    assert any("stand in several of the files' splits" in n.message for n in survey.notices)


def test_hidden_files_and_those_of_tools_are_nobodys(tmp_path):
    folder = parts(tmp_path / "raw", ("part-0",), ".parquet", to_parquet)
    text_file(folder / "_SUCCESS", b"")
    text_file(folder / ".part-1.parquet", b"junk")
    pq.write_metadata(pa.schema([("a", pa.int64())]), folder / "_metadata.parquet")
    assert len(looked_at(folder)[1].rows) == 30


def test_a_typed_date_and_a_partition_may_stand_together(tmp_path):
    folder = tmp_path / "raw" / "year=2024"
    folder.mkdir(parents=True)
    data = part(40, 0).assign(since=dt.date(2024, 1, 1))
    data.to_parquet(folder / "p.parquet")
    assert kinds(looked_at(tmp_path / "raw")[1])["year"] == "categorical"

"""Labels of a table are free text: whatever a cell says names a class, and nothing else."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.raw_data import csv_file
from tests.sources.remedies import each_remedy, refusal_of
from tests.sources.table_file import looked_at, plain

NAMES = [
    "-1",
    "yes/no",
    "--3",
    "con",
    "nul",
    "..",
    "../up",
    "/etc",
    "a\\b",
    "x" * 300,
    "😀",
    "-rf",
    "*",
    "null/",
    "CON.txt",
    "=1+1",
    "<b>",
    "{x}",
    "%s",
    "~",
    "é" * 200,
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:12])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_any_value_may_name_a_class(path, name, form):
    data = plain()
    data.loc[::2, "income"] = name
    if form == "csv":
        file = csv_file(path, data)
    else:
        file = path.with_suffix(".parquet")
        data.to_parquet(file)
    classes = looked_at(file)[1].schema.classes
    assert set(classes) == {name, *data["income"][1::2]}


def test_values_that_differ_in_spaces_are_two_classes_where_the_file_has_types(path):
    data = plain().assign(income=[" a", "a"] * 20)
    data.to_parquet(path.with_suffix(".parquet"))
    assert looked_at(path.with_suffix(".parquet"))[1].schema.classes == (" a", "a")


@pytest.mark.parametrize("names", [("-1", "1"), ("--3", "3"), ("-0", "0"), ("٣", "3")])
def test_classes_that_look_like_numbers_have_an_order(path, names):
    file = csv_file(path, plain().assign(income=list(names) * 20))
    settings = {"table": {"equal_labels": "apart"}}
    assert set(looked_at(file, **settings)[1].schema.classes) == set(names)


@pytest.mark.parametrize("names", [("1", "1.0"), ("0", "0.0", "1"), ("1e0", "1"), ("2", "+2")])
def test_labels_that_are_one_number_in_two_spellings_are_asked_about(path, names):
    file = csv_file(path, plain().assign(income=[names[k % len(names)] for k in range(40)]))
    message = refusal_of(file)
    assert "are one number written in two ways" in message
    outcomes = {value: said for _, value, said in each_remedy(file)}
    assert outcomes["apart"] is None
    merged = outcomes["merge"]
    assert merged is None or "There is one class only" in merged


def test_merged_labels_are_one_class_and_told(path):
    names = ("1", "1.0", "0")
    file = csv_file(path, plain(42).assign(income=[names[k % 3] for k in range(42)]))
    survey = looked_at(file, table={"equal_labels": "merge"})[1]
    assert survey.schema.classes == ("0", "1")
    assert survey.counts() == {"0": 14, "1": 28}
    assert any("14 labels were merged" in notice.message for notice in survey.notices)


def test_codes_with_leading_zeros_are_no_spellings_of_a_number(path):
    file = csv_file(path, plain().assign(income=["01", "1"] * 20))
    assert looked_at(file)[1].schema.classes == ("01", "1") or refusal_of(file) is None


def test_a_text_file_with_a_class_called_na_is_told_how_to_have_it(path):
    file = csv_file(path, plain().assign(income=["EU", "NA"] * 20))
    message = refusal_of(file)
    assert "is missing in 20 rows" in message
    assert "if 'NA' is a class" in message
    assert [said for _, _, said in each_remedy(file)] == [None]


def test_a_class_of_rows_that_are_all_dropped_is_no_class(path):
    data = plain()
    data.loc[data["income"] == "high", "height"] = None
    data.loc[:1, "income"] = "third"
    file = csv_file(path, data)
    survey = looked_at(file, table={"missing": "drop"})[1]
    assert "high" not in survey.schema.classes
    assert all(n > 0 for n in survey.counts().values())


def test_a_blank_label_in_a_typed_file_is_refused(path):
    table = pa.Table.from_pandas(plain().assign(income=["", "a"] * 20), preserve_index=False)
    pq.write_table(table, path.with_suffix(".parquet"))
    assert "which is blank" in refusal_of(path.with_suffix(".parquet"))


def test_a_label_that_is_left_out_is_told(path):
    message = refusal_of(csv_file(path, plain()), table={"leave_out": ["income"]})
    assert "lists 'income', which is the label" in message
    assert isinstance(plain(), pd.DataFrame)

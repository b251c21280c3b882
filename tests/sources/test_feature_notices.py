"""What a table's columns cannot be: free text, too many, a copy of the label, too rare."""

import numpy as np
import pandas as pd
import pytest

from pipeline.modalities.table.encoding import fit_encoding
from pipeline.modalities.table.rare import rare_values
from pipeline.storage import from_arrow
from tests.raw_data import csv_file
from tests.sources.table_file import kinds, looked_at, notices, plain, said


def noted(n=60):
    """A note in nearly every row, some of them twice."""
    return plain(n).assign(note=[f"seen by {max(k, 3)}" for k in range(n)])


def test_free_text_is_left_out_with_a_sentence(path):
    found = notices(path, noted())
    assert said(found, "converted", "'note' is free text (57 distinct cells); it was left out")
    assert "note" not in kinds(looked_at(path)[1])


@pytest.mark.parametrize("table", [{"kinds": {"note": "text"}}, {"unique_columns": ["note"]}])
def test_free_text_that_is_declared_as_a_feature_is_refused(table_refusal, table):
    message = table_refusal(noted(), table=table)
    assert "'note' is declared as a feature, and it is free text" in message


def test_free_text_may_be_declared_as_categories(path):
    survey = looked_at(csv_file(path, noted()), table={"kinds": {"note": "categorical"}})[1]
    assert kinds(survey)["note"] == "categorical"


def test_a_table_with_too_many_columns_is_refused_with_the_limit(table_refusal):
    wide = pd.DataFrame({f"x{k}": [k % 7, 1, 2, 1] * 10 for k in range(1_001)})
    message = table_refusal(wide.assign(income=["a", "b"] * 20))
    assert "It has 1,001 feature columns" in message
    assert "at most 1,000" in message


@pytest.mark.parametrize(
    "column",
    [
        lambda label: label,
        lambda label: (label == label[0]).astype(int) * 5,
        lambda label: (label == label[0]) * 3.0 + [k / 1000 for k in range(len(label))],
    ],
    ids=["the label", "a code of it", "a number apart"],
)
def test_a_column_that_tells_the_label_is_told_as_leakage(path, column):
    data = plain(60)
    found = notices(path, data.assign(leak=column(data["income"])))
    assert said(found, "warning", "The column 'leak' alone tells every row's class")
    assert said(found, "warning", '`source.table.leave_out: ["leak"]`')


def test_columns_that_tell_little_are_no_leakage(path):
    assert not said(notices(path, plain(60)), "warning", "alone tells")


def test_a_category_that_hardly_any_row_holds_is_told(path):
    data = plain(60)
    data.loc[7, "town"] = "Ulm"
    found = notices(path, data)
    assert said(found, "warning", "'town' has 1 category that fewer than 5 rows hold ('Ulm')")


def test_a_class_with_fewer_rows_than_columns_is_used(path):
    data = plain(60).assign(**{f"x{k}": [(k * j) % 11 for j in range(60)] for k in range(25)})
    data["income"] = ["rare" if k < 6 else "common" for k in range(60)]
    assert looked_at(csv_file(path, data))[1].counts() == {"common": 54, "rare": 6}


def test_rare_categories_are_generated_where_they_are_declared(path):
    data = plain(60)
    data.loc[7, "town"] = "Ulm"
    settings = {"table": {"rare_categories": ["town"]}}
    assert not said(notices(path, data, **settings), "warning", "fewer than 5 rows hold")
    source, survey = looked_at(path, **settings)
    assert survey.schema.columns[3].keeps_rare
    samples = from_arrow(next(iter(source.read(np.arange(60)))), survey.schema)
    town = next(code for code in fit_encoding(samples).columns if code.name == "town")
    assert "Ulm" in town.levels
    assert rare_values(samples, samples) == ()

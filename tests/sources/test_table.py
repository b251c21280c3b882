"""Labels and rows of a table, one test each, by the sentence that a user reads."""

import numpy as np
import pandas as pd
import pytest

from pipeline.params import SourceParams
from pipeline.sources.splitting import split_rows
from tests.raw_data import csv_file, frame
from tests.sources.table_file import kinds, looked_at, notices, plain, said


def test_a_missing_label_column_is_told_with_the_nearest(table_refusal):
    message = table_refusal(plain(), label="incom")
    assert "`source.label_column` names the column 'incom', which raw.csv does not have" in message
    assert "Did you mean 'income'?" in message


def test_a_label_column_that_is_not_declared_is_asked_for(table_refusal):
    assert "`source.label_column` is missing; it names the column" in table_refusal(
        plain(), label=None
    )


def test_missing_labels_are_refused_with_the_first_line(table_refusal):
    data = plain()
    data.loc[[3, 7], "income"] = None
    assert "'income' is missing in 2 rows, the first in line 5" in table_refusal(data)


def test_one_class_only_is_refused(table_refusal):
    assert "There is one class only ('x')" in table_refusal(plain().assign(income="x"))


def test_a_label_that_is_a_number_to_predict_is_refused(table_refusal):
    message = table_refusal(plain(), label="height")
    assert "has 40 distinct values in 40 rows; classes are expected" in message


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "x" * 5000])
def test_a_hostile_class_name_is_refused(table_refusal, name):
    data = plain()
    data.loc[::2, "income"] = name
    assert "The class name" in table_refusal(data)


def test_equal_rows_never_cross_splits_and_keep_identifiers_of_their_own(path):
    data = pd.concat([plain(), plain()], ignore_index=True)
    survey = looked_at(csv_file(path, data))[1]
    places = split_rows(survey, SourceParams())
    assert survey.rows["id"].is_unique
    assert (places[:40] == places[40:]).all()


def test_rows_that_differ_by_a_hair_never_cross_splits(path):
    data = pd.concat([plain(60).assign(girth=np.linspace(60, 90, 60))] * 2, ignore_index=True)
    data.loc[60:, "height"] += 1e-4
    survey = looked_at(csv_file(path, data))[1]
    assert (survey.rows["twin"][:60].to_numpy() == survey.rows["twin"][60:].to_numpy()).all()
    assert survey.rows["twin"].nunique() == 60


def test_equal_rows_with_different_labels_are_told(path):
    data = pd.concat([plain(), plain().assign(income="other")], ignore_index=True)
    assert said(notices(path, data), "warning", "40 sets of equal rows with other labels")


def test_a_group_column_keeps_its_rows_together_and_is_no_feature(path):
    settings = {"split": {"group_column": "patient"}}
    survey = looked_at(csv_file(path, frame(90)), **settings)[1]
    rows = survey.rows.assign(place=split_rows(survey, SourceParams.model_validate(settings)))
    assert (rows.groupby("group")["place"].nunique() == 1).all()
    assert "patient" not in kinds(survey)

"""Every bad or odd column of a table, one test each, by the sentence that a user reads."""

import numpy as np
import pandas as pd
import pytest

from tests.raw_data import csv_file
from tests.sources.table_file import kinds, looked_at, notices, plain, said, values


def test_kinds_are_inferred_and_written_to_the_schema(path):
    survey = looked_at(csv_file(path, plain()))[1]
    assert kinds(survey) == {
        "age": "integer",
        "height": "continuous",
        "weight": "continuous",
        "town": "categorical",
        "member": "boolean",
        "since": "datetime",
    }
    assert survey.schema.columns[3].categories == ("Bern", "Oslo", "Rom")


def test_values_come_out_as_they_went_in(path):
    data = plain()
    source, survey = looked_at(csv_file(path, data))
    read = values(source, survey)
    assert (read["age"] == data["age"]).all()
    assert (read["height"] == data["height"]).all()
    assert (read["town"] == data["town"]).all()
    assert (read["member"] == (data["member"] == "true")).all()
    assert (read["since"] == pd.to_datetime(data["since"])).all()


def with_gap(n=40):
    data = plain(n)
    data.loc[4, "height"] = np.nan
    return data


def test_missing_features_are_kept_as_missing_by_default(path):
    source, survey = looked_at(csv_file(path, with_gap()))
    assert pd.isna(values(source, survey)["height"][4])
    assert survey.schema.columns[1].has_missing


def test_rows_with_missing_features_are_dropped_where_declared(path):
    csv_file(path, with_gap())
    survey = looked_at(path, table={"missing": "drop"})[1]
    assert len(survey.rows) == 39
    assert "raw.csv:4" not in set(survey.rows["source_path"])


def test_missing_features_are_refused_where_declared(table_refusal):
    message = table_refusal(with_gap(), table={"missing": "refuse"})
    assert "The column 'height' has 1 missing cells, the first in line 6" in message


def test_marks_that_mean_missing_are_told(path):
    data = plain()
    data.loc[[1, 2], "town"] = " ?"
    told = notices(path, data)
    assert said(told, "converted", "2 cells of 'town' ('?') were read as missing")
    assert said(told, "converted", "Spaces around 2 cells were removed")


def with_infinity():
    data = plain()
    data["height"] = data["height"].astype(str)
    data.loc[4, "height"] = "inf"
    return data


def test_infinite_features_are_refused(table_refusal):
    assert "The column 'height' is infinite in line 6" in table_refusal(with_infinity())


def test_infinite_features_become_missing_where_declared(path):
    told = notices(path, with_infinity(), table={"infinite": "missing"})
    assert said(told, "converted", "1 infinite cells of 'height' became missing")


def test_one_text_in_a_numeric_column_is_refused(table_refusal):
    data = plain().astype({"age": object})
    data.loc[6, "age"] = "thirty"
    assert "The column 'age' holds numbers, but 'thirty' in line 8" in table_refusal(data)


def test_leading_zeros_are_kept_as_text(path):
    data = plain().assign(postcode=[f"0{1000 + k % 7}" for k in range(40)])
    source, survey = looked_at(csv_file(path, data))
    assert values(source, survey)["postcode"][3] == "01003"
    assert any("leading zeros; they were kept as text" in n.message for n in survey.notices)


def test_integers_beyond_2_to_the_53_are_refused(table_refusal):
    data = plain().assign(code=[2**53 + 1 + k % 3 for k in range(40)])
    assert f"has the whole number {2**53 + 2} in line 3, beyond 2^53" in table_refusal(data) or (
        "beyond 2^53" in table_refusal(data)
    )


def test_mixed_dates_are_refused(table_refusal):
    data = plain()
    data.loc[5:9, "since"] = "31/01/2020"
    assert "The column 'since' mixes dates written in different ways" in table_refusal(data)


def test_a_date_that_does_not_exist_is_refused(table_refusal):
    data = plain()
    data.loc[5, "since"] = "2023-02-30"
    assert "has the date '2023-02-30' in line 7, which does not exist" in table_refusal(data)


def test_dates_of_uncertain_order_are_kept_as_text(path):
    data = plain().assign(since=[f"0{1 + k % 9}/01/2020" for k in range(40)])
    assert said(notices(path, data), "warning", "whose order of day and month is not certain")


def test_a_constant_column_is_told(path):
    assert said(notices(path, plain().assign(planet="earth")), "warning", "'planet' is constant")


def test_an_empty_column_is_left_out_and_told(path):
    told = notices(path, plain().assign(nothing=""))
    assert said(told, "converted", "'nothing' is empty and was left out")


def test_a_column_unique_per_row_is_refused(table_refusal):
    data = plain().assign(number=range(40))
    message = table_refusal(data)
    assert "The column 'number' has another value in each of the 40 rows" in message
    assert '`source.table.leave_out: ["number"]`' in message


def test_a_column_unique_per_row_is_kept_where_confirmed(path):
    data = plain().assign(number=range(40))
    survey = looked_at(csv_file(path, data), table={"unique_columns": ["number"]})[1]
    assert kinds(survey)["number"] == "integer"


def test_a_continuous_column_may_differ_in_every_row(path):
    assert plain()["height"].is_unique
    looked_at(csv_file(path, plain()))


@pytest.mark.parametrize("mark", ["=", "+", "-", "@"])
def test_cells_that_a_spreadsheet_would_run_are_told_and_kept(path, mark):
    data = plain()
    data.loc[2, "town"] = f"{mark}cmd"
    source, survey = looked_at(csv_file(path, data))
    assert values(source, survey)["town"][2] == f"{mark}cmd"
    assert any("1 cells of 'town' begin with =, +, - or @" in n.message for n in survey.notices)


def test_declared_columns_that_do_not_exist_are_told(table_refusal):
    message = table_refusal(plain(), table={"leave_out": ["ages"], "kinds": {"twon": "text"}})
    assert "names the column 'ages'" in message
    assert "names the column 'twon'" in message


def test_a_declared_kind_wins(path):
    survey = looked_at(csv_file(path, plain()), table={"kinds": {"age": "categorical"}})[1]
    assert kinds(survey)["age"] == "categorical"


def test_a_declared_kind_that_does_not_fit_is_refused(table_refusal):
    message = table_refusal(plain(), table={"kinds": {"town": "integer"}})
    assert "The column 'town' was taken as integer, but a cell is not" in message


def test_all_problems_are_told_in_one_pass(table_refusal):
    data = with_infinity().assign(number=range(40))
    data.loc[3, "income"] = None
    assert table_refusal(data).count("\n  - ") == 3

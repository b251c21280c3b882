"""Every bad table, one test each, by the sentence that a user reads."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.splitting import split_rows
from pipeline.storage import from_arrow
from tests.raw_data import csv_file, frame, text_file


def looked_at(path, *, label="income", **settings):
    settings = {"kind": "table", "path": str(path), "label_column": label} | settings
    params = SourceParams.model_validate(settings)
    source = open_source(params, root=path.parent, scratch=path.parent / "scratch")
    return source, source.survey()


def values(source, survey):
    return from_arrow(next(iter(source.read(np.arange(len(survey.rows))))), survey.schema).values


@pytest.fixture
def path(tmp_path):
    return tmp_path / "raw.csv"


def plain(n=40):
    return frame(n).drop(columns="patient")


@pytest.fixture
def refusal(path):
    def told(content, **settings):
        if isinstance(content, pd.DataFrame):
            csv_file(path, content)
        else:
            text_file(path, content)
        with pytest.raises((SourceError, ParamsError)) as caught:
            looked_at(path, **settings)
        return str(caught.value)

    return told


def notices(path, content, **settings):
    csv_file(path, content) if isinstance(content, pd.DataFrame) else text_file(path, content)
    return [(found.kind, found.message) for found in looked_at(path, **settings)[1].notices]


def said(found, kind, words):
    return any(kind == one and words in message for one, message in found)


def kinds(survey):
    return {column.name: column.kind for column in survey.schema.columns}


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


def test_an_empty_file_is_refused(refusal):
    assert "raw.csv is empty (0 bytes)" in refusal("")


def test_a_header_without_rows_is_refused(refusal):
    assert "has a header line but no rows" in refusal("a,income\n")


def test_a_missing_label_column_is_told_with_the_nearest(refusal):
    message = refusal(plain(), label="incom")
    assert "`source.label_column` names the column 'incom', which raw.csv does not have" in message
    assert "Did you mean 'income'?" in message


def test_a_label_column_that_is_not_declared_is_asked_for(refusal):
    assert "`source.label_column` is missing; it names the column" in refusal(plain(), label=None)


def test_repeated_column_names_are_refused(refusal):
    assert "has the column name 'a' more than once" in refusal("a,a,income\n1,2,x\n")


def test_a_column_without_a_name_is_refused(refusal):
    assert "has no name for column 1 in its header" in refusal(",income\n1,x\n")


def test_a_ragged_row_is_refused_with_its_line(refusal):
    message = refusal("a,income\n1,x\n2,y,z\n3\n")
    assert "has 3 cells in line 3 where its header has 2" in message
    assert "has 1 cells in line 4 where its header has 2" in message


def test_utf16_is_refused_and_the_option_named(refusal):
    content = plain().to_csv(index=False).encode("utf-16")
    assert "is UTF-16 text; set `source.table.encoding: utf-16`" in refusal(content)


def test_utf16_is_read_where_declared(path):
    text_file(path, plain().to_csv(index=False).encode("utf-16"))
    assert len(looked_at(path, table={"encoding": "utf-16"})[1].rows) == 40


def test_a_nul_byte_is_refused_with_its_place(refusal):
    assert "has a NUL byte at byte 10 (line 2)" in refusal("a,income\n1\x00,x\n")


def test_latin_1_is_refused_and_the_option_named(refusal):
    message = refusal("a,income\n1,é\n".encode("latin-1"))
    assert "is not UTF-8 text (byte 11, line 2)" in message
    assert "`source.table.encoding: latin-1`" in message


def test_latin_1_is_read_where_declared(path):
    data = plain().assign(town="Zürich")
    text_file(path, data.to_csv(index=False).encode("latin-1"))
    source, survey = looked_at(path, table={"encoding": "latin-1"})
    assert (values(source, survey)["town"] == "Zürich").all()


def test_a_byte_order_mark_is_no_part_of_the_first_name(path):
    text_file(path, plain().to_csv(index=False).encode("utf-8-sig"))
    assert "age" in kinds(looked_at(path)[1])


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolon"), ("\t", "tab")])
def test_another_delimiter_is_refused_and_the_option_named(refusal, mark, name):
    message = refusal(plain().to_csv(index=False, sep=mark))
    assert f"its header holds {name}s; set `source.table.delimiter: {mark!r}`" in message


def test_tabs_are_read_in_a_tsv_file(tmp_path):
    path = text_file(tmp_path / "raw.tsv", plain().to_csv(index=False, sep="\t"))
    assert len(looked_at(path)[1].rows) == 40


def test_a_decimal_comma_is_refused_and_the_option_named(refusal):
    content = plain().to_csv(index=False, sep=";", decimal=",")
    message = refusal(content, table={"delimiter": ";"})
    assert "The column 'height' has numbers with a decimal comma" in message
    assert "`source.table.decimal: ','`" in message


def test_a_decimal_comma_is_read_where_declared(path):
    data = plain()
    text_file(path, data.to_csv(index=False, sep=";", decimal=","))
    source, survey = looked_at(path, table={"delimiter": ";", "decimal": ","})
    assert (values(source, survey)["height"] == data["height"]).all()


def test_missing_labels_are_refused_with_the_first_line(refusal):
    data = plain()
    data.loc[[3, 7], "income"] = None
    assert "'income' is missing in 2 rows, the first in line 5" in refusal(data)


def test_one_class_only_is_refused(refusal):
    assert "There is one class only ('x')" in refusal(plain().assign(income="x"))


def test_a_label_that_is_a_number_to_predict_is_refused(refusal):
    message = refusal(plain(), label="height")
    assert "has 40 distinct values in 40 rows; classes are expected" in message


def with_gap(n=40):
    data = plain(n)
    data.loc[4, "height"] = np.nan
    return data


def test_missing_features_are_kept_as_missing_by_default(path):
    source, survey = looked_at(csv_file(path, with_gap()))
    assert np.isnan(values(source, survey)["height"][4])
    assert survey.schema.columns[1].has_missing


def test_rows_with_missing_features_are_dropped_where_declared(path):
    csv_file(path, with_gap())
    survey = looked_at(path, table={"missing": "drop"})[1]
    assert len(survey.rows) == 39
    assert "raw.csv:4" not in set(survey.rows["source_path"])


def test_missing_features_are_refused_where_declared(refusal):
    message = refusal(with_gap(), table={"missing": "refuse"})
    assert "The column 'height' has 1 missing cells, the first in line 6" in message


def test_marks_that_mean_missing_are_told(path):
    data = plain()
    data.loc[[1, 2], "town"] = " ?"
    told = notices(path, data)
    assert said(told, "converted", "2 cells of 'town' ('?') were read as missing")
    assert said(told, "converted", "Spaces around 2 cells were taken away")


def with_infinity():
    data = plain()
    data["height"] = data["height"].astype(str)
    data.loc[4, "height"] = "inf"
    return data


def test_infinite_features_are_refused(refusal):
    assert "The column 'height' is infinite in line 6" in refusal(with_infinity())


def test_infinite_features_become_missing_where_declared(path):
    told = notices(path, with_infinity(), table={"infinite": "missing"})
    assert said(told, "converted", "1 infinite cells of 'height' became missing")


def test_one_text_in_a_numeric_column_is_refused(refusal):
    data = plain().astype({"age": object})
    data.loc[6, "age"] = "thirty"
    assert "The column 'age' holds numbers, but 'thirty' in line 8" in refusal(data)


def test_leading_zeros_are_kept_as_text(path):
    data = plain().assign(postcode=[f"0{1000 + k % 7}" for k in range(40)])
    source, survey = looked_at(csv_file(path, data))
    assert values(source, survey)["postcode"][3] == "01003"
    assert any("leading zeros; they were kept as text" in n.message for n in survey.notices)


def test_integers_beyond_2_to_the_53_are_refused(refusal):
    data = plain().assign(code=[2**53 + 1 + k % 3 for k in range(40)])
    assert f"has the whole number {2**53 + 2} in line 3, beyond 2^53" in refusal(data) or (
        "beyond 2^53" in refusal(data)
    )


def test_mixed_dates_are_refused(refusal):
    data = plain()
    data.loc[5:9, "since"] = "31/01/2020"
    assert "The column 'since' mixes dates written in different ways" in refusal(data)


def test_a_date_that_does_not_exist_is_refused(refusal):
    data = plain()
    data.loc[5, "since"] = "2023-02-30"
    assert "has the date '2023-02-30' in line 7, which does not exist" in refusal(data)


def test_dates_of_uncertain_order_are_kept_as_text(path):
    data = plain().assign(since=[f"0{1 + k % 9}/01/2020" for k in range(40)])
    assert said(notices(path, data), "warning", "whose order of day and month is not certain")


def test_a_hundred_thousand_columns_are_refused(refusal):
    names = ",".join(f"c{n}" for n in range(100_000))
    assert "has 100,000 columns; at most 2,000 are read" in refusal(f"{names}\n")


def test_a_huge_cell_is_refused(refusal):
    assert "has over 1,048,576 bytes in line 2" in refusal("a,income\n" + "x" * 5_000_000 + ",y\n")


def test_a_quote_left_open_is_refused(refusal):
    rows = "".join(f"{n},x\n" for n in range(400_000))
    assert "is a quote left open?" in refusal('a,income\n1,"x\n' + rows)


def test_a_constant_column_is_told(path):
    assert said(notices(path, plain().assign(planet="earth")), "warning", "'planet' is constant")


def test_an_empty_column_is_left_out_and_told(path):
    told = notices(path, plain().assign(nothing=""))
    assert said(told, "converted", "'nothing' is empty and was left out")


def test_a_column_unique_per_row_is_refused(refusal):
    data = plain().assign(number=range(40))
    message = refusal(data)
    assert "The column 'number' has another value in each of the 40 rows" in message
    assert "`source.table.leave_out`" in message


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


@pytest.mark.parametrize("name", ["a\nb", "../up", "-rf", "x" * 300])
def test_a_hostile_class_name_is_refused(refusal, name):
    data = plain()
    data.loc[::2, "income"] = name
    assert "The class name" in refusal(data)


def test_declared_columns_that_do_not_exist_are_told(refusal):
    message = refusal(plain(), table={"leave_out": ["ages"], "kinds": {"twon": "text"}})
    assert "names the column 'ages'" in message
    assert "names the column 'twon'" in message


def test_a_declared_kind_wins(path):
    survey = looked_at(csv_file(path, plain()), table={"kinds": {"age": "categorical"}})[1]
    assert kinds(survey)["age"] == "categorical"


def test_a_declared_kind_that_does_not_fit_is_refused(refusal):
    message = refusal(plain(), table={"kinds": {"town": "integer"}})
    assert "The column 'town' was taken as integer, but a cell is not" in message


def test_all_problems_are_told_in_one_pass(refusal):
    data = with_infinity().assign(number=range(40))
    data.loc[3, "income"] = None
    assert refusal(data).count("\n  - ") == 3


def test_blank_lines_at_the_end_are_nothing(path):
    text_file(path, plain().to_csv(index=False) + "\n\n")
    assert len(looked_at(path)[1].rows) == 40


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

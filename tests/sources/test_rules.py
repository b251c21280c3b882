"""Rules between columns as they are declared, checked and proposed."""

import pandas as pd
import pytest

from pipeline.column_rules import keeps
from pipeline.errors import ParamsError
from pipeline.params import parse_params
from pipeline.samples import Schema
from pipeline.sources.rule_check import contradictions
from pipeline.sources.rule_proposal import proposed_rules
from pipeline.sources.rule_text import read_rules
from tests.raw_data import csv_file
from tests.sources.table_file import looked_at, plain, values


def stays(n=40):
    """Rows in which start <= end, day + night == hours, and a city has one country."""
    cities = ["Bern", "Rom", "Genf", "Pisa"]
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta([k * 7 % 30 for k in range(n)], "D")
    end = start + pd.to_timedelta([k * 5 % 40 for k in range(n)], "D")
    day, night = [k % 9 for k in range(n)], [k * 3 % 7 for k in range(n)]
    return pd.DataFrame(
        {
            "city": [cities[k % 4] for k in range(n)],
            "country": [["CH", "IT"][k % 2] for k in range(n)],
            "start": start.strftime("%Y-%m-%d"),
            "end": end.strftime("%Y-%m-%d"),
            "day": day,
            "night": night,
            "hours": [a + b for a, b in zip(day, night, strict=True)],
            "first name": [k % 5 - 1 for k in range(n)],
            "income": [["low", "high"][k % 3 == 0] for k in range(n)],
        }
    )


HELD = (
    "end >= start",
    "day + night == hours",
    "0 <= day <= 8",
    "2 * day <= 16 + night",
    '"first name" >= -1',
    "start > 2023-12-31",
    {"not_negative": ["day", "night"]},
    {"combinations": ["city", "country"]},
)


def test_rules_that_the_rows_keep_stand_in_the_schema(path):
    source, survey = looked_at(csv_file(path, stays()), table={"rules": HELD})
    assert len(survey.schema.rules) == 10
    assert keeps(survey.schema.rules, values(source, survey)).all()
    assert Schema.model_validate_json(survey.schema.model_dump_json()) == survey.schema


def test_an_equation_computes_the_column_that_stands_alone(path):
    rules = looked_at(csv_file(path, stays()), table={"rules": HELD})[1].schema.rules
    (derived,) = [rule.derived for rule in rules if getattr(rule, "derived", None)]
    assert (derived.column, derived.digits, derived.low) == ("hours", 0, 0.0)


def test_broken_rows_are_named_by_place_and_number(table_refusal):
    data = stays()
    data.loc[[6, 9], "end"] = "2023-06-01"
    message = table_refusal(data, table={"rules": ["end >= start"]})
    assert "The rule `end >= start` in `source.table.rules` is broken by 2 rows of 40" in message
    assert "the first in line 8 (end 2023-06-01" in message
    assert "take the rule away" in message


def refused(*rules, data=None, **table):
    columns = looked_at_schema(data)
    return read_rules(rules, columns, others={"income": "the label", **table})[1]


def looked_at_schema(_):
    from pipeline.samples import Column

    kinds = {"a": "continuous", "b": "integer", "since": "datetime", "town": "categorical",
             "last-seen": "integer"}  # fmt: skip
    return [Column(name=name, kind=kind) for name, kind in kinds.items()]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("aa > b", "Did you mean 'a'?"),
        ("income > 0", "is the label"),
        ("last-seen > 0", 'double quotes: "last-seen"'),
        ("town > 1", "which is categorical"),
        ("since > 5", "reckons with dates"),
        ("since - a > 0", "reckons with dates"),
        ("since > 2024-02-30", "which does not exist"),
        ("a", "compares nothing"),
        ("a >", "compares nothing"),
        ("a + > b", "cannot be read"),
        ("a * b > 1", "cannot be read"),
        ("a ** 2 > 1", "cannot be read"),
        ("(a) > 1", "cannot be read from character 1"),
        ("__import__('os') > 1", "cannot be read from character 11"),
        ("a - a > 0", "says nothing of any column"),
        ({"positive": "town"}, "asks for the sign of 'town'"),
        ({"combinations": ["town"]}, "two columns or more"),
        ({"combinations": ["town", "a"]}, "whose numbers are continuous"),
        ({"combinations": ["town", "tom"]}, "names the column 'tom'"),
    ],
)
def test_what_is_no_rule_is_refused_in_one_sentence(rule, words):
    (problem,) = refused(rule)
    assert words in problem


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (("a < b", "b < a"), 2),
        (("a < b", "b < a", "a > -5"), 2),
        (("a >= 1", "b >= 1", "a + b == 1"), 3),
        (("a == 2 * b", "a == 2 * b + 1"), 2),
        (("a <= b", "b <= a"), 0),
        (("a < b", "a != b", "b > 3"), 0),
    ],
)
def test_rules_that_no_row_can_keep_are_named(rules, named):
    found = contradictions(read_rules(rules, looked_at_schema(None), others={})[0])
    assert len(found) == bool(named)
    assert "".join(found).count("`") == 2 * (named + 1) * bool(named)


@pytest.mark.parametrize(
    "entry", ["5", "[a > b]", "{smaller: a}", "{positive: a, not_negative: b}", "{combinations: a}"]
)
def test_entries_of_another_form_are_refused_by_params(entry):
    text = f"source: {{kind: table, path: x, table: {{rules: [{entry}]}}}}"
    with pytest.raises(ParamsError, match=r"Rule 1 of `source\.table\.rules` is .*expected"):
        parse_params(text.encode(), where="params.yaml")


def test_what_holds_in_every_row_is_proposed_and_nothing_that_holds_by_chance(path):
    source, survey = looked_at(csv_file(path, stays().drop(columns="first name")))
    assert proposed_rules(survey.schema.columns, source.features) == [
        "day + night == hours",
        "start <= end",
        {"combinations": ["city", "country"]},
    ]
    source, survey = looked_at(csv_file(path, plain()))
    assert not [rule for rule in proposed_rules(survey.schema.columns, source.features)
                if isinstance(rule, str)]  # fmt: skip

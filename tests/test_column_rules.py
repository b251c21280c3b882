"""Rules between columns, as pure functions of a frame."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.column_rules import (
    Combinations,
    Comparison,
    Derived,
    Term,
    completed,
    keeps,
    kept_shares,
)


def frame(**columns):
    arrays = {name: cells if isinstance(cells, pa.Array) else pa.array(cells)
              for name, cells in columns.items()}  # fmt: skip
    return pa.table(arrays).to_pandas(types_mapper=pd.ArrowDtype)


def rule(relation, *, constant=0.0, derived=None, **weights):
    terms = tuple(Term(column=name, weight=weight) for name, weight in weights.items())
    return Comparison(
        text="the rule", terms=terms, constant=constant, relation=relation, derived=derived
    )


SUM = rule("==", a=1, b=1, total=-1, derived=Derived(column="total", digits=1, low=0, high=9))
PLACES = Combinations(
    text="combinations: [city, country]",
    columns=("city", "country"),
    allowed=(("Bern", "CH"), ("Rom", "IT"), ("Genf", "CH"), (None, None)),
)


@pytest.mark.parametrize(
    ("relation", "kept"),
    [
        ("<=", [True, True, False]),
        ("<", [True, False, False]),
        (">=", [False, True, True]),
        (">", [False, False, True]),
        ("==", [False, True, False]),
        ("!=", [True, False, True]),
    ],
)
def test_a_comparison_is_judged_as_it_is_written(relation, kept):
    rows = frame(a=[1, 2, 3], b=[2, 2, 2])
    assert list(keeps([rule(relation, a=1, b=-1)], rows)) == kept


def test_sums_of_decimals_are_equal_in_spite_of_their_rounding():
    assert keeps([SUM], frame(a=[0.1], b=[0.2], total=[0.3])).all()
    assert not keeps([SUM], frame(a=[0.1], b=[0.2], total=[0.30001])).any()


def test_single_precision_is_given_its_own_rounding():
    single = frame(**{n: pa.array([x], pa.float32()) for n, x in
                      {"a": 0.1, "b": 0.7, "total": 0.8}.items()})  # fmt: skip
    assert keeps([SUM], single).all()


def test_two_operands_are_compared_exactly():
    rows = frame(a=[1.0, 1.0], b=[1.0, np.nextafter(1.0, 2.0)])
    assert list(keeps([rule("==", a=1, b=-1)], rows)) == [True, False]


def test_moments_of_one_second_apart_are_told_apart():
    start = dt.datetime(2026, 1, 1, 12)
    rows = frame(a=[start, start], b=[start, start - dt.timedelta(seconds=1)])
    assert list(keeps([rule("<=", a=1, b=-1)], rows)) == [True, False]


def test_a_comparison_with_a_missing_operand_is_kept():
    assert keeps([rule("<", a=1, b=-1)], frame(a=[5, None], b=pa.array([None, 1]))).all()


def test_only_combinations_of_the_source_are_kept():
    rows = frame(city=["Bern", "Bern", "Rom", None, None], country=["CH", "IT", "IT", None, "CH"])
    assert list(keeps([PLACES], rows)) == [True, False, True, True, False]


def test_cells_without_a_choice_are_looked_up_and_computed():
    rows = frame(
        city=["Bern", "Rom", "Paris"],
        country=["IT", "CH", "CH"],
        a=[0.1, 0.2, 0.3],
        b=[0.2, 0.3, 0.4],
        total=[9.0, 9.0, 9.0],
    )
    made = completed([PLACES, SUM], rows)
    assert list(made["country"]) == ["CH", "IT", "CH"]
    assert list(made["total"]) == [0.3, 0.5, 0.7]
    assert list(keeps([PLACES, SUM], made)) == [True, True, False]
    assert made.dtypes.equals(rows.dtypes)


def test_a_computed_cell_keeps_the_range_of_the_source():
    made = completed([SUM], frame(a=[5.0, 4.0], b=[5.0, 4.0], total=[1.0, 1.0]))
    assert list(keeps([SUM], made)) == [False, True]


def test_a_computed_cell_stays_whole_and_missing_where_an_operand_is():
    rows = frame(a=pa.array([1, None, 3]), b=[1, 1, 1], total=pa.array([5, 5, None]))
    made = completed([SUM], rows)
    assert str(made["total"].dtype) == "int64[pyarrow]"
    assert made["total"].fillna(-1).tolist() == [2, 5, -1]


def test_of_equal_texts_the_share_of_the_harder_rule_is_told():
    rows = frame(a=[1, 2, 3, 4])
    shares = kept_shares([rule(">", a=1), rule(">", a=1, constant=-3)], rows)
    assert shares == {"the rule": 0.25}


def test_values_without_rules_come_back_as_they_are():
    pictures = np.zeros((2, 4, 4, 1), np.uint8)
    assert completed((), pictures) is pictures

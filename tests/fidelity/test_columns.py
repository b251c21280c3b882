"""Columns and pairs of a table, synthetic against real."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.fidelity.association import associations
from pipeline.fidelity.columns import judge_columns, kolmogorov_smirnov, total_variation
from pipeline.modalities.column_codes import MOST_CATEGORIES, code_columns
from tests.small_tables import shuffled, table, with_column


def judged(real, synthetic):
    half = len(real) // 2
    parts = (real.take(slice(0, half)), synthetic, real.take(slice(half, None)))
    labels = tuple(part.labels for part in parts)
    rows, found = judge_columns(code_columns(parts), labels, classes=real.schema.classes, seed=1)
    return {(row.metric, row.class_name): row for row in rows}, found


def test_rows_of_the_same_kind_are_as_near_as_two_halves_of_the_real_ones():
    rows, _ = judged(table(1600, seed=0), table(800, seed=1))
    for metric in ("ks", "tv", "missing", "pairs"):
        row = rows[metric, None]
        assert row.value < 0.06
        assert row.value == pytest.approx(row.floor, abs=0.03)


def test_a_shifted_column_is_the_worst_and_named():
    real, synthetic = table(1600, seed=0), table(800, seed=1)
    moved = with_column(synthetic, "income", synthetic.values["income"] + 4000)
    rows, found = judged(real, moved)
    assert rows["ks_worst", None].where == found.columns[0].name == "income"
    assert rows["ks_worst", None].value > 0.5
    assert {row.name: row.value for row in found.columns}["age"] < 0.1


def test_every_number_stands_for_each_class_with_its_n():
    rows, _ = judged(table(400, seed=0), table(300, seed=1))
    for name in ("no", "yes"):
        assert 0 < rows["ks", name].n_samples < rows["ks", None].n_samples
        assert rows["tv", name].floor is not None


def test_the_class_mix_of_synthetic_rows_is_no_difference():
    only_yes = table(500, seed=1, labels=np.ones(500, int))
    rows, _ = judged(table(2000, seed=0), only_yes)
    assert rows["tv_worst", None].value < 0.1
    assert ("ks", "no") not in rows


def test_lost_missing_values_are_a_difference():
    synthetic = table(800, seed=1)
    filled = with_column(synthetic, "income", synthetic.values["income"].fillna(3000.0))
    rows, found = judged(table(1600, seed=0), filled)
    column = next(row for row in found.columns if row.name == "income")
    assert column.missing_real == pytest.approx(0.1, abs=0.03)
    assert column.missing_synthetic == 0
    assert rows["missing", None].value > 3 * rows["missing", None].floor


def test_a_broken_association_is_the_first_pair():
    _, found = judged(table(1600, seed=0), shuffled(table(800, seed=1), "age"))
    first = found.pairs[0]
    assert {first.first, first.second} == {"age", "income"}
    assert first.real > 0.9
    assert abs(first.synthetic) < 0.15
    assert first.floor < 0.1


def test_distances_agree_with_their_definitions():
    stream = np.random.default_rng(0)
    one, other = stream.normal(size=300), stream.normal(0.4, 1, 200)
    assert kolmogorov_smirnov(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic)
    codes = np.array([0.0, 0, 1, 2]), np.array([0.0, 1, 1, np.nan])
    assert total_variation(*codes) == pytest.approx((1 / 6 + 5 / 12 + 1 / 4) / 2)


def test_a_column_that_one_side_alone_fills_could_not_differ_more():
    none = np.full(3, np.nan)
    assert kolmogorov_smirnov(none, np.ones(3)) == total_variation(np.ones(3), none) == 1
    assert kolmogorov_smirnov(none, none) == 0


def test_associations_agree_with_scipy():
    rows = table(400, seed=3)
    codes = code_columns((rows,))
    (columns,) = codes.parts
    found = associations(columns, codes.is_number)
    complete = ~np.isnan(columns).any(axis=1)
    rank = stats.spearmanr(columns[complete, 0], columns[complete, 1]).statistic
    assert found[0, 1] == pytest.approx(rank, abs=0.01)
    table_of = pd.crosstab(rows.values["job"], rows.values["city"]).to_numpy()
    expected = stats.contingency.association(table_of, method="cramer")
    assert found[2, 3] == pytest.approx(expected)


def test_one_outlier_does_not_decide_on_an_association():
    stream = np.random.default_rng(0)
    first = stream.normal(size=200)
    second = first + 0.1 * stream.normal(size=200)
    second[0] = -1e9
    found = associations(np.column_stack([first, second]), np.array([True, True]))
    assert found[0, 1] > 0.9


def test_a_constant_column_goes_with_nothing():
    columns = np.column_stack([np.ones(50), np.arange(50.0), np.zeros(50)])
    found = associations(columns, np.array([True, True, False]))
    assert found[0, 1] == found[0, 2] == found[1, 2] == 0


def test_categories_are_coded_by_frequency_and_what_is_new_shares_a_code():
    real, synthetic = table(60, seed=0), table(60, seed=1)
    new = pd.Series(["unheard of"] * 60, dtype="string")
    codes = code_columns((real, with_column(synthetic, "job", new)))
    place = codes.names.index("job")
    assert set(np.unique(codes.parts[0][:, place])) == {0.0, 1.0, 2.0}
    assert set(codes.parts[1][:, place]) == {3.0}


def test_very_many_categories_keep_within_the_bins_of_boosting():
    real = table(600, seed=0)
    names = pd.Series([f"name {row}" for row in range(600)], dtype="string")
    codes = code_columns((with_column(real, "job", names),))
    assert codes.parts[0][:, codes.names.index("job")].max() == MOST_CATEGORIES


def test_of_no_synthetic_rows_nothing_is_told():
    rows = table(20, seed=0)
    assert judged(rows, rows.take(slice(0, 0)))[0] == {}

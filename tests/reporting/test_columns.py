"""Tables: columns and pairs, real against synthetic."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.reporting.columns import association, compare, matched_real
from pipeline.reporting.gallery import Gallery
from pipeline.reporting.page import render_report, sections
from pipeline.samples import Column, Samples, Schema
from tests.reporting.example_material import example_material
from tests.reporting.payloads import PAYLOADS

COLUMNS = (
    Column(name="age", kind="integer"),
    Column(name="income", kind="continuous", has_missing=True),
    Column(name="job", kind="categorical", categories=("a", "b", "c")),
)


def table(n, *, seed, labels=None, shift=0.0, columns=COLUMNS):
    """Age and income go together; the job goes with the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n) if labels is None else np.asarray(labels)
    age = rng.integers(18, 80, n)
    income = age * 100.0 + rng.normal(0, 500, n) + shift
    income[rng.random(n) < 0.1] = np.nan
    jobs = np.where(labels == 0, rng.choice(list("ab"), n), rng.choice(list("bc"), n))
    values = pd.DataFrame({c.name: v for c, v in zip(columns, (age, income, jobs), strict=True)})
    return Samples(
        schema=Schema(modality="table", classes=("no", "yes"), columns=columns),
        values=values,
        labels=labels.astype(np.int64),
        provenance=pd.DataFrame({"id": [f"{seed}-{row}" for row in range(n)]}),
    )


def by_name(compared):
    return {column.name: column for column in compared.columns}


def test_rows_of_the_same_kind_are_as_similar_as_two_halves_of_the_real_ones():
    compared = by_name(compare(table(2000, seed=0), table(2000, seed=1)))
    for column in compared.values():
        assert column.similarity > 0.95
        assert column.similarity == pytest.approx(column.floor, abs=0.04)


def test_a_shifted_column_is_found_and_the_others_are_left_alone():
    compared = by_name(compare(table(2000, seed=0), table(2000, seed=1, shift=4000)))
    assert compared["income"].similarity < 0.6
    assert compared["age"].similarity > 0.95


def test_the_class_mix_of_synthetic_rows_does_not_count_as_a_difference():
    only_yes = table(500, seed=1, labels=np.ones(500, int))
    compared = by_name(compare(table(2000, seed=0), only_yes))
    assert compared["job"].similarity > 0.93


def test_matched_rows_have_exactly_the_asked_class_mix():
    wanted = table(70, seed=1, labels=[1] * 60 + [0] * 10)
    assert matched_real(table(50, seed=0), wanted).counts() == {"no": 10, "yes": 60}


def test_lost_missing_values_are_a_difference():
    synthetic = table(1000, seed=1)
    synthetic.values["income"] = synthetic.values["income"].fillna(3000.0)
    column = by_name(compare(table(2000, seed=0), synthetic))["income"]
    assert column.real[-1] == pytest.approx(0.1, abs=0.03)
    assert column.synthetic[-1] == 0
    assert column.similarity < 0.92


def test_shares_add_up_to_one():
    for column in compare(table(300, seed=0), table(300, seed=1)).columns:
        assert sum(column.real) == pytest.approx(1)
        assert sum(column.synthetic) == pytest.approx(1)


def test_a_broken_association_is_the_first_pair():
    synthetic = table(1000, seed=1)
    synthetic.values["age"] = synthetic.values["age"].sample(frac=1, random_state=0).to_numpy()
    first = compare(table(1000, seed=0), synthetic).pairs[0]
    assert {first.first, first.second} == {"age", "income"}
    assert first.real > 0.9
    assert abs(first.synthetic) < 0.15


def test_associations_agree_with_scipy():
    rows = table(400, seed=3)
    age, income, job = (rows.values[column.name] for column in COLUMNS)
    known = income.notna()
    rank = stats.spearmanr(age[known], income[known]).statistic
    assert association(age, income, COLUMNS[0], COLUMNS[1]) == pytest.approx(rank)
    labels = pd.Series(rows.labels).astype(str)
    expected = stats.contingency.association(pd.crosstab(job, labels).to_numpy(), method="cramer")
    assert association(job, labels, COLUMNS[2], COLUMNS[2]) == pytest.approx(expected)


def test_a_constant_column_goes_with_nothing():
    constant = pd.Series([1.0] * 5)
    other = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0])
    assert association(constant, other, COLUMNS[1], COLUMNS[1]) == 0.0


def test_no_synthetic_rows_compare_with_nothing():
    rows = table(20, seed=0)
    assert not compare(rows, rows.take(slice(0, 0)))


def material_of(real, synthetic):
    return dataclasses.replace(
        example_material(), gallery=Gallery(), table=compare(real, synthetic)
    )


def test_a_table_shows_distributions_where_images_show_pictures(visit):
    material = material_of(table(400, seed=0), table(400, seed=1))
    keys = [section.key for section in sections(material)]
    assert keys.index("distributions") == keys.index("classes") + 1
    assert "pictures" not in keys
    with visit(render_report(material)) as seen:
        assert seen.console == []
        assert seen.run("document.querySelectorAll('#table-columns svg.mark').length") == 3


def test_hostile_column_names_stay_text(visit):
    names = PAYLOADS[:3]
    columns = tuple(
        column.model_copy(update={"name": name})
        for column, name in zip(COLUMNS, names, strict=True)
    )
    real, synthetic = (table(60, seed=seed, columns=columns) for seed in (0, 1))
    with visit(render_report(material_of(real, synthetic))) as seen:
        shown = seen.run("[...document.querySelectorAll('#table-columns th bdi')]"
                         ".map(one => one.textContent)")  # fmt: skip
        assert set(shown) == set(names)
        assert seen.dialogs == seen.console == seen.requests == []

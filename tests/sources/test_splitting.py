"""The split: stratified, seeded, clusters whole, and stable when data are added."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams, SplitParams
from pipeline.samples import Schema
from pipeline.sources.clusters import cluster_lots, cluster_rows
from pipeline.sources.splitting import (
    TEST,
    TRAIN,
    WITHHELD,
    part,
    split_notices,
    split_rows,
)
from pipeline.sources.survey import Survey, make_rows


def rows_of(counts, *, groups=None, twins=None):
    labels = np.repeat(np.arange(len(counts)), counts)
    ids = [f"row-{label}-{k}" for label, n in enumerate(counts) for k in range(n)]
    return make_rows(ids, labels, ids, groups=groups, twins=twins)


def survey_of(counts, **more):
    classes = tuple(f"class{k}" for k in range(len(counts)))
    schema = Schema(modality="image", classes=classes, image_shape=(8, 8, 1))
    return Survey(schema=schema, rows=rows_of(counts, **more))


@pytest.mark.parametrize("counts", [(1000, 100, 10), (300, 300), (7, 7, 7)])
def test_the_exact_rule_is_stratified_to_the_row(counts):
    rows = rows_of(counts)
    splits = part(rows, SplitParams(rule="exact", test_fraction=0.2))
    found = rows[splits == TEST].groupby("label").size()
    assert found.tolist() == [round(0.2 * n) for n in counts]


def test_the_stable_rule_is_stratified_but_for_chance():
    rows = rows_of((2000, 2000))
    splits = part(rows, SplitParams(test_fraction=0.2))
    found = rows[splits == TEST].groupby("label").size()
    assert (abs(found - 400) < 4 * np.sqrt(2000 * 0.2 * 0.8)).all()


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(5, 60), min_size=2, max_size=5), seed=st.integers(0, 2**32 - 1))
def test_under_the_stable_rule_no_class_strays_far_from_its_share(counts, seed):
    rows = rows_of(counts)
    splits = part(rows, SplitParams(test_fraction=0.2, seed=seed))
    for label, n in enumerate(counts):
        in_test = int((splits[rows["label"] == label] == TEST).sum())
        assert max(1, np.floor(0.1 * n)) <= in_test <= max(1, np.ceil(0.3 * n))


def mended_rows(rows, params):
    """How many rows of each class the bounds put elsewhere than their own lots do."""
    lots = cluster_lots(rows, cluster_rows(rows), seed=params.seed, purpose="split")
    counts = []
    for label in sorted(rows["label"].unique()):
        of_class = lots[(rows["label"] == label).to_numpy()]
        due, n = params.test_fraction * len(of_class), int((of_class < params.test_fraction).sum())
        least, most = max(1, np.floor(0.5 * due)), max(1, np.ceil(1.5 * due))
        counts.append(int(max(0, least - n, n - most)))
    return counts


@settings(max_examples=40, deadline=None)
@given(before=st.integers(60, 200), after=st.integers(0, 300), seed=st.integers(0, 2**32 - 1))
@example(before=60, after=7, seed=96)
def test_under_the_stable_rule_a_row_stays_where_it_was_when_data_are_added(before, after, seed):
    params = SplitParams(test_fraction=0.3, seed=seed)
    small, large = rows_of((before, before)), rows_of((before + after, before))
    first = dict(zip(small["id"], part(small, params), strict=True))
    second = dict(zip(large["id"], part(large, params), strict=True))
    moved = [row for row in first if first[row] != second[row]]
    # Only where chance left a class beyond its bounds may a row at the edge move.
    assert len(moved) <= mended_rows(small, params)[0] + mended_rows(large, params)[0]


def test_the_order_of_the_rows_does_not_matter():
    rows = rows_of((50, 40))
    shuffled = rows.sample(frac=1, random_state=3)
    places = dict(zip(rows["id"], part(rows, SplitParams()), strict=True))
    again = dict(
        zip(shuffled["id"], part(shuffled.reset_index(drop=True), SplitParams()), strict=True)
    )
    assert places == again


def test_another_seed_gives_another_split():
    rows = rows_of((200, 200))
    assert (part(rows, SplitParams(seed=1)) != part(rows, SplitParams(seed=2))).any()


@pytest.mark.parametrize("rule", ["stable", "exact"])
def test_a_group_never_crosses(rule):
    groups = [f"writer{k % 23}" for k in range(300)]
    rows = rows_of((150, 150), groups=groups)
    rows["place"] = part(rows, SplitParams(rule=rule, validation_fraction=0.1))
    assert (rows.groupby("group")["place"].nunique() == 1).all()


@pytest.mark.parametrize("rule", ["stable", "exact"])
def test_twins_never_cross(rule):
    rows = rows_of((150, 150), twins=np.arange(300) // 3)
    rows["place"] = part(rows, SplitParams(rule=rule))
    assert (rows.groupby("twin")["place"].nunique() == 1).all()


def test_groups_joined_by_a_twin_never_cross():
    groups = [f"patient{k}" for k in range(60) for _ in range(5)]
    twins = np.arange(300)
    twins[np.arange(4, 295, 10)] = twins[np.arange(5, 300, 10)]
    rows = rows_of((150, 150), groups=groups, twins=twins)
    rows["place"] = part(rows, SplitParams())
    rows["pair"] = [k // 10 for k in range(300)]
    assert (rows.groupby("pair")["place"].nunique() == 1).all()


def test_groups_joined_by_a_twin_are_one_cluster_and_all_others_need_no_name():
    groups = ["a", "a", "b", "b", "c", "c", None, None]
    survey = survey_of((4, 4), groups=groups, twins=np.array([0, 1, 1, 2, 3, 4, 5, 6]))
    names = survey.provenance["cluster"]
    assert names[:4].tolist() == ["row-0-0"] * 4
    assert names[4:].isna().all()


def test_rows_without_a_group_are_on_their_own():
    groups = ["one"] * 10 + [None] * 190
    rows = rows_of((100, 100), groups=groups)
    assert set(part(rows, SplitParams())[10:]) == {TRAIN, TEST}


def test_validation_takes_its_share_besides_test():
    rows = rows_of((1000, 500))
    splits = part(rows, SplitParams(rule="exact", test_fraction=0.2, validation_fraction=0.1))
    assert pd.Series(splits).value_counts().to_dict() == {
        "train": 1050,
        "test": 300,
        "validation": 150,
    }


def test_asking_for_a_balanced_test_split_gives_exactly_that():
    rows = rows_of((100, 60, 50))
    splits = part(rows, SplitParams(test_per_class=20))
    assert rows[splits == TEST].groupby("label").size().tolist() == [20, 20, 20]


def test_thinned_rows_are_withheld_and_the_test_split_is_not_touched():
    survey = survey_of((100, 100))
    whole = split_rows(survey, SourceParams())
    thinned = split_rows(survey, SourceParams(thin={"class1": 10}))
    labels = survey.rows["label"].to_numpy()
    assert ((thinned == TRAIN) & (labels == 1)).sum() == 10
    assert ((whole == TEST) == (thinned == TEST)).all()
    assert set(thinned[(whole == TRAIN) & (labels == 1)]) == {TRAIN, WITHHELD}
    assert (thinned[labels == 0] == whole[labels == 0]).all()


def test_thinning_further_keeps_a_part_of_what_it_kept_before():
    survey = survey_of((100, 100))
    more = split_rows(survey, SourceParams(thin={"class1": 20}))
    less = split_rows(survey, SourceParams(thin={"class1": 10}))
    assert set(np.flatnonzero(less == TRAIN)) < set(np.flatnonzero(more == TRAIN))


def kept_of(survey, splits, label):
    return int(((splits == TRAIN) & (survey.rows["label"] == label)).sum())


@pytest.mark.parametrize("kind", ["group", "twin"])
def test_rows_that_stay_together_are_withheld_all_or_none(kind):
    number = np.arange(240) // 3
    together = {"groups": [f"patient{k}" for k in number]} if kind == "group" else {"twins": number}
    survey = survey_of((120, 120), **together)
    thin = SourceParams(thin={"class1": 12})
    splits = split_rows(survey, thin)
    assert kept_of(survey, splits, 1) == 12
    assert (pd.Series(splits).groupby(number).nunique() == 1).all()
    assert not split_notices(survey, splits, thin)


def test_thinning_says_where_whole_groups_give_another_count():
    # Patients of five pictures, the last of each in the other class.
    groups = [f"patient{k // 4}" for k in range(120)] + [f"patient{k}" for k in range(30)]
    survey = survey_of((120, 30), groups=groups)
    thin = SourceParams(thin={"class0": 11}, minimum_per_class=3)
    splits = split_rows(survey, thin)
    assert kept_of(survey, splits, 0) == 12
    asked, lost = [notice.message for notice in split_notices(survey, splits, thin)]
    assert "asks to keep 11 training rows of the class 'class0'; 12 are kept" in asked
    assert "training rows of the class 'class1' are withheld as well" in lost


def test_a_thinned_class_keeps_one_group_at_least():
    survey = survey_of((120, 120), groups=[f"patient{k // 12}" for k in range(240)])
    splits = split_rows(survey, SourceParams(thin={"class1": 5}))
    assert kept_of(survey, splits, 1) == 12


def test_thinning_an_unknown_class_is_refused():
    with pytest.raises(
        ParamsError, match="names the class 'clas1', which the source does not have"
    ):
        split_rows(survey_of((50, 50)), SourceParams(thin={"clas1": 9}))


def test_thinning_below_the_minimum_is_refused():
    with pytest.raises(SourceError, match="The class 'class1' has 3 training rows"):
        split_rows(survey_of((50, 50)), SourceParams(thin={"class1": 3}))


def test_one_group_for_a_whole_class_is_refused():
    groups = ["one"] * 50 + [f"g{k}" for k in range(50)]
    with pytest.raises(SourceError, match="The class 'class0' has"):
        split_rows(survey_of((50, 50), groups=groups), SourceParams())

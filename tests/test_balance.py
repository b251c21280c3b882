import pytest

from pipeline import balance
from pipeline.errors import ParamsError
from pipeline.params import BalanceParams

COUNTS = {"cat": 80, "dog": 10, "owl": 33}


def test_equalise_fills_every_class_to_the_largest():
    assert balance.request(COUNTS, BalanceParams()) == {"cat": 0, "dog": 70, "owl": 47}


def test_ratio_fills_every_class_to_that_share_of_the_largest():
    params = BalanceParams(strategy="ratio", ratio=0.5)
    assert balance.request(COUNTS, params) == {"cat": 0, "dog": 30, "owl": 7}


def test_a_ratio_above_one_grows_the_largest_class_too():
    params = BalanceParams(strategy="ratio", ratio=1.1)
    assert balance.request({"a": 10, "b": 10}, params) == {"a": 1, "b": 1}


def test_explicit_names_totals_and_leaves_other_classes_alone():
    params = BalanceParams(strategy="explicit", target={"dog": 25})
    assert balance.request(COUNTS, params) == {"cat": 0, "dog": 15, "owl": 0}


def test_a_target_below_what_a_class_has_is_refused_with_all_other_problems():
    params = BalanceParams(strategy="explicit", target={"cat": 8, "doog": 9})
    with pytest.raises(ParamsError) as caught:
        balance.request(COUNTS, params)
    assert len(caught.value.problems) == 2
    assert "Did you mean 'dog'" in str(caught.value)
    assert "already has 80" in str(caught.value)


def test_an_empty_explicit_target_is_refused():
    with pytest.raises(ParamsError, match="is empty"):
        balance.request(COUNTS, BalanceParams(strategy="explicit"))


def test_a_target_that_no_strategy_reads_is_refused():
    with pytest.raises(ParamsError, match="does not read it"):
        balance.request(COUNTS, BalanceParams(target={"dog": 25}))


def test_the_pool_is_larger_than_the_request_by_the_factor():
    params = BalanceParams(pool_factor=1.5)
    assert balance.pool({"cat": 0, "dog": 7}, params) == {"cat": 0, "dog": 11}

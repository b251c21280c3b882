import pytest

from pipeline.trial.shares import share_of_gap, share_to_weight
from pipeline.trial.verdict import assess_gains


def test_rows_of_the_weight_make_up_the_share():
    weight = share_to_weight(0.25, real_share=0.75, n_real=30, n_rows=50)
    assert 50 * weight / (50 * weight + 30) == pytest.approx(0.25)


def test_rows_of_two_sources_make_up_their_shares_together():
    shares = {"classical": 0.3, "deformed": 0.2}
    totals = {
        origin: 50 * share_to_weight(share, real_share=0.5, n_real=30, n_rows=50)
        for origin, share in shares.items()
    }
    for origin, share in shares.items():
        assert totals[origin] / (sum(totals.values()) + 30) == pytest.approx(share)


def test_no_share_or_no_rows_weigh_nothing():
    assert share_to_weight(0.0, real_share=1.0, n_real=10, n_rows=70) == 0.0
    assert share_to_weight(0.5, real_share=0.5, n_real=10, n_rows=0) == 0.0


def test_a_synthetic_row_never_counts_more_than_a_real_one():
    assert share_to_weight(0.9, real_share=0.1, n_real=80, n_rows=10) == 1.0


def test_the_share_of_a_sure_gap_has_an_interval_around_it():
    gap = assess_gains([3.9, 4.1, 4.0], held_out_ratio=0.25)
    gained = assess_gains([0.9, 1.1, 1.0], held_out_ratio=0.25)
    share, interval = share_of_gap(gap, gained)
    assert share == pytest.approx(0.25)
    assert interval.low < 0.25 < interval.high


def test_an_unsure_gap_has_a_share_but_no_interval():
    gap = assess_gains([9.0, -1.0, 4.0], held_out_ratio=0.25)
    gained = assess_gains([0.9, 1.1, 1.0], held_out_ratio=0.25)
    share, interval = share_of_gap(gap, gained)
    assert share == pytest.approx(0.25)
    assert interval is None


def test_without_a_gap_there_is_nothing_to_close():
    nothing = assess_gains([0.0, 0.0], held_out_ratio=0.25)
    assert share_of_gap(nothing, nothing) == (None, None)

import pytest

from pipeline.trial.shares import share_of_gap
from pipeline.trial.verdict import assess_gains


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

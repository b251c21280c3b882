"""What a plan says, and in which order."""

import pytest

from pipeline import balance
from pipeline.commands.plan import Plan, Shorter
from pipeline.commands.plan_page import lines_of, worth_of_balance
from pipeline.commands.speed import Estimate
from pipeline.params import BalanceParams
from pipeline.samples import Schema

EQUAL = {"cat": 150, "dog": 173, "owl": 160}
UNEQUAL = {"cat": 80, "dog": 80, "owl": 10}


def planned(train, *, minutes=4.0, shorter=(), sample=None, **balance_params):
    params = BalanceParams(**balance_params)
    requested = balance.request(train, params)
    return Plan(
        schema=Schema(modality="image", classes=tuple(train), image_shape=(16, 16, 3)),
        notices=(),
        sample=sample,
        counts={"train": train, "test": dict.fromkeys(train, 40)},
        requested=requested,
        drawn=balance.pool(requested, params),
        disk_bytes=2**25,
        free_bytes=2**40,
        trainings=4,
        time=Estimate(60 * (minutes - 2), 60.0, 2, "pictures of 16×16 px"),
        shorter=shorter,
    )


def test_a_plan_that_can_gain_little_says_so_first():
    lines = lines_of(planned(EQUAL))
    assert lines[0].startswith("Little to gain: the classes are nearly equal (150 to 173")
    told = " ".join(lines)
    assert "36 synthetic rows to 483 real ones" in told
    assert "by at most 5 points" in told
    assert "balance: {strategy: ratio, ratio: 2.0}" in told


@pytest.mark.parametrize(
    "plan", [planned(UNEQUAL), planned(EQUAL, strategy="ratio", ratio=2.0)], ids=["rare", "ratio"]
)
def test_a_plan_that_may_gain_begins_with_the_data(plan):
    assert lines_of(plan)[0].startswith("Data: ")


def test_equal_classes_are_worth_nothing_to_what_is_equal():
    assert worth_of_balance({"a": 5, "b": 5}) == 0


def test_equal_classes_are_worth_at_most_what_the_shares_differ_by():
    assert worth_of_balance({"a": 75, "b": 25}) == pytest.approx(0.5)


def test_a_long_plan_names_each_setting_that_shortens_it_with_its_time():
    shorter = (Shorter("gan.steps: 600", 2400.0), Shorter("trial.replicates: 3", 1200.0))
    lines = lines_of(planned(UNEQUAL, minutes=60.0, shorter=shorter))
    place = next(k for k, line in enumerate(lines) if "makes it shorter" in line)
    assert lines[place - 1].startswith("Time: about 60 min on this machine")
    assert [line.split("  about ") for line in lines[place + 1 : place + 3]] == [
        ["    trial.replicates: 3", "20 min"],
        ["    gan.steps: 600     ", "40 min"],
    ]


def test_a_sampled_plan_says_what_was_sampled():
    told = " ".join(lines_of(planned(UNEQUAL, sample=100)))
    assert "Only a sample was decoded: 100 of 290 pictures." in told

"""What the dataset card claims is what the record of the trial says."""

import pytest

from pipeline.dataset.card import card, points
from pipeline.results import CopiesResult, Interval
from pipeline.samples import Schema
from tests.example_result import CLASSES, example_result

SCHEMA = Schema(modality="image", classes=CLASSES, image_shape=(8, 8, 1))
ROWS = {name: {"real": 10, "gan": 70} for name in CLASSES}


def text_of(result):
    return card(SCHEMA, ROWS, result, name="augmented")


def with_mix(**changes):
    """The example with another comparison of the mix under the primary classifier."""
    mix, *others = example_result().comparisons
    result = example_result(comparisons=(mix.model_copy(update=changes), *others))
    verdict = changes.get("verdict", mix.verdict)
    return result.model_copy(update={"verdict": verdict, "promoted": verdict == "helps"})


def test_where_the_mix_harms_no_weight_is_recommended():
    text = text_of(with_mix(verdict="harms", upper_bound_points=-0.4))
    assert "every other row of this set has weight 0" in text
    assert "use the recommended weights" not in text


def test_the_bound_on_which_harm_rests_is_the_upper_one():
    assert "one-sided upper bound -0.4" in text_of(
        with_mix(verdict="harms", upper_bound_points=-0.4)
    )


def test_a_gain_below_what_was_asked_for_is_called_a_gain():
    short = with_mix(verdict="no evidence", lower_bound_points=1.3)
    text = text_of(short.model_copy(update={"min_gain_points": 2.0}))
    assert "## Verdict: helps, not surely enough" in text
    assert "better than current practice, but not surely by the 2 points" in text
    assert "no evidence that synthetic rows help" not in text


@pytest.mark.parametrize(
    ("gan_verdict", "words"),
    [
        ("helps", "are better than every cheap alternative"),
        ("no evidence", "no evidence that the GAN's rows beat"),
        ("harms", "make the arm worse that they are added to"),
    ],
)
def test_where_the_gan_decides_the_verdict_is_the_answer_about_it(gan_verdict, words):
    result = example_result(
        verdict="no evidence", gan_verdict=gan_verdict, promote_rule="gan"
    ).model_copy(update={"promoted": gan_verdict == "helps"})
    text = text_of(result)
    assert f"## Verdict: {gan_verdict}" in text
    assert words in text
    assert "that synthetic rows help" not in text


def test_rows_that_make_up_an_exact_number_are_told_by_class():
    few = tuple(
        row.model_copy(update={"n_accepted": 58}) if row.name == "5" else row
        for row in example_result().classes
    )
    assert "with\nweight 0: 12 of class 5.\n" in text_of(example_result(classes=few))


def test_without_such_rows_the_card_says_nothing_of_them():
    assert "make up the exact number" not in text_of(example_result())


def test_a_search_for_copies_that_could_not_be_made_is_not_told_as_one():
    refused = CopiesResult(
        tested=0, exact=0, suspected=0, threshold=0.0, false_alarm_rate=0.0, wording="Too few."
    )
    assert "Memorised samples: none were tested. Too few." in text_of(
        example_result(copies=refused)
    )


@pytest.mark.parametrize(
    ("number", "text"), [(0.04, "+0.04"), (-0.04, "-0.04"), (1.24, "+1.2"), (-0.001, "+0.0")]
)
def test_points_have_the_decimals_that_show_them(number, text):
    assert points(number) == text


def test_the_interval_stands_with_the_bound_that_decided():
    wide = Interval(low=-0.4, high=2.7)
    text = text_of(with_mix(interval_points=wide, lower_bound_points=0.2))
    assert "interval [-0.4, +2.7],\n  one-sided lower bound +0.2" in text

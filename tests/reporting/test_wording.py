"""The words of the report claim what the record of the trial says, and nothing else."""

import re

import pytest

from pipeline.params import Params
from pipeline.reporting import verdict
from pipeline.reporting.page import sections
from pipeline.reporting.sections import answers, balance, comparison, copies, worth
from pipeline.reporting.summary import answers_table, tables_by_key
from pipeline.results import CopiesResult, Interval, LearningPoint
from tests.example_result import example_result
from tests.reporting.example_material import example_material

MIX, GAN = "mix against current practice", "gan against cheap"


def compared(question, reference=None, **changes):
    """One comparison of the example under the primary classifier, changed."""
    found = [one for one in example_result().comparisons if one.question == question]
    reference = reference or found[0].reference
    return found[0].model_copy(update={"reference": reference, **changes})


def material(mix=None, gan=None, **changes):
    """The example with these comparisons, and verdicts that follow from them."""
    mix, gan = mix or compared(MIX), gan or compared(GAN)
    result = example_result(
        comparisons=(mix, gan), verdict=mix.verdict, gan_verdict=gan.verdict, **changes
    )
    deciding = mix if result.promote_rule == "mix" else gan
    promoted = deciding.verdict == "helps"
    return example_material(result=result.model_copy(update={"promoted": promoted}))


HARM = {"mean_points": -2.0, "lower_bound_points": -3.0, "upper_bound_points": -1.0,
        "interval_points": Interval(low=-3.4, high=-0.6), "verdict": "harms"}  # fmt: skip
SHORT = {"mean_points": 1.5, "lower_bound_points": 1.3, "upper_bound_points": 1.7,
         "interval_points": Interval(low=1.2, high=1.8), "verdict": "no evidence"}  # fmt: skip


def text_of(found, key):
    """All that one section says."""
    (section,) = [one for one in sections(found) if one.key == key]
    return " ".join(getattr(block, "text", "") for block in section.blocks)


def test_where_the_mix_harms_nothing_is_left_to_try():
    advice = answers.advice(material(mix=compared(MIX, **HARM)))
    assert advice == (
        "Stay with current practice, class-balanced sampling: the recommended mix harms. The GAN "
        "rows are in the dataset with weight 0, to be looked at only."
    )


@pytest.mark.parametrize("question", [MIX, GAN])
def test_a_gain_below_what_was_asked_for_is_called_a_gain(question):
    rule = "mix" if question == MIX else "gan"
    found = material(**{rule: compared(question, **SHORT)}, min_gain_points=2.0, promote_rule=rule)
    headline = verdict.headline(found)
    assert "it helps, but is not surely worth the 2.0 points asked for, so it is not" in headline
    assert "nothing is proven better" not in answers.advice(found)
    assert "Helps, not surely enough" in [row[1].text for row in answers_table(found).rows]
    shown = [row[-1].text for row in comparison.comparisons_table(found).rows]
    assert "helps, not surely enough" in shown


def test_a_gain_that_only_the_one_sided_bound_puts_above_what_was_asked_for_is_told_with_it():
    mix = compared(MIX, interval_points=Interval(low=1.9, high=3.0), lower_bound_points=2.1)
    assert "one-sided lower bound +2.1)" in verdict.mix_sentence(material(mix, min_gain_points=2.0))
    assert "one-sided" not in verdict.mix_sentence(material(mix, min_gain_points=1.0))


def test_a_harm_that_the_two_sided_interval_does_not_show_is_told_with_the_upper_bound():
    mix = compared(MIX, **{**HARM, "interval_points": Interval(low=-4.0, high=0.2)})
    assert "interval −4.0 to +0.2, one-sided upper bound −1.0)" in verdict.mix_sentence(
        material(mix)
    )


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        (
            compared(MIX),
            "which is proven better than current practice, class-balanced sampling, too",
        ),
        (compared(MIX, verdict="no evidence", lower_bound_points=-1.0), "which is not proven"),
        (compared(MIX, **HARM), "which harms, so that every added row has weight 0"),
    ],
)
def test_where_the_gan_decides_and_helps_the_advice_is_to_train_with_it(mix, words):
    found = material(
        mix, compared(GAN, verdict="helps", lower_bound_points=0.5), promote_rule="gan"
    )
    advice = answers.advice(found)
    assert verdict.headline(found).endswith("it helps, and is promoted.")
    assert advice.startswith("Train with GAN samples on the best cheap arm: that is proven better")
    assert words in advice


@pytest.mark.parametrize(
    ("gan", "words"),
    [
        (compared(GAN), "Do without the GAN rows: they are not proven better than the cheap"),
        (
            compared(GAN, **HARM),
            "Do without the GAN rows: they harm the arm that they are added to.",
        ),
    ],
)
def test_where_the_gan_decides_and_does_not_help_the_advice_says_so_first(gan, words):
    assert answers.advice(material(gan=gan, promote_rule="gan")).startswith(words)


def test_a_harm_is_shown_with_the_bound_on_which_it_rests():
    found = material(mix=compared(MIX, **HARM))
    assert "upper bound, on which the verdict rests, −1.0" in answers_table(found).rows[0][3].text
    assert comparison.comparisons_table(found).rows[0][4].words == "−1.0 (upper)"


def test_a_harm_is_told_against_the_arm_that_the_samples_are_added_to():
    sentence = verdict.gan_sentence(material(gan=compared(GAN, "logit_adjustment", **HARM)))
    assert "over logit adjustment, the arm that its samples are added to: it harms." in sentence


def test_gan_samples_that_change_no_score_are_not_said_to_change_any():
    none = {"gains_points": (0.0, 0.0, 0.0), "mean_points": 0.0}
    found = material(gan=compared(GAN, "chosen_cheap", **none))
    sentence = verdict.gan_sentence(found)
    assert "scores in every replicate as the same arm without them does" in sentence
    assert "adding" not in sentence
    _, gan = answers.build(found).blocks[0].answers
    assert gan.words.startswith("In every replicate the GAN samples left the arm")


def test_balanced_data_want_no_gan_rows():
    even = tuple(row.model_copy(update={"n_requested": 0}) for row in example_result().classes)
    found = material(classes=even)
    assert verdict.gan_sentence(found).startswith("Every class has the rows asked for, so no GAN")
    assert "none to search for copies" in text_of(
        material(classes=even, copies=copies_result(tested=0)), "copies"
    )


def copies_result(**changes):
    counts = {"tested": 100, "exact": 0, "moved": 9, "suspected": 12}
    return CopiesResult(threshold=0.411, false_alarm_rate=0.01, **{**counts, **changes})


def test_each_suspicious_row_is_counted_once():
    assert "9 do after a shift or a mirroring, and 3 more lie" in text_of(
        material(copies=copies_result()), "copies"
    )


def test_rows_that_the_search_flags_are_said_to_be_in_the_dataset():
    found = material(copies=copies_result())
    assert "rows of the dataset, the flagged ones included" in text_of(found, "copies")
    assert "turned away" not in copies.closest_table(copies_result()).note


def test_the_threshold_in_pixels_is_not_given_for_all_ways_of_comparing():
    table = copies.copies_table(copies_result())
    assert not any("0.411" in row[0].text for row in table.rows)
    assert "in pixels (ratio below 0.411)" in table.note


def test_a_search_that_was_refused_shows_the_reason_and_no_zeros():
    refused = copies_result(tested=0, moved=0, suspected=0, wording="12 holdout samples are few.")
    found = material(copies=refused)
    assert text_of(found, "copies") == (
        "Copies could not be searched for: 12 holdout samples are few."
    )
    assert not {"copies", "closest", "membership"} & set(tables_by_key(found))


def test_the_membership_test_is_shown_where_copies_could_not_be_searched_for():
    none = {"tested": 0, "moved": 0, "suspected": 0}
    attacked = copies_result(**none, membership_auc=0.53)
    assert tables_by_key(material(copies=attacked))["membership"]["rows"][0][1] == "0.53"


@pytest.mark.parametrize(
    ("share", "interval", "words"),
    [
        (2.5, Interval(low=1.1, high=4.0), "closed at least all of the gap"),
        (0.4, Interval(low=0.1, high=0.7), "closed a part of the gap"),
        (-0.1, Interval(low=-0.2, high=0.1), "closed nothing of the gap"),
        (2.5, None, "cannot be told: the gap itself is not sure."),
    ],
)
def test_the_gap_that_was_closed_is_told_as_far_as_it_is_known(share, interval, words):
    note = comparison.shares_table(material(gap_closed=share, gap_closed_interval=interval)).note
    assert words in note
    assert ("%" in note) == (interval is not None)


def curve(rises):
    """Class name → points of recall that it gains from 10 to 80 real samples."""
    return tuple(
        LearningPoint(class_name=name, n_real=n, value=0.5 + (rise if n == 80 else 0) / 100)
        for name, rise in rises.items()
        for n in (10, 80)
    )


@pytest.mark.parametrize(
    ("rises", "words"),
    [
        (
            {"5": 10, "8": 10, "9": 2},
            "Collect classes 5 and 8 first: .*more than that of any other",
        ),
        ({"5": 10, "8": 10}, "Collect classes 5 and 8 alike: .* changes by \\+10.0 points.$"),
        ({"5": 10, "8": 2}, "Collect class 5 first: from 10 to 80 .*more than that of any other"),
    ],
)
def test_classes_that_gain_alike_are_all_named(rises, words):
    (sentence,) = [item for item in worth._where(curve(rises)) if item.startswith("Collect")]
    assert re.search(words, sentence)


def test_an_arm_that_is_both_carries_both_marks():
    notes = [
        row[0].note
        for row in comparison.arms_table(material(current_practice="classical_balanced")).rows
    ]
    assert "current practice, best cheap" in notes


@pytest.mark.parametrize(("preset", "words"), [("light", "tunes none"), ("full", "same budget")])
def test_only_what_was_tuned_is_said_to_have_been(preset, words):
    params = Params.model_validate({"trial": {"preset": preset}})
    assert words in comparison.settings_table(example_material(params=params)).caption


def test_rows_turned_away_that_make_up_an_exact_number_are_counted():
    few = tuple(
        row.model_copy(update={"n_accepted": 58}) if row.name == "5" else row
        for row in example_result().classes
    )
    table = balance.curation_table(material(classes=few))
    assert "made up by 12 rows turned away for label or manifold" in table.note
    assert {row[0].text: row[3].text for row in table.rows}["5"] == "12"


def test_where_enough_were_accepted_nothing_fills_up():
    table = balance.curation_table(material())
    assert table.note.endswith("exactly as many as it needs.")
    assert "Filled up" not in [column.title for column in table.columns]

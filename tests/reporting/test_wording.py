"""The words of the report claim what the record of the trial says, and nothing else."""

import re

import pytest

from pipeline.reporting.page import sections
from pipeline.reporting.previews.words import IMAGES
from pipeline.reporting.sections import comparison, contents, copies, worth
from pipeline.reporting.summary import tables_by_key
from pipeline.results import CopiesResult, Interval, LearningPoint
from tests.example_result import example_result
from tests.reporting.example_material import example_material


def material(**changes):
    """The example with another record."""
    return example_material(result=example_result(**changes))


def text_of(found, key):
    """All that one section says."""
    (section,) = [one for one in sections(found) if one.key == key]
    return " ".join(getattr(block, "text", "") for block in section.blocks)


def copies_result(**changes):
    counts = {"tested": 100, "exact": 0, "moved": 9, "suspected": 12}
    return CopiesResult(threshold=0.411, false_alarm_rate=0.01, **{**counts, **changes})


def test_each_suspicious_row_is_counted_once():
    assert "9 do after a shift or a mirroring, and 3 more lie" in text_of(
        material(copies=copies_result()), "copies"
    )


def test_rows_that_the_search_flags_are_said_to_ship():
    found = material(copies=copies_result())
    assert "ship with the version, the flagged ones included" in text_of(found, "copies")
    assert "rejected" not in copies.closest_table(copies_result(), IMAGES).note


def test_the_threshold_in_pixels_is_not_given_for_all_ways_of_comparing():
    table = copies.copies_table(copies_result(), IMAGES)
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
        (2.5, Interval(low=1.1, high=4.0), "closes at least all of the gap"),
        (0.4, Interval(low=0.1, high=0.7), "closes a part of the gap"),
        (-0.1, Interval(low=-0.2, high=0.1), "closes nothing of the gap"),
        (2.5, None, "cannot be told: the gap itself is not sure."),
    ],
)
def test_the_gap_that_was_closed_is_told_as_far_as_it_is_known(share, interval, words):
    told = comparison.gap_sentence(material(gap_closed=share, gap_closed_interval=interval))
    assert words in told
    assert ("%" in told) == (interval is not None)


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


def test_the_arms_that_the_answer_speaks_of_are_marked():
    notes = {row[0].value: row[0].note for row in comparison.arms_table(material()).rows}
    assert {arm: note for arm, note in notes.items() if note} == {
        "set_without_gan": "the dataset",
        "oversampled": "the better baseline",
    }


def test_settings_that_are_alike_stand_in_one_row():
    rows = comparison.settings_table(material()).rows
    assert len({(row[0].text, row[2].text) for row in rows}) == len(rows)
    assert {row[1].text for row in rows} == {"all", "CNN"}


def test_everything_that_ships_is_counted_by_its_name():
    assert [[cell.text for cell in row[:2]] for row in contents.configs_table(material()).rows] == [
        ["train", "800"],
        ["balanced", "800"],
    ]


def test_a_source_without_rows_has_no_column():
    rows = {"a": {"real": 3, "gan": 0}, "b": {"real": 1, "gan": 0}}
    assert contents.origins_in(rows) == ["real"]


def test_balanced_data_have_no_rows_to_search_for_copies():
    even = tuple(row.model_copy(update={"n_requested": 0}) for row in example_result().classes)
    found = material(classes=even, copies=copies_result(tested=0))
    assert "none to search for copies" in text_of(found, "copies")


def test_rejected_rows_that_make_up_an_exact_number_are_counted():
    few = tuple(
        row.model_copy(update={"n_accepted": 58}) if row.name == "5" else row
        for row in example_result().classes
    )
    table = contents.curation_table(material(classes=few))
    assert "12 rejected rows make up the number" in table.note
    assert {row[0].text: row[3].text for row in table.rows}["5"] == "12"


def test_where_enough_were_accepted_nothing_fills_up():
    table = contents.curation_table(material())
    assert table.note.endswith("in the order of drawing.")
    assert "Filled up" not in [column.title for column in table.columns]

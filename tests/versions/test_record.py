import json

import pytest
from gto.constants import tag_re

from pipeline.errors import VersionError
from pipeline.versions.names import (
    Version,
    number_of_promoted_tag,
    promoted_tag,
    version_of_tag,
    version_tag,
)
from pipeline.versions.record import (
    OtherGain,
    VersionRecord,
    change_between,
    headline,
    read_message,
    tag_message,
)

RECORD = VersionRecord(
    verdict="helps",
    gan_verdict="no evidence",
    promoted=True,
    metric="balanced_accuracy",
    consumers=("svm", "cnn"),
    baseline="oversampled",
    gain_points=3.0,
    interval_points=(0.5, 5.5),
    interval_level=0.9,
    rows={"a class": {"real": 3, "gan": 2}},
    seed=1,
    outputs={"data/augmented": "1" * 32 + ".dir"},
    params="p",
    schema_digest="s",
    source="d",
    generators=("g",),
    code="c",
)
OTHER_DATA = {"outputs": {"data/augmented": "2" * 32 + ".dir"}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"code": "later", "promoted": False}, None),
        (OTHER_DATA, "patch"),
        ({**OTHER_DATA, "seed": 2}, "patch"),
        ({**OTHER_DATA, "seed": 2, "params": "other"}, "minor"),
        ({**OTHER_DATA, "source": "other"}, "minor"),
        ({**OTHER_DATA, "source": "other", "schema_digest": "other"}, "major"),
    ],
)
def test_the_size_of_a_step_follows_what_changed(changes, expected):
    assert change_between(RECORD, RECORD.model_copy(update=changes)) == expected


@pytest.mark.parametrize(
    ("change", "expected"), [("major", "v2.0.0"), ("minor", "v1.3.0"), ("patch", "v1.2.4")]
)
def test_a_bump_resets_what_is_smaller(change, expected):
    assert str(Version(1, 2, 3).bumped(change)) == expected


def test_versions_are_ordered_as_numbers():
    assert Version.parse("v0.10.0") > Version.parse("v0.9.9")


@pytest.mark.parametrize("text", ["1.2", "v01.2.3", "v1.2.3-rc1", "", "v1.2.3\n"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(VersionError, match=r"one looks like v1\.2\.3"):
        Version.parse(text)


def test_tag_names_follow_gtos_grammar_and_read_back():
    version, number = Version(1, 2, 3), 7
    registered = tag_re.search(version_tag("augmented", version))
    assigned = tag_re.search(promoted_tag("augmented", number))
    assert (registered["artifact"], registered["version"]) == ("augmented", "v1.2.3")
    assert (assigned["artifact"], assigned["stage"], assigned["counter"]) == (
        "augmented",
        "promoted",
        "7",
    )
    assert version_of_tag(version_tag("augmented", version), "augmented") == version
    assert number_of_promoted_tag(promoted_tag("augmented", number), "augmented") == number


def test_tags_of_another_artefact_are_not_ours():
    assert version_of_tag("other@v1.2.3", "augmented") is None
    assert version_of_tag("augmented@v1.2.3!", "augmented") is None
    assert number_of_promoted_tag("augmented#production#1", "augmented") is None


def test_a_record_survives_its_tag_and_a_strangers_message_is_none():
    assert read_message(tag_message("A sentence.", RECORD)) == RECORD
    assert read_message("Registered by hand") is None
    assert read_message('{"verdict": "helps"}') is None


def test_a_tag_says_in_words_what_the_gain_is_and_which_end_of_its_interval_decides():
    said, note, _ = tag_message(headline("augmented v0.1.0", RECORD), RECORD).split("\n\n")
    assert said == (
        "augmented v0.1.0: helps, +3.0 points of balanced accuracy over the real rows oversampled "
        "to balance (90\u202f% interval +0.5 to +5.5), promoted"
    )
    assert (
        note == "Intervals are 90 % confidence intervals; the lower end decides whether rows help."
    )


def test_a_tag_of_format_1_is_read_and_told_as_the_gain_of_a_mix_that_it_was():
    line = {
        "format_version": 1, "verdict": "helps", "gan_verdict": "no evidence", "promoted": True,
        "metric": "balanced_accuracy", "classifier": "cnn", "gain_points": 3.4,
        "interval_points": [-0.6, 7.4], "rows": {"a": {"real": 3}}, "seed": 1, "outputs": {},
        "params": "p", "schema_digest": "s", "source": "d", "generators": [], "code": None,
    }  # fmt: skip
    record = read_message(f"augmented v0.1.0: helps\n\n{json.dumps(line)}")
    assert record.gain.short() == "+3.4 points [−0.6 to +7.4] of a mix"
    assert "over current practice, by a training mix (95" in record.gain.words()


def test_what_a_version_is_to_who_tunes_the_threshold_is_told_beside_it():
    other = OtherGain(
        consumer="tuned_threshold",
        verdict="no evidence",
        baseline="real",
        gain_points=0.4,
        interval_points=(-0.6, 1.4),
        interval_level=0.9,
    )
    record = RECORD.model_copy(update={"consumer": "fixed_threshold", "other": other})
    told = headline("augmented@v1.0.0", record)
    assert "points of balanced accuracy at the usual threshold over" in told
    assert told.endswith(
        "promoted. Also: no evidence, +0.4 points of balanced accuracy at a tuned threshold over "
        "the real rows as they are (90\u202f% interval −0.6 to +1.4)"
    )
    assert read_message(tag_message(told, record)) == record

"""Every way in which params.yaml can be wrong gets a sentence: key, what was found, what is due."""

import math
from typing import get_args

import pytest

from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.samples import ColumnKind
from pipeline.source_params import ColumnKindName


def loaded(folder, text):
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_params(path)


@pytest.fixture
def refusal(tmp_path):
    def told(text):
        with pytest.raises(ParamsError) as caught:
            loaded(tmp_path, text)
        return str(caught.value)

    return told


def test_a_number_with_an_exponent_is_a_number(tmp_path):
    assert loaded(tmp_path, "gan: {max_seconds: 1e-4}").gan.max_seconds == 1e-4


def test_a_leading_zero_does_not_mean_base_eight(tmp_path):
    assert loaded(tmp_path, "seed: 010").seed == 10


def test_no_is_not_false(refusal):
    assert '`seed` is "no"; a whole number is expected.' in refusal("seed: no")


def test_a_time_is_not_a_number_of_seconds(refusal):
    assert '`run.max_minutes` is "12:30:00"; a number is expected.' in refusal(
        "run: {max_minutes: 12:30:00}"
    )


def test_a_text_that_looks_like_a_number_is_no_number(refusal):
    assert '`gan.steps` is "2500"; a whole number is expected.' in refusal('gan: {steps: "2500"}')


def test_a_truth_value_is_no_number(refusal):
    assert "`seed` is true; a whole number is expected." in refusal("seed: true")


def test_a_number_is_no_text(refusal):
    assert "`source.label_column` is 3; text" in refusal("source: {label_column: 3}")


def test_an_unknown_key_is_told_with_the_nearest_valid_one(refusal):
    message = refusal("gan: {step: 10}")
    assert "`gan.step` is no key of params.yaml; valid here: preset, steps" in message
    assert "Did you mean `steps`?" in message


def test_an_unknown_section_lists_the_valid_ones(refusal):
    assert "`gna` is no key of params.yaml; valid here: seed, source" in refusal("gna: {}")


def test_an_unknown_key_deep_inside_is_told_with_its_whole_path(refusal):
    message = refusal("source: {resize: {heigth_px: 8}}")
    assert "`source.resize.heigth_px`" in message
    assert "Did you mean `height_px`?" in message


@pytest.mark.parametrize("value", ["-5", "0"])
def test_steps_below_one_are_refused(refusal, value):
    message = refusal(f"gan: {{steps: {value}}}")
    assert f"`gan.steps` is {value}; a whole number that is at least 1 is expected." in message


@pytest.mark.parametrize("value", ["-1", "0", "1"])
def test_a_batch_below_two_is_refused(refusal, value):
    assert f"`gan.batch_samples` is {value}; a whole number that is at least 2" in refusal(
        f"gan: {{batch_samples: {value}}}"
    )


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1e999"])
def test_what_is_not_finite_is_refused(refusal, value):
    assert "`gan.max_seconds` is" in refusal(f"gan: {{max_seconds: {value}}}")


def test_half_a_step_is_refused(refusal):
    assert "`gan.steps` is 2.5; a whole number is expected." in refusal("gan: {steps: 2.5}")


def test_a_dimension_of_zero_is_refused(refusal):
    assert "`source.resize.height_px` is 0; a whole number that is at least 4" in refusal(
        "source: {resize: {height_px: 0}}"
    )


@pytest.mark.parametrize("value", ["-1", "4294967296"])
def test_a_seed_outside_32_bits_is_refused(refusal, value):
    assert f"`seed` is {value}; a whole number that is" in refusal(f"seed: {value}")


def test_a_wrong_word_is_told_with_the_valid_ones(refusal):
    assert "`source.kind` is \"images\"; one of 'digits', 'image_folder', 'idx'" in refusal(
        "source: {kind: images}"
    )


def test_a_list_where_a_section_is_due_is_refused(refusal):
    assert "`gan` is [1]; a section with keys of its own is expected." in refusal("gan: [1]")


def test_a_text_where_a_list_is_due_is_refused(refusal):
    assert '`trial.consumers` is "cnn"; a list such as [a, b] is expected.' in refusal(
        "trial: {consumers: cnn}"
    )


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("classifiers: [cnn]", "`trial.consumers`"),
        ("primary_classifier: cnn", "`trial.consumers`"),
        ("current_practice: balanced", "leave the key out"),
        ("promote: mix", "leave the key out"),
    ],
)
def test_a_key_of_the_trial_that_is_no_more_is_refused_with_what_says_the_same(
    refusal, key, remedy
):
    told = refusal(f"trial: {{{key}}}")
    assert f"`trial.{key.split(':')[0]}` is no key of params.yaml any more" in told
    assert remedy in told


def test_advice_for_a_classifier_with_one_way_to_train_is_refused(refusal):
    assert "`trial.advise` names knn" in refusal("trial: {advise: [knn]}")


def test_a_consumer_named_twice_is_refused(refusal):
    assert "`trial.consumers` names svm twice" in refusal("trial: {consumers: [svm, svm]}")


def test_all_problems_are_told_in_one_pass(refusal):
    message = refusal("seed: -1\ngan: {steps: 0, setps: 3}\nsource: {kind: x}")
    assert message.count("\n  - ") == 4


def test_more_than_twenty_problems_are_counted(refusal):
    keys = ", ".join(f"key{n}: 1" for n in range(27))
    message = refusal(f"gan: {{{keys}}}")
    assert message.count("\n  - ") == 20
    assert "… and 7 more." in message


def test_the_same_key_twice_is_refused(refusal):
    assert "line 2: the key `seed` stands here a second time" in refusal("seed: 1\nseed: 2")


def test_a_number_and_a_text_as_the_same_key_are_refused(refusal):
    assert "`source.thin.0` stands twice" in refusal('source: {thin: {0: 5, "0": 6}}')


def test_class_names_may_look_like_numbers(tmp_path):
    assert loaded(tmp_path, "source: {thin: {0: 5}}").source.thin == {"0": 5}


def test_a_tab_is_refused(refusal):
    assert "line 2: a tab stands where spaces are expected" in refusal("gan:\n\tsteps: 1")


def test_an_empty_file_is_refused(refusal):
    assert "holds nothing at its root" in refusal("")


def test_a_list_at_the_root_is_refused(refusal):
    assert "holds a list at its root" in refusal("- 1")


def test_a_python_tag_is_refused_and_not_run(refusal, tmp_path):
    target = tmp_path / "ran"
    message = refusal(f"seed: !!python/object/apply:os.mkdir ['{target}']")
    assert "the tag `tag:yaml.org,2002:python/object/apply:os.mkdir` is not read" in message
    assert not target.exists()


def test_text_that_is_no_yaml_is_refused_with_its_line(refusal):
    assert "this is not valid YAML 1.2" in refusal("seed: [1")


def test_a_second_document_is_refused(refusal):
    assert "a second document begins here" in refusal("seed: 1\n---\nseed: 2")


def test_bytes_that_are_no_utf8_are_refused(refusal):
    assert "is not UTF-8 text (byte 6)" in refusal(b"seed: \xff")


def test_a_nul_byte_is_refused(refusal):
    assert "is not valid YAML 1.2" in refusal(b"seed: \x00")


def test_references_that_grow_without_end_are_refused(refusal):
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
    )
    assert "perhaps through `&` and `*`" in refusal(text)


def test_a_reference_to_itself_is_refused(refusal):
    assert "perhaps through `&` and `*`" in refusal("gan: &a [*a]")


def test_an_old_yaml_is_refused(refusal):
    assert "asks for an old YAML" in refusal("%YAML 1.1\n---\nseed: 1")


def test_a_huge_file_is_refused(refusal):
    assert "at most 1,048,576 are read" in refusal("# " + "x" * 2**20)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ParamsError, match="Make a workspace with `equipoise init`"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize("path", ["../elsewhere", "data/../../elsewhere"])
def test_a_relative_path_out_of_the_workspace_is_refused(refusal, path):
    assert f"`source.path` is '{path}', which leaves the workspace" in refusal(
        f"source: {{path: {path}}}"
    )


def test_an_absolute_path_is_allowed(tmp_path):
    assert loaded(tmp_path, "source: {path: /data/raw}").source.path == "/data/raw"


def test_a_section_left_empty_keeps_its_defaults(tmp_path):
    params = loaded(tmp_path, "gan:\nsource:\n  resize:\n")
    assert params == loaded(tmp_path, "seed: 0")


def test_a_target_share_of_one_or_more_is_refused(refusal):
    assert "`source.split.test_fraction` is 1.0; a number that is less than 1.0" in refusal(
        "source: {split: {test_fraction: 1.0}}"
    )


def test_params_are_frozen(tmp_path):
    with pytest.raises(Exception, match="frozen"):
        loaded(tmp_path, "seed: 1").seed = 2


def test_the_kinds_of_columns_are_those_of_the_schema():
    assert set(get_args(ColumnKindName)) == set(get_args(ColumnKind))


def test_no_default_is_infinite(tmp_path):
    params = loaded(tmp_path, "seed: 0")
    values = [
        value
        for section in params.model_dump().values()
        if isinstance(section, dict)
        for value in section.values()
        if isinstance(value, float)
    ]
    assert all(map(math.isfinite, values))

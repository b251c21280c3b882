"""The sentences in which people read a trial's answers claim what its record says."""

import pytest

from pipeline import answers
from pipeline.gain import Gain, gain_of, other_gain_of
from pipeline.results import PANEL, WITH_GAN, WITHOUT_GAN, Interval
from tests.example_result import compared, example_result


def asked(question, *, gains=(1.0, 2.0, 3.0), low=0.5, high=3.5, least=0.0, **changes):
    """A result whose comparisons under one question have these gains and this interval."""
    verdict = "helps" if low > least else "harms" if high < 0 else "no evidence"
    said = {
        "gains_points": gains,
        "mean_points": sum(gains) / len(gains),
        "interval_points": Interval(low=low, high=high, level=0.9),
        "verdict": verdict,
    }
    comparisons = tuple(
        one.model_copy(update=said) if one.question == question else one
        for one in example_result().comparisons
    )
    answer = {"gan_verdict": verdict} if question == answers.GAN else {"verdict": verdict}
    if question == answers.SET:
        answer["promoted"] = verdict == "helps"
    fields = {"comparisons": comparisons, "min_gain_points": least, **answer, **changes}
    return example_result(**fields)


def test_the_first_answer_is_what_changes_for_who_trains_on_the_dataset():
    assert answers.headline(example_result()) == (
        "Training on this dataset instead of the real rows oversampled to balance changes balanced "
        "accuracy on unseen data by +2.5 points (90\u202f% interval +1.4 to +3.6), mean of 6 "
        "classifiers: it helps, and is promoted."
    )


@pytest.mark.parametrize(
    ("low", "high", "words", "to_do"),
    [
        (-1.0, 3.0, "no evidence that it helps, so it is not promoted.", "nothing shows that"),
        (-3.0, -1.0, "it harms, so it is not promoted.", "the dataset is worse."),
    ],
)
def test_what_is_not_proven_is_not_advised(low, high, words, to_do):
    result = asked(answers.SET, low=low, high=high)
    assert answers.headline(result).endswith(words)
    assert answers.what_to_do(result).startswith("Keep training on the real rows oversampled")
    assert to_do in answers.what_to_do(result)


def test_a_gain_that_may_be_smaller_than_asked_for_is_not_called_help():
    result = asked(answers.SET, low=1.4, high=3.5, least=2.0)
    assert "it is better, but not surely by the 2.0 points asked for" in answers.headline(result)
    assert "below 2.0 points is worth the change" in answers.what_to_do(result)
    assert gain_of(result).word == "smaller than asked for"
    assert "help" not in answers.headline(result)
    assert "above the 2.0 points asked for." in answers.interval_note(result)


@pytest.mark.parametrize(
    ("arm", "low", "words"),
    [
        (WITH_GAN, 0.5, "they help, so the dataset holds them."),
        (WITHOUT_GAN, -0.5, "no evidence that they help, so the dataset holds none."),
    ],
)
def test_the_second_answer_says_whether_gan_rows_are_in_the_dataset(arm, low, words):
    assert answers.gan_sentence(asked(answers.GAN, low=low, recommended_arm=arm)).endswith(words)


@pytest.mark.parametrize("question", [answers.SET, answers.GAN])
def test_rows_that_change_no_score_are_not_said_to_change_any(question):
    result = asked(question, gains=(0.0, 0.0, 0.0), low=0.0, high=0.0)
    sentence = {answers.SET: answers.set_sentence, answers.GAN: answers.gan_sentence}[question]
    assert "changes" not in sentence(result)
    assert "no evidence" in sentence(result)


def test_an_interval_beyond_what_a_gain_can_be_is_not_shown():
    result = asked(answers.SET, low=-180.0, high=184.0)
    assert "by +2.0 points (too few replicates to tell), mean" in answers.headline(result)
    assert "180" not in gain_of(result).words()


def test_gains_that_are_all_equal_are_no_evidence_and_not_too_small():
    result = asked(answers.SET, gains=(1.0, 1.0, 1.0), low=1.0, high=1.0)
    unsure = tuple(one.model_copy(update={"verdict": "no evidence"}) for one in result.comparisons)
    found = result.model_copy(update={"comparisons": unsure, "verdict": "no evidence"})
    assert gain_of(found).word == "no evidence"
    assert "no evidence that it helps" in answers.headline(found)


def test_the_rows_of_the_dataset_are_told_by_source():
    assert answers.rows_sentence(example_result()) == (
        "The dataset holds 800 rows: 450 real (56\u202f%), 175 classical (22\u202f%) and 175 "
        "deformed (22\u202f%)."
    )
    bare = tuple(row.model_copy(update={"in_set": {}}) for row in example_result().classes)
    assert answers.rows_sentence(example_result(classes=bare)) == (
        "The dataset holds the 450 real rows and nothing else."
    )


def test_the_best_and_the_worst_classifier_are_named():
    sentence = answers.consumers_sentence(example_result())
    assert "from +1.1 points (CNN) to +3.9 points (gradient boosting)" in sentence
    assert answers.consumers_sentence(example_result(consumers=("svm",))) == ""


def test_advice_tells_the_recipe_and_its_gain_with_and_without_the_dataset():
    (sentence,) = answers.recipe_sentences(example_result())
    assert sentence.startswith("CNN: the best recipe that was found is affine copies made anew")
    assert "On the real rows this recipe changes" in sentence
    assert "Under this recipe, the dataset in place of the real rows changes" in sentence


def test_a_version_of_before_is_told_as_the_gain_of_a_mix():
    old = Gain("helps", "accuracy", 3.4, Interval(low=-0.6, high=7.4))
    assert old.short() == "+3.4 points [−0.6 to +7.4] of a mix"
    assert "over current practice, by a training mix (95\u202f% interval" in old.words()


def test_the_verdict_of_the_panel_is_not_that_of_one_classifier():
    own = compared(answers.SET, "svm", WITHOUT_GAN, "real", half_width=90.0)
    result = example_result()
    changed = result.model_copy(update={"comparisons": (own, *result.comparisons)})
    assert gain_of(changed) == gain_of(result)
    assert own.classifier != PANEL


def asked_twice(*, classes=2, low=-0.6, high=1.4, **changes):
    """The example for whoever keeps the threshold, and for whoever tunes it another interval."""
    result = example_result()
    mean = (low + high) / 2
    other = {
        "rule": "tuned_threshold",
        "gains_points": (mean - 0.1, mean, mean + 0.1),
        "mean_points": mean,
        "interval_points": Interval(low=low, high=high, level=0.9),
        "verdict": "helps" if low > 0 else "harms" if high < 0 else "no evidence",
    }
    first = [one for one in result.comparisons if one.question == answers.SET]
    return example_result(
        classes=result.classes[:classes],
        other_comparisons=tuple(one.model_copy(update=other) for one in first),
        **changes,
    )


def test_the_first_answer_is_told_to_who_keeps_and_to_who_tunes_the_threshold():
    assert answers.headline(asked_twice()) == (
        "For whoever keeps the threshold of one half, training on this dataset instead of the real "
        "rows oversampled to balance changes balanced accuracy on unseen data by +2.5 points "
        "(90\u202f% interval +1.4 to +3.6), mean of 6 classifiers: it helps, and is promoted. "
        "For whoever tunes the threshold on rows set apart, training on this dataset instead of "
        "the real rows as they are changes balanced accuracy on unseen data by +0.4 points "
        "(90\u202f% interval −0.6 to +1.4): no evidence that it helps."
    )
    many = answers.headline(asked_twice(classes=10))
    assert "For whoever takes the likeliest class" in many
    assert "For whoever tunes a correction for rare classes" in many


def test_the_version_carries_both_gains():
    found = gain_of(asked_twice())
    assert "points of balanced accuracy at the usual threshold over" in found.words()
    assert "threshold" not in gain_of(example_result()).words()
    assert other_gain_of(example_result()) is None
    other = other_gain_of(asked_twice(low=0.2))
    assert other.word == "helps"
    assert "points of balanced accuracy at a tuned threshold over" in other.words()


def test_a_gain_of_a_loss_is_by_how_much_it_falls():
    result = example_result()
    spoken = tuple(one.model_copy(update={"metric": "log_loss"}) for one in result.comparisons)
    told = answers.headline(
        result.model_copy(update={"comparisons": spoken, "primary_metric": "log_loss"})
    )
    assert "lowers log-loss on unseen data by +2.5 points" in told
    assert "a point is 0.01 nats" in told


def test_advice_says_for_whom_the_dataset_is_not_shown_to_help():
    assert answers.what_to_do(asked_twice()).endswith(
        "For whoever tunes the threshold on rows set apart, nothing shows that it is better."
    )
    assert answers.what_to_do(asked_twice(low=0.2)) == answers.what_to_do(example_result())

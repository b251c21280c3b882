"""The answers of the trial at a glance, and what to do with the dataset."""

from pipeline import answers, numbers
from pipeline.reporting.blocks import Answer, Answers, Section, Text, only
from pipeline.reporting.gains import TONES, axis_of, gain_mark
from pipeline.reporting.marks import Axis
from pipeline.reporting.material import Material
from pipeline.results import Comparison, deciding_comparison

SET_QUESTION = "What changes for whoever trains on this dataset in place of the real rows?"
GAN_QUESTION = "What do the GAN rows add to it?"


def build(material: Material) -> Section:
    """Both answers on one scale, so that they can be compared at a glance."""
    result = material.result
    asked = [
        (SET_QUESTION, answers.SET, "decides promotion", answers.consumers_sentence(result)),
        (GAN_QUESTION, answers.GAN, "decides on GAN rows", answers.gan_sentence(result)),
    ]
    found = [
        (question, comparison, decides, words)
        for question, key, decides, words in asked
        if (comparison := deciding_comparison(result, key)) is not None
    ]
    axis = axis_of([comparison for _, comparison, _, _ in found])
    cards = tuple(_answer(material, *one, axis=axis) for one in found)
    return Section(
        "verdict",
        "The two answers",
        only(
            [
                Answers(cards, axis.ticks()),
                Text(f"What to do: {answers.what_to_do(result)}", "lead"),
                Text(answers.interval_note(result)),
                Text(answers.power_sentence(result)),
            ]
        ),
    )


def _answer(
    material: Material,
    question: str,
    comparison: Comparison,
    decides: str,
    words: str,
    *,
    axis: Axis,
) -> Answer:
    tone = TONES[comparison.verdict]
    least = material.result.min_gain_points
    word = answers.verdict_word(comparison.verdict, comparison.interval_points, least=least)
    return Answer(
        question=question,
        verdict=numbers.capital(word),
        tone=tone,
        change=numbers.points(comparison.mean_points),
        value=comparison.mean_points,
        unit=f"points of {numbers.metric_name(comparison.metric)}",
        interval=answers.interval_words(comparison.interval_points, least=least),
        words=words,
        mark=gain_mark(axis, [(tone, comparison)]),
        decides=decides,
    )

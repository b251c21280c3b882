"""The answers of the trial at a glance, and what to do with the dataset."""

from pipeline import answers, numbers
from pipeline.gain import gained, interval_words, verdict_word
from pipeline.reporting.blocks import Answer, Answers, Section, Text, only
from pipeline.reporting.gains import TONES, axis_of, gain_mark
from pipeline.reporting.marks import Axis
from pipeline.reporting.material import Material
from pipeline.results import Comparison, deciding_comparison, other_comparison

PROMOTION = "decides promotion"
GAN_QUESTION = "What do the GAN rows add to it?"


def build(material: Material) -> Section:
    """The answers on one scale, so that they can be compared at a glance."""
    result = material.result
    first = deciding_comparison(result, answers.SET)
    asked = [
        (answers.set_question(result), first, PROMOTION, answers.consumers_sentence(result)),
        (
            answers.other_question(result),
            other_comparison(result),
            "",
            answers.consumers_sentence(result, by_other_rule=True),
        ),
        (
            GAN_QUESTION,
            deciding_comparison(result, answers.GAN),
            "decides on GAN rows",
            answers.gan_sentence(result),
        ),
    ]
    found = [
        (question, comparison, decides, words)
        for question, comparison, decides, words in asked
        if comparison is not None
    ]
    axis = axis_of([comparison for _, comparison, _, _ in found])
    cards = tuple(_answer(material, *one, axis=axis) for one in found)
    return Section(
        "verdict",
        f"The {'two' if len(cards) == 2 else 'three' if len(cards) == 3 else ''} answers",
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
    word = verdict_word(comparison.verdict, comparison.interval_points, least=least)
    return Answer(
        question=question,
        verdict=numbers.capital(word),
        tone=tone,
        change=numbers.points(comparison.mean_points),
        value=comparison.mean_points,
        unit=f"points of {gained(comparison.metric)}",
        interval=interval_words(comparison.interval_points, least=least, metric=comparison.metric),
        words=words,
        mark=gain_mark(axis, [(tone, comparison)]),
        decides=decides,
    )

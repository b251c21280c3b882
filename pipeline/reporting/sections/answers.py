"""The two questions of the trial, their answers, and what to do with the data."""

from pipeline.reporting import numbers, verdict
from pipeline.reporting.blocks import Answer, Answers, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.material import Material
from pipeline.results import Comparison, Verdict

TONES: dict[Verdict, Tone] = {"helps": "helps", "no evidence": "none", "harms": "harms"}
WORDS: dict[Verdict, str] = {"helps": "Helps", "no evidence": "No evidence", "harms": "Harms"}
MIX_QUESTION = "Is the recommended mix better than current practice?"
GAN_QUESTION = "Does the GAN beat the best cheap alternative?"


def build(material: Material) -> Section:
    """Both answers on one scale, so that they can be compared at a glance."""
    asked = [
        (MIX_QUESTION, "mix", material.mix, _mix_words(material)),
        (GAN_QUESTION, "gan", material.gan, _gan_words(material)),
    ]
    axis = _axis([comparison for _, _, comparison, _ in asked if comparison is not None])
    answers = tuple(
        _answer(question, comparison, words, axis, decides=rule == material.result.promote_rule)
        for question, rule, comparison, words in asked
        if comparison is not None
    )
    advice = Text(f"What to do: {verdict.advice(material)}", "lead")
    return Section("verdict", "The two answers", only([Answers(answers, axis.ticks()), advice]))


def _mix_words(material: Material) -> str:
    words = verdict.mix_words(material)
    mix = f"The mix: {words}. " if words else ""
    return f"{mix}Current practice: {verdict.practice_name(material)}."


def _gan_words(material: Material) -> str:
    comparison = material.gan
    if comparison is None:
        return ""
    added = numbers.counted(verdict.added_rows(material, "gan"), "GAN sample")
    return f"With {added}, against {verdict.rival(material, comparison)}."


def _axis(compared: list[Comparison]) -> Axis:
    values = [
        value
        for one in compared
        for value in (one.interval_points.low, one.interval_points.high, *one.gains_points)
    ]
    return Axis.over([*values, 0.0])


def _answer(
    question: str, comparison: Comparison, words: str, axis: Axis, *, decides: bool
) -> Answer:
    interval = comparison.interval_points
    tone = TONES[comparison.verdict]
    return Answer(
        question=question,
        verdict=WORDS[comparison.verdict],
        tone=tone,
        change=numbers.points(comparison.mean_points),
        value=comparison.mean_points,
        unit=f"points of {numbers.metric_name(comparison.metric)}",
        interval=f"{numbers.level(interval)} interval {numbers.points_interval(interval)}; lower "
        f"bound, on which the verdict rests, {numbers.points(comparison.lower_bound_points)}",
        words=words,
        mark=interval_mark(
            axis,
            tone=tone,
            value=comparison.mean_points,
            interval=interval,
            specks=comparison.gains_points,
            rule=0.0,
        ),
        decides=decides,
    )

"""The two questions of the trial, their answers, and what to do with the data."""

from pipeline import numbers
from pipeline.reporting import verdict
from pipeline.reporting.blocks import Answer, Answers, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, interval_mark
from pipeline.reporting.material import Material
from pipeline.results import Comparison, Verdict

TONES: dict[Verdict, Tone] = {"helps": "helps", "no evidence": "none", "harms": "harms"}
WORDS: dict[Verdict, str] = {"helps": "Helps", "no evidence": "No evidence", "harms": "Harms"}
SHORT_WORDS = "Helps, not surely enough"
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
    to_do = Text(f"What to do: {advice(material)}", "lead")
    return Section("verdict", "The two answers", only([Answers(answers, axis.ticks()), to_do]))


def advice(material: Material) -> str:
    """How to use the data, in a few sentences; what is not proven is not advised.

    The question that decides on promotion comes first, so that advice and headline agree.
    """
    result = material.result
    if result.promote_rule == "mix":
        return _mix_advice(material)
    if result.gan_verdict == "helps":
        return _gan_advice(material)
    if not material.asks_for_rows:
        return _mix_advice(material)
    return f"Do without the GAN rows: {_why_no_gan(material)}. {_mix_advice(material)}"


def _mix_advice(material: Material) -> str:
    """What the mix's answer advises."""
    result = material.result
    if result.verdict == "helps":
        return _train_on_the_mix(material)
    used, _ = _sources(material)
    stay = f"Stay with current practice, {verdict.practice_name(material)}"
    if result.verdict == "harms":
        return f"{stay}: the recommended mix harms.{_shipped_at_zero(material)}"
    trying = (
        f" The weights below are the trial's best guess, with {numbers.listed(used)} rows, "
        "for those who want to try."
    )
    return f"{stay}{_why_no_mix(material)}.{trying if used else ''}"


def _train_on_the_mix(material: Material) -> str:
    used, unused = _sources(material)
    rows = f"the real rows and the {numbers.listed(used)} rows" if used else "the real rows alone"
    kept = f" The {numbers.listed(unused)} rows ship with weight 0, to be looked at only."
    # Rows are half of the advice: much of a mix's gain may come from how one trains on them.
    how = verdict.mix_words(material)
    way = f", in the way that won. {how[0].upper()}{how[1:]}." if how else "."
    return f"Train on {rows}{way}{kept if unused else ''}"


def _gan_advice(material: Material) -> str:
    """Where the GAN is proven and decides: its arm, and what the weights, the mix's, are worth."""
    arm = numbers.inline(material.title_of(verdict.WITH_GAN))
    practice = verdict.practice_name(material)
    weights = {
        "helps": f"which is proven better than current practice, {practice}, too",
        "no evidence": f"which is not proven better than current practice, {practice}",
        "harms": "which harms, so that every added row has weight 0",
    }[material.result.verdict]
    return (
        f"Train with {arm}: that is proven better than every cheap alternative. The weights below "
        f"are those of the recommended mix, {weights}."
    )


def _why_no_mix(material: Material) -> str:
    """Why to stay with current practice, after the words that say so."""
    comparison = material.mix
    if comparison is not None and verdict.is_short(comparison):
        asked = numbers.amount(material.result.min_gain_points)
        return (
            ", unless a smaller gain is worth the effort to you: the recommended mix is proven "
            f"better, but not surely by the {asked} points asked for"
        )
    gan = material.gan
    if material.result.gan_verdict == "helps" or (gan is not None and verdict.is_short(gan)):
        return ": the recommended mix is not proven better"
    return "; nothing is proven better"


def _why_no_gan(material: Material) -> str:
    comparison = material.gan
    if material.result.gan_verdict == "harms":
        return "they harm the arm that they are added to"
    if comparison is not None and verdict.is_short(comparison):
        asked = numbers.amount(material.result.min_gain_points)
        return (
            "they are proven better than the cheap alternatives, but not surely by the "
            f"{asked} points asked for"
        )
    return "they are not proven better than the cheap alternatives"


def _shipped_at_zero(material: Material) -> str:
    shipped = [
        verdict.name(origin) for origin in verdict.ORIGIN_NAMES if _is_added(material, origin)
    ]
    if not shipped:
        return ""
    return (
        f" The {numbers.listed(shipped)} rows are in the dataset with weight 0, to be looked at "
        "only."
    )


def _sources(material: Material) -> tuple[list[str], list[str]]:
    """Names of the sources of added rows that have weight, and of those that ship without."""
    weights = material.result.recommended_weight
    used = [
        verdict.name(origin)
        for origin, weight in weights.items()
        if weight > 0 and origin != "real"
    ]
    unused = [
        verdict.name(origin)
        for origin, weight in weights.items()
        if weight == 0 and _is_added(material, origin)
    ]
    return used, unused


def _is_added(material: Material, origin: str) -> bool:
    return origin != "real" and verdict.added_rows(material, origin) > 0


def _mix_words(material: Material) -> str:
    words = verdict.mix_words(material)
    mix = f"The mix: {words}. " if words else ""
    return f"{mix}Current practice: {verdict.practice_name(material)}."


def _gan_words(material: Material) -> str:
    comparison = material.gan
    if comparison is None:
        return ""
    if not material.asks_for_rows:
        return "No GAN rows are wanted: every class has the rows asked for."
    added = numbers.counted(verdict.added_rows(material, "gan"), "GAN sample")
    if verdict.gan_changes_nothing(material):
        return (
            "In every replicate the GAN samples left the arm that they are added to as it was: "
            "inner validation chose none of them, or they made no difference. Against "
            f"{verdict.rival(material, comparison)}."
        )
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
    side, bound = verdict.bound(comparison)
    is_short = verdict.is_short(comparison)
    return Answer(
        question=question,
        verdict=SHORT_WORDS if is_short else WORDS[comparison.verdict],
        tone=tone,
        change=numbers.points(comparison.mean_points),
        value=comparison.mean_points,
        unit=f"points of {numbers.metric_name(comparison.metric)}",
        interval=f"{numbers.level(interval)} interval {numbers.points_interval(interval)}; {side} "
        f"bound, on which the verdict rests, {numbers.points(bound)}",
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
